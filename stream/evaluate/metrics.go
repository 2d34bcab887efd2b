package evaluate

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// A Share is a ratio from 0 to 1. It is undefined if there is nothing to divide by, such as
// the sensitivity of a label without examples: NaN, and null in JSON.
type Share float64

// MarshalJSON writes NaN as null.
func (s Share) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(s)) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(s))
}

// UnmarshalJSON reads null as NaN.
func (s *Share) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*s = Share(math.NaN())
		return nil
	}
	return json.Unmarshal(data, (*float64)(s))
}

// A Number is a float64 that may be undefined: NaN, and null in JSON.
type Number float64

// MarshalJSON writes NaN as null.
func (n Number) MarshalJSON() ([]byte, error) { return Share(n).MarshalJSON() }

// UnmarshalJSON reads null as NaN.
func (n *Number) UnmarshalJSON(data []byte) error { return (*Share)(n).UnmarshalJSON(data) }

// String writes three digits, or all digits before the point if there are more; – if n is
// undefined.
func (n Number) String() string {
	switch v := float64(n); {
	case math.IsNaN(v):
		return "–"
	case math.Abs(v) >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

func ShareOf(part, whole int) Share {
	if whole == 0 {
		return Share(math.NaN())
	}
	return Share(float64(part) / float64(whole))
}

// A Matrix is a confusion matrix: it counts examples by their true label and by the label
// they were given.
type Matrix struct {
	Counts [][]int // C×C, row = truth, column = label given
	None   []int   // C: examples that were given no label, which is wrong
}

// NewMatrix returns an empty Matrix of n labels.
func NewMatrix(n int) *Matrix {
	c := &Matrix{Counts: make([][]int, n), None: make([]int, n)}
	for i := range c.Counts {
		c.Counts[i] = make([]int, n)
	}
	return c
}

// Add counts one example; answer is negative if no label was given.
func (c *Matrix) Add(truth, answer int) {
	if answer < 0 {
		c.None[truth]++
		return
	}
	c.Counts[truth][answer]++
}

// Row returns the number of examples whose true label is k.
func (c *Matrix) Row(k int) int {
	n := c.None[k]
	for _, v := range c.Counts[k] {
		n += v
	}
	return n
}

// Column returns the number of examples that were given label k.
func (c *Matrix) Column(k int) int {
	n := 0
	for _, row := range c.Counts {
		n += row[k]
	}
	return n
}

// Total returns the number of examples.
func (c *Matrix) Total() int {
	n := 0
	for k := range c.Counts {
		n += c.Row(k)
	}
	return n
}

// Right returns the number of examples on the diagonal.
func (c *Matrix) Right() int {
	n := 0
	for k, row := range c.Counts {
		n += row[k]
	}
	return n
}

// Accuracy returns the share of examples that were given their true label.
func (c *Matrix) Accuracy() Share { return ShareOf(c.Right(), c.Total()) }

// Sensitivity, or recall, returns the share of label k's examples that were given k.
func (c *Matrix) Sensitivity(k int) Share { return ShareOf(c.Counts[k][k], c.Row(k)) }

// Precision returns the share of the examples given label k that have it.
func (c *Matrix) Precision(k int) Share { return ShareOf(c.Counts[k][k], c.Column(k)) }

// F1 returns the harmonic mean of sensitivity and precision, 2·TP/(2·TP+FP+FN); NaN if
// label k neither occurs nor was given.
func (c *Matrix) F1(k int) Share { return ShareOf(2*c.Counts[k][k], c.Row(k)+c.Column(k)) }

// MacroF1 returns the mean of F1 over the labels that occur or were given.
func (c *Matrix) MacroF1() Share {
	sum, n := 0.0, 0
	for k := range c.Counts {
		if f := float64(c.F1(k)); !math.IsNaN(f) {
			sum += f
			n++
		}
	}
	return Share(sum / float64(n))
}

// Majority returns the most frequent true label, the first of equals, and the accuracy of
// always naming it.
func (c *Matrix) Majority() (label int, accuracy Share) {
	for k := range c.Counts {
		if c.Row(k) > c.Row(label) {
			label = k
		}
	}
	return label, ShareOf(c.Row(label), c.Total())
}

// Wilson returns the 95 % score interval of right of n (Wilson 1927, Probable inference,
// the law of succession, and statistical inference).
func Wilson(right, n int) (lo, hi float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.959963984540054 // the normal distribution's 0.975 quantile
	p, m := float64(right)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(0, centre-half), min(1, centre+half)
}

// Bins is the number of bins of a Histogram.
const Bins = 15

// A Histogram counts answers by their probability p in 15 equal bins: bin b holds those
// with b/15 < p ≤ (b+1)/15, the first one p = 0 too.
type Histogram struct {
	Count [Bins]int
	Right [Bins]int
	Sum   [Bins]float64 // of p
}

// Add counts an answer of probability p.
func (r *Histogram) Add(p float32, right bool) {
	b := min(max(int(math.Ceil(float64(p)*Bins))-1, 0), Bins-1)
	r.Count[b]++
	r.Sum[b] += float64(p)
	if right {
		r.Right[b]++
	}
}

// ECE returns the expected calibration error: the mean over the bins of |accuracy −
// confidence|, weighted by count (Guo et al. 2017, On Calibration of Modern Neural
// Networks, with their 15 bins); NaN without answers.
func (r *Histogram) ECE() Share {
	gap, n := 0.0, 0
	for b, count := range r.Count {
		gap += math.Abs(float64(r.Right[b]) - r.Sum[b])
		n += count
	}
	return Share(gap / float64(n))
}

// String writes a percentage with one decimal; – if s is undefined.
func (s Share) String() string {
	if math.IsNaN(float64(s)) {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(s))
}
