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

// under says which kernels come before those that this machine may lack.
var under = map[string]string{"avx512": "avxvnni", "avxvnni": "avx2", "avx2": "generic", "dotprod": "neon", "neon": "generic"}

// Kernel returns the name of the kernels in use: generic, avx2, avxvnni or avx512, which
// need dot products of bytes (VNNI), neon or dotprod.
func Kernel() string { return inUse }

// Kernels returns the names of the kernels that this machine can run, the fastest last.
func Kernels() []string { return slices.Clone(names) }

// Use selects kernels by the name that package f32 has for its own, or by a name of
// Kernels: where this machine has none of that name, those before them. An empty name
// changes nothing. A Layer keeps the kernels with which it was made. Use must not run
// concurrently with anything else of this package.
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
	inUse, level = name, slices.Index(levels, name)
	return nil
}

// group is the number of units whose weights are adjacent, and rows that of their sums.
const (
	group = 8
	rows  = 4 * group
)

// The units of a group in the lanes of eight sums: in order, or as kernels need it that
// multiply even and odd lanes apart, and then join the results to the order of units.
var (
	natural = [group]int{0, 1, 2, 3, 4, 5, 6, 7}
	apart   = [group]int{0, 2, 1, 3, 4, 6, 5, 7}
)

// A packing is the order of weights that a kernel needs. A group has a block of bytes for
// each run of activations:
//
//	runs of four: for i, f, g, o and each lane, the weights for the run
//	runs of two:  for i and f, then g and o, and each lane and activation, the weight of i
//	              (or g) plus 128 and that of f (or o). They make a word of 16 bits: sums of
//	              words are 256·Σ f·a + Σ (i+128)·a
type packing struct {
	lanes  [group]int
	pairs  bool  // of groups, to which states are padded
	paired bool  // runs of two
	excess int32 // of the activations that the kernel multiplies by
}

// run returns the number of activations in a run.
func (p packing) run() int {
	if p.paired {
		return 2
	}
	return 4
}

// A Layer is one direction of an LSTM. It does not change, so any number of streams may
// share it.
type Layer struct {
	in, hidden int
	level      int // of the kernels
	packing    packing
	groups     int     // of eight units
	runs       int     // of activations
	weights    []int8  // a block for each group and run
	bias       []int32 // see Start
	mult       []int32 // in the same order: z = sum·mult/2^32
}

// NewLayer returns a layer with in inputs and hidden units, for the kernels in use. Rows of
// ih (4H×D) and hh (4H×H) are in the order i, f, g, o. Where a unit's sum is
// S = Σ ih·x + Σ hh·h + bias, its gate takes ⌊S·mult/2^32⌋, with twice its value for g, as
// tanh(z) = 2σ(2z)−1.
func NewLayer(in, hidden int, ih, hh []int8, bias, mult []int32) *Layer {
	if in < 0 || hidden < 1 || len(ih) != 4*hidden*in || len(hh) != 4*hidden*hidden || len(bias) != 4*hidden || len(mult) != 4*hidden {
		panic(fmt.Sprintf("i8: NewLayer: %d inputs and %d units, slices of %d, %d, %d, %d", in, hidden, len(ih), len(hh), len(bias), len(mult)))
	}
	l := &Layer{in: in, hidden: hidden, level: level, packing: packings[level], groups: (hidden + group - 1) / group}
	l.runs = (in + hidden + l.packing.run() - 1) / l.packing.run()
	l.pack(func(row, k int) int8 {
		switch {
		case k < in:
			return ih[row*in+k]
		case k < in+hidden:
			return hh[row*hidden+k-in]
		}
		return 0
	})
	l.bias, l.mult = make([]int32, 4*l.Width()), make([]int32, 4*l.Width()+1) // kernels read one further
	for r := range 4 * hidden {
		at, sum := l.place(r), int32(0)
		for _, v := range ih[r*in : (r+1)*in] {
			sum += int32(v)
		}
		for _, v := range hh[r*hidden : (r+1)*hidden] {
			sum += int32(v)
		}
		l.mult[at] = mult[r]
		l.add(l.bias, at, bias[r]-l.packing.excess*sum)
	}
	return l
}

// pack writes the weights in the order of the kernel.
func (l *Layer) pack(weight func(row, k int) int8) {
	run := l.packing.run()
	l.weights = make([]int8, l.groups*l.runs*rows*run)
	for i := range l.weights {
		g, r, at := i/(rows*run)/l.runs, i/(rows*run)%l.runs, i%(rows*run)
		gate, lane, k := at/(4*group), at/4%group, r*4+at%4
		if l.packing.paired {
			gate, lane, k = 2*(at/(4*group))+at%2, at/4%group, r*2+at/2%2
		}
		var v int8
		if unit := g*group + l.packing.lanes[lane]; unit < l.hidden {
			v = weight(gate*l.hidden+unit, k)
		}
		if l.packing.paired && gate%2 == 0 {
			v ^= -128 // plus 128
		}
		l.weights[i] = v
	}
}

// place returns where sums have row r.
func (l *Layer) place(r int) int {
	gate, unit := r/l.hidden, r%l.hidden
	return unit/group*rows + gate*group + slices.Index(l.packing.lanes[:], unit%group)
}

// add adds v to what the sum at a place starts from: with words also to the word's.
func (l *Layer) add(start []int32, at int, v int32) {
	start[at] += v
	if l.packing.paired && at/group%2 == 1 {
		start[at-group] += v << 8
	}
}

// Acts returns the number of values that Step takes: inputs and hidden state, padded with
// zeros.
func (l *Layer) Acts() int { return (l.in + l.hidden + 15) &^ 15 }

// Width returns the number of units, padded, of c, h and hf.
func (l *Layer) Width() int {
	if l.packing.pairs {
		return (l.groups + 1) &^ 1 * group
	}
	return l.groups * group
}

// Scratch returns the number of values of Step's scratch memory.
func (l *Layer) Scratch() int {
	const head, group = 8, 16 // before z, and z of a group
	return head + (l.groups+2)*group + l.Acts()/2
}

// Start returns a copy of what the sums of Step start from, plus column, which has a value
// for each row in the unit of the sums.
func (l *Layer) Start(column []int32) []int32 {
	s := slices.Clone(l.bias)
	for r, v := range column {
		l.add(s, l.place(r), v)
	}
	return s
}

// Bias returns what the sums of Step start from, unless a code gives a Start of its own.
func (l *Layer) Bias() []int32 { return l.bias }

// Step computes one timestep of one stream: c is updated, h receives the new hidden state,
// and hf the same as float32, exactly. acts holds Acts values, the inputs and then the
// previous hidden state. scratch has Scratch values, whose meaning is
// that of the kernel. h must not overlap acts.
func (l *Layer) Step(c []int32, h []int16, hf []float32, acts []int16, start, scratch []int32) {
	if n := l.Width(); len(c) < n || len(h) < n || len(hf) < n || len(acts) < l.Acts() || len(start) < 4*n || len(scratch) < l.Scratch() {
		panic(fmt.Sprintf("i8: Step: %d units, slices of %d, %d, %d, %d, %d, %d", n, len(c), len(h), len(hf), len(acts), len(start), len(scratch)))
	}
	step(l, c, h, hf, acts, start, scratch)
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
