package cell

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"inkling/internal/i8"
	"inkling/internal/shared"
)

// A fixed is an LSTM of integer weights; see Weights.Rows and package i8. Whatever is
// float32 on its outside, its state is integers: H is h/2^12, exactly.
type fixed struct {
	layer   *i8.Layer
	hidden  int
	inputs  []float32 // what an input is multiplied by, to become an integer
	starts  [][]int32 // what the sums start from, for each code
	scratch shared.Pool[fixedScratch]
}

type fixedScratch struct {
	acts []int16
	sums []int32
}

// Fraction bits of what package i8 multiplies and adds.
const (
	zBits    = 11
	maxInput = math.MaxInt16
)

// Check reports integer weights that are not: factors that are not positive, weights that
// are no multiples of them, or sums that could overflow. It returns nil for float weights.
func (w *Weights) Check() error {
	if w.Rows == nil {
		return nil
	}
	if len(w.Rows) != 4*w.Hidden || len(w.Inputs) != w.In {
		return fmt.Errorf("cell: %d factors of rows and %d of inputs, want %d and %d", len(w.Rows), len(w.Inputs), 4*w.Hidden, w.In)
	}
	for _, list := range [][]float32{w.Rows, w.Inputs} {
		for i, v := range list {
			if !(v >= 1e-9 && v <= 1e6) {
				return fmt.Errorf("cell: factor %d of integer weights is %v, want 1e-9 to 1e6", i, v)
			}
		}
	}
	for r, row := range w.Rows {
		sum := math.Abs(w.bias(r))
		for d, v := range w.IH[r*w.In : (r+1)*w.In] {
			sum += math.Abs(math.Round(float64(v)/(float64(row)*float64(w.Inputs[d])))) * maxInput
		}
		for _, v := range w.HH[r*w.Hidden : (r+1)*w.Hidden] {
			sum += math.Abs(math.Round(float64(v)/float64(row))) * i8.One
		}
		if sum >= 1<<31 {
			return fmt.Errorf("cell: row %d of integer weights can sum to %.0f, which 32 bits do not hold", r, sum)
		}
		if w.mult(r) >= 1<<31 {
			return fmt.Errorf("cell: row %d of integer weights has the factor %v, which is too large", r, row)
		}
	}
	return nil
}

// bias returns what the sum of row r starts from. It includes half a unit of z, for
// rounding.
func (w *Weights) bias(r int) float64 {
	b := (float64(w.BiasIH[r]) + float64(w.BiasHH[r])) * i8.One / float64(w.Rows[r])
	return math.Round(b + (1<<31)/w.mult(r))
}

// mult returns what turns a sum of row r into z·2^32. tanh takes 2z.
func (w *Weights) mult(r int) float64 {
	m := float64(w.Rows[r]) / i8.One * (1 << (zBits + 32))
	if r/w.Hidden == 2 {
		m *= 2
	}
	return max(math.Round(m), 1)
}

// Integers are the numbers that integer weights compute with; package i8 says how.
type Integers struct {
	IH, HH     []int8    // 4H×D and 4H×H
	Bias, Mult []int32   // 4H each: what a sum starts from, and what z·2^32 is of a sum
	Inputs     []float32 // D: what an input is multiplied by, to become an integer
}

// Integers returns the numbers of integer weights that passed Check.
func (w *Weights) Integers() *Integers {
	rows := 4 * w.Hidden
	q := &Integers{IH: make([]int8, len(w.IH)), HH: make([]int8, len(w.HH)), Bias: make([]int32, rows), Mult: make([]int32, rows)}
	for r, row := range w.Rows {
		for d := range w.In {
			q.IH[r*w.In+d] = int8(math.Round(float64(w.IH[r*w.In+d]) / (float64(row) * float64(w.Inputs[d]))))
		}
		for k := range w.Hidden {
			q.HH[r*w.Hidden+k] = int8(math.Round(float64(w.HH[r*w.Hidden+k]) / float64(row)))
		}
		q.Bias[r], q.Mult[r] = int32(w.bias(r)), int32(w.mult(r))
	}
	for _, v := range w.Inputs {
		q.Inputs = append(q.Inputs, float32(v*i8.One))
	}
	return q
}

// newFixed returns the LSTM of integer weights that passed Check.
func newFixed(w *Weights, coded bool) *fixed {
	n := w.Integers()
	q := &fixed{hidden: w.Hidden, inputs: n.Inputs}
	if !coded {
		q.layer = i8.NewLayer(w.In, w.Hidden, n.IH, n.HH, n.Bias, n.Mult)
		return q
	}
	q.layer = i8.NewLayer(0, w.Hidden, nil, n.HH, n.Bias, n.Mult)
	column, one := make([]int32, 4*w.Hidden), make([]int16, 1)
	for k := range w.In {
		i8.Quantize(one, []float32{1}, q.inputs[k:k+1])
		for r := range column {
			column[r] = int32(n.IH[r*w.In+k]) * int32(one[0])
		}
		q.starts = append(q.starts, q.layer.Start(column))
	}
	return q
}

func (q *fixed) newScratch() *fixedScratch {
	return &fixedScratch{acts: make([]int16, q.layer.Acts()), sums: make([]int32, q.layer.Scratch())}
}

// newState returns the zero state.
func (q *fixed) newState() *State {
	n := q.layer.Width()
	hf := make([]float32, n)
	return &State{H: hf[:q.hidden:q.hidden], fixed: fixedState{c: make([]int32, n), h: make([]int16, n), hf: hf}}
}

// A fixedState is the state of integer weights: c, h and h as float32, padded.
type fixedState struct {
	c  []int32
	h  []int16
	hf []float32
}

func (s *fixedState) copyFrom(o fixedState) {
	copy(s.c, o.c)
	copy(s.h, o.h)
	copy(s.hf, o.hf)
}

func (s *fixedState) reset() {
	clear(s.c)
	clear(s.h)
	clear(s.hf)
}

// stepFixed is Step for integer weights.
func (l *LSTM) stepFixed(s fixedState, x []float32) {
	w := l.fixed.scratch.Get()
	if w.acts == nil {
		*w = *l.fixed.newScratch()
	}
	l.stepFixedWith(w, s, x)
	l.fixed.scratch.Put(w)
}

// runFixed is run for integer weights.
func (l *LSTM) runFixed(s *State, h, xs []float32, reverse bool) {
	steps := len(xs) / l.in
	for i := range steps {
		t := i
		if reverse {
			t = steps - 1 - i
		}
		l.stepFixed(s.fixed, xs[t*l.in:(t+1)*l.in])
		if h != nil {
			copy(h[t*l.hidden:(t+1)*l.hidden], s.H)
		}
	}
}

func (l *LSTM) stepFixedWith(w *fixedScratch, s fixedState, x []float32) {
	q, start := l.fixed, l.fixed.layer.Bias()
	if q.starts != nil {
		start = q.starts[l.code(x[0])]
	} else {
		i8.Quantize(w.acts, x, q.inputs)
	}
	copy(w.acts[l.features:], s.h[:l.hidden])
	q.layer.Step(s.c, s.h, s.hf, w.acts, start, w.sums)
}

// Append appends s to dst, little-endian: h as float32, then c as float32, or as integers
// of 32 bits if the weights are integers.
func (s *State) Append(dst []byte) []byte {
	for _, v := range s.H {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	}
	for _, v := range s.C {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	}
	for _, v := range s.fixed.c[:min(len(s.H), len(s.fixed.c))] {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(v))
	}
	return dst
}

// Restore reads what Append wrote from the front of data and returns the rest.
func (s *State) Restore(data []byte) ([]byte, error) {
	n := len(s.H)
	if len(data) < 8*n {
		return nil, errors.New("the state of a layer is cut off")
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(data[4*i:]) }
	for i := range n {
		s.H[i] = math.Float32frombits(word(i))
		if s.fixed.c == nil {
			s.C[i] = math.Float32frombits(word(n + i))
			continue
		}
		h, c := float64(s.H[i])*i8.One, int32(word(n+i))
		if !(math.Abs(h) <= i8.One) || h != math.Trunc(h) || max(c, -c) > i8.MaxCell || c == math.MinInt32 {
			return nil, fmt.Errorf("unit %d of a layer has the state %v, %d, which no integer model has", i, s.H[i], c)
		}
		s.fixed.h[i], s.fixed.c[i] = int16(h), c
	}
	return data[8*n:], nil
}

// fixedBatch holds the states of a Batch of integer weights.
type fixedBatch struct {
	layer *fixed // nil: the weights are float32
	width int    // units, padded
	all   fixedState
}

// of returns the state of stream i.
func (b *fixedBatch) of(i int) fixedState {
	from, to := i*b.width, (i+1)*b.width
	return fixedState{c: b.all.c[from:to], h: b.all.h[from:to], hf: b.all.hf[from:to]}
}

func (b *fixedBatch) resize(n int) {
	if n *= b.width; n > len(b.all.c) {
		b.all.c = append(b.all.c, make([]int32, n-len(b.all.c))...)
		b.all.h = append(b.all.h, make([]int16, n-len(b.all.h))...)
		b.all.hf = append(b.all.hf, make([]float32, n-len(b.all.hf))...)
	}
}
