package train

import (
	"math/rand/v2"
	"slices"

	"inkling/model/dataset"
	"inkling/model/feature"
)

// A character gets a code if it occurs once in rareCharacter characters. The number of
// occurrences required is at least leastCharacter and at most surelyCharacter.
const (
	rareCharacter   = 50000
	leastCharacter  = 2
	surelyCharacter = 20
)

// alphabet returns the characters of set that occur often enough for a code.
func alphabet(set *dataset.Set) string {
	counts, total := map[rune]int{}, 0
	for i := range set.Examples {
		for _, v := range set.Examples[i].Samples {
			counts[rune(v)]++
		}
		total += len(set.Examples[i].Samples)
	}
	least := min(max(total/rareCharacter, leastCharacter), surelyCharacter)
	var runes []rune
	for r, n := range counts {
		if n >= least {
			runes = append(runes, r)
		}
	}
	slices.Sort(runes)
	return string(runes)
}

// passages finds the end of each example's passage. x is an extractor that it may use.
func (c *corpus) passages(x feature.Extractor) {
	c.space = x.Push(nil, []float32{' '})[0]
	c.ends = make([]int, len(c.plain))
	for _, run := range c.set.Passages() {
		for i := run[0]; i < run[1]; i++ {
			c.ends[i] = run[1]
		}
	}
}

// joined returns a copy of example i's codes, followed by those of up to o.Join−1 examples
// after it.
func (c *corpus) joined(i int, o *Options, rng *rand.Rand) []float32 {
	x := c.named(nil, i, o, rng)
	if o.Join < 2 {
		return x
	}
	for n := rng.IntN(o.Join); n > 0 && i+1 < c.ends[i]; n-- {
		i++
		x = c.named(append(x, c.space), i, o, rng)
	}
	return x
}

// named appends example i's codes, with words swapped if o says so.
func (c *corpus) named(dst []float32, i int, o *Options, rng *rand.Rand) []float32 {
	if c.names == nil {
		return append(dst, c.plain[i]...)
	}
	return c.names.swapped(dst, c.plain[i], i, [2]float64{o.SwapNames, o.SwapWords}, rng)
}
