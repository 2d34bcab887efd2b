package train

import (
	"compress/gzip"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"inkling/model/dataset"
	"inkling/model/feature"
)

// ngram is a character n-gram with interpolated, modified Kneser-Ney smoothing (Chen and
// Goodman 1999): what docs/accuracy.md measures the next character against. order is 8
// at most, codes under 255.
type ngram struct {
	order, codes int
	count        []map[uint64]float64 // by length of the n-gram, less one: counts, of all but the longest continuation counts
	after        []map[uint64]*after  // by length of the context
	discount     [][3]float64
}

// after is what follows a context: the sum of its counts, and how many of them are 1, 2,
// and more.
type after struct {
	sum  float64
	kind [3]float64
}

func shifted(key uint64, code byte) uint64 { return key<<8 | uint64(code) }

// last is the last n codes of key.
func last(key uint64, n int) uint64 { return key & (1<<(8*n) - 1) }

func newNGram(order, codes int, texts [][]float32) *ngram {
	g := &ngram{order: order, codes: codes}
	for range order {
		g.count, g.after = append(g.count, map[uint64]float64{}), append(g.after, map[uint64]*after{})
	}
	for _, x := range texts {
		key := uint64(math.MaxUint64)
		for _, v := range x {
			key = shifted(key, byte(v))
			g.count[order-1][last(key, order)]++
		}
	}
	for n := order - 1; n > 0; n-- {
		for key := range g.count[n] {
			g.count[n-1][last(key, n)]++ // another character stands before it
		}
	}
	for n, counts := range g.count {
		var of [4]float64
		for key, c := range counts {
			a := g.after[n][key>>8]
			if a == nil {
				a = &after{}
				g.after[n][key>>8] = a
			}
			a.sum += c
			a.kind[min(int(c), 3)-1]++
			if c <= 4 {
				of[int(c)-1]++
			}
		}
		g.discount = append(g.discount, discounts(of))
	}
	return g
}

// discounts are those of counts 1, 2 and more, of how many n-grams have counts 1 to 4.
func discounts(of [4]float64) (d [3]float64) {
	if of[0] == 0 || of[1] == 0 || of[2] == 0 {
		return [3]float64{0.5, 0.5, 0.5}
	}
	y := of[0] / (of[0] + 2*of[1])
	for i := range d {
		d[i] = min(max(float64(i+1)-float64(i+2)*y*of[i+1]/of[i], 0), float64(i+1))
	}
	return d
}

// p is the probability of code after the characters of key.
func (g *ngram) p(key uint64, code byte) float64 {
	p := 1 / float64(g.codes)
	for n := range g.order {
		a := g.after[n][last(key, n)]
		if a == nil {
			return p
		}
		d, rest, own := g.discount[n], 0.0, 0.0
		for k, times := range a.kind {
			rest += d[k] * times
		}
		if c := g.count[n][last(shifted(key, code), n+1)]; c > 0 {
			own = c - d[min(int(c), 3)-1]
		}
		p = (own + rest*p) / a.sum
	}
	return p
}

// bits is the mean of a character of the texts, the first of each being given.
func (g *ngram) bits(texts [][]float32) float64 {
	sum, n := 0.0, 0
	for _, x := range texts {
		key := uint64(math.MaxUint64)
		for i, v := range x {
			if i > 0 {
				sum -= math.Log2(g.p(key, byte(v)))
				n++
			}
			key = shifted(key, byte(v))
		}
	}
	return sum / float64(n)
}

// After any context the probabilities sum to one, and a text that repeats itself is soon
// predicted.
func TestNGramProbabilitiesSumToOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x := make([]float32, 4000)
	for i := range x {
		x[i] = float32((i*i/7 + rng.IntN(2)) % 6)
	}
	g := newNGram(4, 7, [][]float32{x[:2000], x[2000:]})
	for range 200 {
		sum, key := 0.0, rng.Uint64()%(1<<24)
		for i := range 3 {
			key &^= 0xf8 << (8 * i)
		}
		for c := range byte(7) {
			sum += g.p(key, c)
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Fatalf("after %x they sum up to %v", key, sum)
		}
	}
	if b := newNGram(3, 7, [][]float32{{1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3}}).bits([][]float32{{1, 2, 3, 1, 2, 3}}); b > 1 {
		t.Errorf("%v bits", b)
	}
}

// docs/accuracy.md has the figure: bits per character of the test books, by a 5-gram of the
// training books.
func TestNGramOfBooksIsThatOfTheDocument(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("INKLING_DATA")
	if dir == "" || testing.Short() {
		t.Skip("INKLING_DATA is not set, or -short")
	}
	split := map[string][]string{"train": {"austen-emma", "chesterton-ball", "doyle-adventures"}, "test": {"austen-sense", "chesterton-brown", "doyle-scarlet"}}
	sets, codes := map[string]*dataset.Set{}, map[string][][]float32{}
	for name, books := range split {
		fsys := fstest.MapFS{}
		for _, b := range books {
			fsys[b+".txt"] = &fstest.MapFile{Data: unzipped(t, filepath.Join(dir, "authors", "books", b+".txt.gz"))}
		}
		var err error
		if sets[name], err = dataset.OpenRecordingsFS(fsys, ".", dataset.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	front := feature.Config{Kind: feature.KindChars, Alphabet: alphabet(sets["train"])}
	for name, s := range sets {
		var err error
		if codes[name], err = recorded(s, front, 1); err != nil {
			t.Fatal(err)
		}
	}
	orders := []int{5}
	if os.Getenv("INKLING_LONG") != "" {
		orders = []int{3, 5, 6}
	}
	for _, order := range orders {
		b := newNGram(order, front.Codes(), codes["train"]).bits(codes["test"])
		t.Logf("%d-gram over %d codes: %.4f bits a character", order, front.Codes(), b)
		if order == 5 && (b < 1.9 || b > 2.6) {
			t.Errorf("%v bits a character is no 5-gram's", b)
		}
	}
}

func unzipped(t *testing.T, name string) []byte {
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.ToValidUTF8(string(data), "?"))
}
