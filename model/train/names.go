package train

import (
	"math/rand/v2"
	"strings"
	"unicode"

	"inkling/model/dataset"
)

// The names in a text and the words of its topic give its label away, but do not help with
// the next text (compare Stamatatos 2017, Authorship attribution using text distortion). So
// words that are missing from the texts of some label are replaced by others of their kind.

// A nameTable lists where names and words of the topic occur.
type nameTable struct {
	spans [][]extent       // of each example, ascending
	pool  [2][][][]float32 // of names and of other words, of each label, the codes wherever one occurs
}

// An extent is the characters [from, to) of an example, a name or another word.
type extent struct{ from, to, kind int }

// Kinds of words.
const (
	named = iota
	topical
)

// leastUses is the number of times that the texts of each label must use a word for it to
// count as common to all labels.
const leastUses = 3

// findNames lists the words of set that not every label uses: names, which are mostly
// written with a capital within sentences, and other words. plain has the examples' codes.
func findNames(set *dataset.Set, plain [][]float32) *nameTable {
	capitals, lower := map[string]int{}, map[string]int{}
	uses := map[string][]int{} // of each label
	each := func(visit func(i int, w extent, word string, amid bool)) {
		for i := range set.Examples {
			eachWord(set.Examples[i].Samples, func(w extent, word string, amid bool) { visit(i, w, word, amid) })
		}
	}
	each(func(i int, _ extent, word string, amid bool) {
		folded := strings.ToLower(word)
		switch {
		case word == folded:
			lower[folded]++
		case amid:
			capitals[word]++
		}
		if uses[folded] == nil {
			uses[folded] = make([]int, len(set.Labels))
		}
		uses[folded][set.Examples[i].Label]++
	})
	t := &nameTable{spans: make([][]extent, len(set.Examples))}
	for kind := range t.pool {
		t.pool[kind] = make([][][]float32, len(set.Labels))
	}
	each(func(i int, w extent, word string, _ bool) {
		folded := strings.ToLower(word)
		switch {
		case everyLabel(uses[folded]):
			return
		case word == folded:
			w.kind = topical
		case capitals[word] <= lower[folded]:
			return // it begins a sentence
		}
		t.spans[i] = append(t.spans[i], w)
		pool := t.pool[w.kind]
		label := set.Examples[i].Label
		pool[label] = append(pool[label], plain[i][w.from:w.to])
	})
	return t
}

func everyLabel(uses []int) bool {
	for _, n := range uses {
		if n < leastUses {
			return false
		}
	}
	return true
}

// eachWord visits the words of two or more letters. amid reports whether the word follows a
// small letter or a comma, and a space.
func eachWord(samples []float32, visit func(w extent, word string, amid bool)) {
	letter := func(i int) bool { return i < len(samples) && unicode.IsLetter(rune(samples[i])) }
	for at := 0; at < len(samples); at++ {
		from := at
		for letter(at) {
			at++
		}
		if at-from < 2 {
			continue
		}
		amid := from > 1 && samples[from-1] == ' ' && (samples[from-2] == ',' || unicode.IsLower(rune(samples[from-2])))
		visit(extent{from: from, to: at}, dataset.TextOf(samples[from:at]), amid)
	}
}

// swapped appends example i's codes to dst and replaces each name or other word, with the
// probability in p for its kind, by a random one of the data. All labels are equally likely
// sources.
func (t *nameTable) swapped(dst, plain []float32, i int, p [2]float64, rng *rand.Rand) []float32 {
	at := 0
	for _, w := range t.spans[i] {
		if rng.Float64() >= p[w.kind] {
			continue
		}
		other := plain[w.from:w.to]
		labels := t.pool[w.kind]
		if pool := labels[rng.IntN(len(labels))]; len(pool) > 0 {
			other = pool[rng.IntN(len(pool))]
		}
		dst = append(append(dst, plain[at:w.from]...), other...)
		at = w.to
	}
	return append(dst, plain[at:]...)
}
