// Package i8 implements the integer kernels of the network: an LSTM step and a head, with
// weights of eight bits and activations of sixteen.
//
// All arithmetic is on integers: sums of 32 bits, which do not depend on their order, and
// products, shifts and a table for what follows. So every kernel, on every architecture,
// gives the same bits. Numbers are fixed point:
//
//	h, inputs   int16, h with 12 bits after the point (One is 1)
//	weights     int8, each row with a scale of its own
//	sums        int32
//	z           int16, 11 bits after the point, saturated: what a gate's function takes
//	gates       0 … 32767 for 0 … 1
//	c           int32, 20 bits after the point, limited to ±1024
//
// The generic kernel is always compiled. Each architecture with assembly has a dispatch
// file; the build tag purego excludes the assembly.
package i8

import (
	"fmt"
	"math"
	"slices"
)

// One is the value 1 of a hidden state.
const One = 1 << 12

// names lists the kernels that this machine can run, the fastest last. inUse is one of
// them.
var (
	names = append([]string{"generic"}, native()...)
	inUse = names[len(names)-1]
)

// under says which kernels come before those of package f32 that this package may lack.
var under = map[string]string{"avx512": "avx2", "avx2": "generic", "neon": "generic"}

// Kernel returns the name of the kernels in use: generic, avx2 or avx512. avx512
// needs its integer dot products (VNNI).
func Kernel() string { return inUse }

// Kernels returns the names of the kernels that this machine can run, the fastest last.
func Kernels() []string { return slices.Clone(names) }

// Use selects kernels by the name that package f32 has for its own: where this package
// has none of that name, those before them. An empty name changes nothing. Use must not
// run concurrently with a kernel.
func Use(name string) error {
	if name == "" {
		return nil
	}
	if !slices.Contains(names, name) {
		if before, ok := under[name]; ok {
			return Use(before)
		}
		return fmt.Errorf("kernel %q: this machine has %v", name, names)
	}
	inUse = name
	choose(name)
	return nil
}

// group is the number of units whose weights are adjacent, and block the number of weights
// that a group has for two activations, as words of two weights.
const (
	group = 8
	block = 32
)

// A Layer is one direction of an LSTM. It does not change, so any number of streams may
// share it.
type Layer struct {
	in, hidden int
	groups     int     // of eight units
	pairs      int     // of activations
	words      []int16 // a block for each group and pair
	bias       []int32 // for each group i, f, g and o of its units; see Start
	mult       []int32 // the same: z = sum·mult/2^32
}

// NewLayer returns a layer with in inputs and hidden units. Rows of ih (4H×D) and hh (4H×H)
// are in the order i, f, g, o. Where a unit's sum is S = Σ ih·x + Σ hh·h + bias, its gate
// takes ⌊S·mult/2^32⌋, with twice its value for g, as tanh(z) = 2σ(2z)−1.
func NewLayer(in, hidden int, ih, hh []int8, bias, mult []int32) *Layer {
	if in < 0 || hidden < 1 || len(ih) != 4*hidden*in || len(hh) != 4*hidden*hidden || len(bias) != 4*hidden || len(mult) != 4*hidden {
		panic(fmt.Sprintf("i8: NewLayer: %d inputs and %d units, slices of %d, %d, %d, %d", in, hidden, len(ih), len(hh), len(bias), len(mult)))
	}
	l := &Layer{in: in, hidden: hidden, groups: (hidden + group - 1) / group, pairs: (in + hidden + 1) / 2}
	l.words = make([]int16, l.groups*l.pairs*block)
	l.bias, l.mult = make([]int32, l.groups*block), make([]int32, l.groups*block+1) // kernels read one further
	weight := func(gate, unit, k int) int {
		row := gate*hidden + unit
		switch {
		case unit >= hidden || k >= in+hidden:
			return 0
		case k < in:
			return int(ih[row*in+k])
		}
		return int(hh[row*hidden+k-in])
	}
	for g := range l.groups {
		for p := range l.pairs {
			w := l.words[(g*l.pairs+p)*block:][:block]
			for i := range w {
				unit, k, first := g*group+i%16/2, 2*p+i%2, i/16*2
				w[i] = word(weight(first+1, unit, k), weight(first, unit, k))
			}
		}
	}
	for gate := range 4 {
		for j := range hidden {
			at := j/group*block + gate*group + j%group
			l.bias[at], l.mult[at] = bias[gate*hidden+j], mult[gate*hidden+j]
		}
	}
	return l
}

// word packs two weights for a kernel that multiplies by both at once: Σ word·a is
// 256·Σ high·a + Σ (low+128)·a, and ⌊word/256⌋ is high.
func word(high, low int) int16 { return int16(high<<8 + low + 128) }

// Acts returns the number of values that Step takes: inputs and hidden state, padded with
// zeros.
func (l *Layer) Acts() int { return (2*l.pairs + 15) &^ 15 }

// Width returns the number of units, padded to whole groups, of c, h and hf.
func (l *Layer) Width() int { return l.groups * group }

// Start returns a copy of the biases in the layout of Step. Added values are in the unit
// of the sums; column has one for each row.
func (l *Layer) Start(column []int32) []int32 {
	s := slices.Clone(l.bias)
	for i, v := range column {
		gate, j := i/l.hidden, i%l.hidden
		s[j/group*block+gate*group+j%group] += v
	}
	return s
}

// Bias returns what the sums of Step start from, unless a code gives a Start of its own.
func (l *Layer) Bias() []int32 { return l.bias }

// Step computes one timestep of one stream: c is updated, h receives the new hidden state,
// and hf the same as float32, exactly. acts holds Acts values, the inputs and then the
// previous hidden state. sums is scratch memory of four times Width. h must not overlap
// acts.
func (l *Layer) Step(c []int32, h []int16, hf []float32, acts []int16, start, sums []int32) {
	if n := l.Width(); len(c) < n || len(h) < n || len(hf) < n || len(acts) < l.Acts() || len(start) < 4*n || len(sums) < 4*n {
		panic(fmt.Sprintf("i8: Step: %d units, slices of %d, %d, %d, %d, %d, %d", n, len(c), len(h), len(hf), len(acts), len(start), len(sums)))
	}
	step(l, c, h, hf, acts, start, sums)
}

// A Head is a matrix of rows of int8 weights for hidden states.
type Head struct {
	rows, in, stride int
	weights          []int8
}

// NewHead returns a head of rows×in weights.
func NewHead(rows, in int, weights []int8) *Head {
	if len(weights) != rows*in {
		panic(fmt.Sprintf("i8: NewHead: %d weights, want %d×%d", len(weights), rows, in))
	}
	h := &Head{rows: rows, in: in, stride: (in + 15) &^ 15}
	h.weights = make([]int8, rows*h.stride)
	for i := range rows {
		copy(h.weights[i*h.stride:], weights[i*in:(i+1)*in])
	}
	return h
}

// Stride returns the number of values that Sums takes, padded with zeros.
func (h *Head) Stride() int { return h.stride }

// Sums writes the sum of products with x of each row to dst.
func (h *Head) Sums(dst []int32, x []int16) {
	if len(dst) < h.rows || len(x) < h.stride {
		panic(fmt.Sprintf("i8: Sums: slices of %d and %d, want %d and %d", len(dst), len(x), h.rows, h.stride))
	}
	dots(dst[:h.rows], h.weights, x[:h.stride])
}

// Quantize writes x[i]·factor[i] to dst, rounded to the nearest integer, halves to even, and
// limited to ±32767. NaN becomes 32767.
func Quantize(dst []int16, x, factor []float32) {
	const shift = 3 << 22
	dst, factor = dst[:len(x)], factor[:len(x)]
	for i, v := range x {
		y := float32(v * factor[i])
		if !(y < 32767) {
			y = 32767
		}
		if !(y > -32767) {
			y = -32767
		}
		dst[i] = int16(int32(math.Float32bits(float32(y+shift))) - 0x4b400000)
	}
}
