package train

import (
	"math/rand/v2"
	"strings"
	"unicode"

	"inkling/model/dataset"
)

// Who appears in a text gives its label away, and is of no use for the next text:
// names are the topic that authorship must not be learned from (compare Stamatatos
// 2017, Authorship attribution using text distortion). swapped replaces some by others.

// nameTable is where the names of a text set lie.
type nameTable struct {
	spans [][]extent    // of each example, ascending
	pool  [][][]float32 // of each label, the codes of every name where it occurs
}

// A extent is the characters [from, to) of an example.
type extent struct{ from, to int }

// leastUses is how often a label's texts must use a word for it to be no name of
// another's.
const leastUses = 3

// findNames lists the names of set: words written with a capital more often than not,
// amid sentences, and not used by every label. plain are the examples' codes.
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
	t := &nameTable{spans: make([][]extent, len(set.Examples)), pool: make([][][]float32, len(set.Labels))}
	each(func(i int, w extent, word string, _ bool) {
		folded := strings.ToLower(word)
		if word == folded || capitals[word] <= lower[folded] || everyLabel(uses[folded]) {
			return
		}
		t.spans[i] = append(t.spans[i], w)
		label := set.Examples[i].Label
		t.pool[label] = append(t.pool[label], plain[i][w.from:w.to])
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

// eachWord visits the words of two letters or more; amid tells that a word follows a
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
		visit(extent{from, at}, dataset.TextOf(samples[from:at]), amid)
	}
}

// swapped appends example i's codes to dst, each name replaced with probability p by
// one of the data, of any label as likely.
func (t *nameTable) swapped(dst, plain []float32, i int, p float64, rng *rand.Rand) []float32 {
	at := 0
	for _, w := range t.spans[i] {
		if rng.Float64() >= p {
			continue
		}
		other := plain[w.from:w.to]
		if pool := t.pool[rng.IntN(len(t.pool))]; len(pool) > 0 {
			other = pool[rng.IntN(len(pool))]
		}
		dst = append(append(dst, plain[at:w.from]...), other...)
		at = w.to
	}
	return append(dst, plain[at:]...)
}
