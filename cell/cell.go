// Package cell is one direction of an LSTM in float32 (Hochreiter and
// Schmidhuber 1997, with the forget gate of Gers et al. 2000):
//
//	z = b + W_ih·x_t + W_hh·h_{t−1}         4H sums in gate order i, f, g, o
//	c_t = σ(z_f)·c_{t−1} + σ(z_i)·tanh(z_g)
//	h_t = σ(z_o)·tanh(c_t)
//
// Several calls of Step behave as one of Sequence over the concatenation, to
// the bit, and so does Forward for any batch: every sum starts from
// b = b_ih + b_hh and takes the inputs ascending, then the hidden units
// ascending, in one accumulator.
//
// Inputs may be codes, of which W_ih has a column each: then x_t is one value k, and
// W_ih·x_t the column k, to the bit as if x_t were 1 at k and 0 elsewhere.
package cell

import (
	"fmt"

	"inkling/internal/f32"
)

// LSTM is a direction ready to run. Its weights are packed and immutable but
// for Pack; any number of streams share it.
type LSTM struct {
	in, hidden int        // values a timestep: D features, or one code
	codes      int        // K; 0: inputs are features
	features   int        // D; 0: inputs are codes
	bias       []float32  // a row of sums as f32.GateColumn lays it out
	starts     []float32  // K such rows: bias + the column of the code
	w          f32.Matrix // [W_ih W_hh]ᵀ, (D+H)×4H: takes rows [x | h] to sums; of codes W_hhᵀ alone
	ih, hh     f32.Matrix // its parts
	t          transposed // for Backward
}

// New packs w. Later changes of w do not reach the LSTM until Pack.
func New(w *Weights) *LSTM {
	l := &LSTM{in: w.In, features: w.In, hidden: w.Hidden, bias: make([]float32, f32.GateStride(w.Hidden))}
	l.Pack(w)
	return l
}

// NewCoded is New for inputs that are codes: a timestep is one value, a whole number
// from 0 to w.In−1. What lies outside counts as 0.
func NewCoded(w *Weights) *LSTM {
	stride := f32.GateStride(w.Hidden)
	l := &LSTM{in: 1, codes: w.In, hidden: w.Hidden, bias: make([]float32, stride), starts: make([]float32, w.In*stride)}
	l.Pack(w)
	return l
}

// Pack takes the values of w, of the shape the LSTM was made with, and allocates
// nothing. Nothing may run on l meanwhile: it is for training.
func (l *LSTM) Pack(w *Weights) {
	if w.In != l.columns() || w.Hidden != l.hidden {
		panic(fmt.Sprintf("cell: Pack: weights %d→%d, want %d→%d", w.In, w.Hidden, l.columns(), l.hidden))
	}
	f32.PackGateBias(l.bias, l.hidden, w.BiasIH, w.BiasHH)
	if l.codes > 0 {
		f32.PackGateStarts(l.starts, len(l.bias), l.bias, l.hidden, w.IH)
		l.w.PackGates(l.hidden, w.HH)
		l.hh = l.w
		return
	}
	l.w.PackGates(l.hidden, w.IH, w.HH)
	l.ih, l.hh = l.w.Part(0, l.in), l.w.Part(l.in, l.in+l.hidden)
}

// In is how many values a timestep has: D features, or one code; Hidden is H.
func (l *LSTM) In() int     { return l.in }
func (l *LSTM) Hidden() int { return l.hidden }

// columns of W_ih.
func (l *LSTM) columns() int { return max(l.features, l.codes) }

// start is the row of sums of a code.
func (l *LSTM) start(x float32) []float32 {
	k := l.code(x)
	return l.starts[k*len(l.bias):][:len(l.bias)]
}

// code is x as a column of W_ih.
func (l *LSTM) code(x float32) int {
	if x > 0 && x < float32(l.codes) {
		return int(x)
	}
	return 0
}

// State is what a stream carries from one timestep to the next, and scratch.
type State struct {
	H, C []float32 // H each
	xh   []float32 // [x | the previous H]
	z    []float32 // a row of sums
	zs   []float32 // rows of sums of a block of steps
	back bool      // which way Step walked the weights last
}

// blockSteps is how many timesteps Sequence projects at once, where a timestep has
// at least projectedInputs features; with fewer the step itself takes them.
const (
	blockSteps      = 64
	projectedInputs = 8
)

// NewState returns the zero state. Its parts begin on cache lines, as far as memory
// of such a size does.
func (l *LSTM) NewState() *State {
	h, width, sums := l.hidden, f32.Padded(l.hidden), len(l.bias)
	buf := make([]float32, sums+2*width+l.features+h)
	state, xh := buf[sums:], buf[sums+2*width:]
	return &State{H: state[:h:h], C: state[width:][:h:h], xh: xh, z: buf[:sums:sums]}
}

// Reset makes s the zero state again.
func (s *State) Reset() {
	clear(s.H)
	clear(s.C)
}

// CopyFrom makes s the state that o is.
func (s *State) CopyFrom(o *State) {
	copy(s.H, o.H)
	copy(s.C, o.C)
}

// Step moves s on by one timestep of In values. It allocates nothing.
func (l *LSTM) Step(s *State, x []float32) {
	if len(x) != l.in {
		panic(fmt.Sprintf("cell: Step: %d values, want %d", len(x), l.in))
	}
	l.step(s, x)
}

func (l *LSTM) step(s *State, x []float32) {
	start := l.bias
	if l.codes > 0 {
		start = l.start(x[0])
	} else {
		copy(s.xh, x)
	}
	copy(s.xh[l.features:], s.H)
	f32.Step(s.H, s.C, s.xh, start, s.z, &l.w, s.back)
	s.back = !s.back
}

// stepFrom is step with the inputs' part in the sums start.
func (l *LSTM) stepFrom(s *State, start []float32) {
	copy(s.xh[l.features:], s.H)
	f32.Step(s.H, s.C, s.xh[l.features:], start, s.z, &l.hh, s.back)
	s.back = !s.back
}

// Sequence runs the timesteps xs (T×In) from state s, which it leaves after the
// last one, and writes each h to h (T×H) unless h is nil.
func (l *LSTM) Sequence(s *State, h, xs []float32) { l.run(s, h, xs, false) }

// Reverse is Sequence from the last timestep down to the first; row t of h
// belongs to row t of xs.
func (l *LSTM) Reverse(s *State, h, xs []float32) { l.run(s, h, xs, true) }

func (l *LSTM) run(s *State, h, xs []float32, reverse bool) {
	steps := len(xs) / l.in
	if len(xs) != steps*l.in || (h != nil && len(h) != steps*l.hidden) {
		panic(fmt.Sprintf("cell: %d inputs and %d outputs, want T×%d and T×%d", len(xs), len(h), l.in, l.hidden))
	}
	for done := 0; done < steps; done += blockSteps {
		n := min(blockSteps, steps-done)
		first := done
		if reverse {
			first = steps - done - n
		}
		var zs []float32
		if l.features >= projectedInputs {
			zs = l.project(s, xs[first*l.in:(first+n)*l.in], n)
		}
		for i := range n {
			t := i
			if reverse {
				t = n - 1 - i
			}
			if zs == nil {
				l.step(s, xs[(first+t)*l.in:(first+t+1)*l.in])
			} else {
				l.stepFrom(s, zs[t*len(l.bias):(t+1)*len(l.bias)])
			}
			if h != nil {
				copy(h[(first+t)*l.hidden:(first+t+1)*l.hidden], s.H)
			}
		}
	}
}

// project returns the bias and input part of n timesteps' sums.
func (l *LSTM) project(s *State, xs []float32, n int) []float32 {
	s.zs = f32.Grow(s.zs, n*len(l.bias))
	l.startSums(s.zs, xs, n)
	return s.zs
}

// startSums fills n rows of sums with the bias and the inputs' part.
func (l *LSTM) startSums(zs, xs []float32, n int) {
	for i := range n {
		copy(zs[i*len(l.bias):], l.bias)
	}
	l.ih.MulAdd(zs, len(l.bias), xs, l.in, n)
}
