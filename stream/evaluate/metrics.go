package evaluate

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// A Share is a ratio, 0 to 1, or NaN where there is nothing to divide by: the
// sensitivity of a label without examples, the precision of one that was never
// given. NaN is null in JSON.
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

// A Number is one that there may not be: NaN then, and null in JSON.
type Number float64

// MarshalJSON writes NaN as null.
func (n Number) MarshalJSON() ([]byte, error) { return Share(n).MarshalJSON() }

// UnmarshalJSON reads null as NaN.
func (n *Number) UnmarshalJSON(data []byte) error { return (*Share)(n).UnmarshalJSON(data) }

// String has three digits or, where that takes more, no decimals; – where there is none.
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

// A Matrix, the confusion, counts examples by their true label and the label given.
type Matrix struct {
	Counts [][]int // C×C, row = truth, column = label given
	None   []int   // C: examples that were given no label; always wrong
}

// NewMatrix returns an empty Matrix of so many labels.
func NewMatrix(classes int) *Matrix {
	c := &Matrix{Counts: make([][]int, classes), None: make([]int, classes)}
	for i := range c.Counts {
		c.Counts[i] = make([]int, classes)
	}
	return c
}

// Add counts one example; answer is negative where no label was given.
func (c *Matrix) Add(truth, answer int) {
	if answer < 0 {
		c.None[truth]++
		return
	}
	c.Counts[truth][answer]++
}

// Row is the number of examples whose true label is k.
func (c *Matrix) Row(k int) int {
	n := c.None[k]
	for _, v := range c.Counts[k] {
		n += v
	}
	return n
}

// Column is the number of examples that were given label k.
func (c *Matrix) Column(k int) int {
	n := 0
	for _, row := range c.Counts {
		n += row[k]
	}
	return n
}

// Total is the number of examples.
func (c *Matrix) Total() int {
	n := 0
	for k := range c.Counts {
		n += c.Row(k)
	}
	return n
}

// Right is the number of examples on the diagonal.
func (c *Matrix) Right() int {
	n := 0
	for k, row := range c.Counts {
		n += row[k]
	}
	return n
}

// Accuracy is the share of examples that were given their true label.
func (c *Matrix) Accuracy() Share { return ShareOf(c.Right(), c.Total()) }

// Sensitivity, or recall, is the share of label k's examples that were given k.
func (c *Matrix) Sensitivity(k int) Share { return ShareOf(c.Counts[k][k], c.Row(k)) }

// Precision is the share of the examples given k whose label k is.
func (c *Matrix) Precision(k int) Share { return ShareOf(c.Counts[k][k], c.Column(k)) }

// F1 is the harmonic mean of sensitivity and precision, 2·TP/(2·TP+FP+FN); NaN
// where label k neither occurs nor was given.
func (c *Matrix) F1(k int) Share { return ShareOf(2*c.Counts[k][k], c.Row(k)+c.Column(k)) }

// MacroF1 is the mean of F1 over the labels that occur or were given.
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

// Majority is the most frequent true label, the first of equals, and the
// accuracy of always naming it.
func (c *Matrix) Majority() (label int, accuracy Share) {
	for k := range c.Counts {
		if c.Row(k) > c.Row(label) {
			label = k
		}
	}
	return label, ShareOf(c.Row(label), c.Total())
}

// Wilson is the score interval of right of n at 95 % (Wilson 1927, Probable
// inference, the law of succession, and statistical inference).
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

// Bins is how many bins a Histogram has.
const Bins = 15

// A Histogram sorts answers by the probability they were given with into 15
// equal bins; bin b holds those with b/15 < p ≤ (b+1)/15, and p = 0.
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

// ECE is the expected calibration error over the bins, the mean of |accuracy −
// confidence| weighted by count (Guo et al. 2017, On Calibration of Modern
// Neural Networks, with their 15 bins); NaN without answers.
func (r *Histogram) ECE() Share {
	gap, n := 0.0, 0
	for b, count := range r.Count {
		gap += math.Abs(float64(r.Right[b]) - r.Sum[b])
		n += count
	}
	return Share(gap / float64(n))
}

// String is a percentage with one decimal; – where there is none.
func (s Share) String() string {
	if math.IsNaN(float64(s)) {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(s))
}
