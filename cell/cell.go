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
package cell

import (
	"fmt"

	"inkling/internal/f32"
)

// LSTM is a direction ready to run. Its weights are packed for the kernel and
// immutable but for Pack; any number of streams share it.
type LSTM struct {
	in, hidden int
	bias       []float32  // 4H, padded to whole panels
	ih         f32.Matrix // D×4H
	hh         f32.Matrix // H×4H
}

// New packs w. Later changes of w do not reach the LSTM until Pack.
func New(w *Weights) *LSTM {
	l := &LSTM{in: w.In, hidden: w.Hidden}
	l.Pack(w)
	return l
}

// Pack takes the values of w, of the same shape, and allocates nothing the
// second time. Nothing may run on l meanwhile: it is for training.
func (l *LSTM) Pack(w *Weights) {
	if w.In != l.in || w.Hidden != l.hidden {
		panic(fmt.Sprintf("cell: Pack: weights %d→%d, want %d→%d", w.In, w.Hidden, l.in, l.hidden))
	}
	rows := 4 * l.hidden
	if l.bias == nil {
		l.bias = make([]float32, f32.Panels(rows)*f32.Panel)
	}
	for i := range rows {
		l.bias[i] = w.BiasIH[i] + w.BiasHH[i]
	}
	l.ih.Pack(w.IH, l.in, rows, 1, l.in)
	l.hh.Pack(w.HH, l.hidden, rows, 1, l.hidden)
}

// In is D, the features a timestep; Hidden is H.
func (l *LSTM) In() int     { return l.in }
func (l *LSTM) Hidden() int { return l.hidden }

// State is what a stream carries from one timestep to the next, and scratch.
type State struct {
	H, C []float32 // H each
	z    []float32 // 4H sums, padded to whole panels
	zs   []float32 // input projections of a block of steps
}

// blockSteps is how many timesteps Sequence projects at once.
const blockSteps = 64

// NewState returns the zero state.
func (l *LSTM) NewState() *State {
	return &State{H: make([]float32, l.hidden), C: make([]float32, l.hidden), z: make([]float32, len(l.bias))}
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

// Step moves s on by one timestep of D features. It allocates nothing.
func (l *LSTM) Step(s *State, x []float32) {
	if len(x) != l.in {
		panic(fmt.Sprintf("cell: Step: %d features, want %d", len(x), l.in))
	}
	copy(s.z, l.bias)
	l.ih.AddRow(s.z, x)
	l.finish(s, s.z)
}

// finish adds the recurrent part to the sums z and updates the state.
func (l *LSTM) finish(s *State, z []float32) {
	l.hh.AddRow(z, s.H)
	f32.Gates(s.H, s.C, z, l.hidden)
}

// Sequence runs the timesteps xs (T×D) from state s, which it leaves after the
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
	for done := 0; done < steps; {
		n := min(blockSteps, steps-done)
		first := done
		if reverse {
			first = steps - done - n
		}
		zs := l.project(s, xs[first*l.in:(first+n)*l.in], n)
		for i := range n {
			t := i
			if reverse {
				t = n - 1 - i
			}
			l.finish(s, zs[t*len(l.bias):(t+1)*len(l.bias)])
			if h != nil {
				copy(h[(first+t)*l.hidden:], s.H)
			}
		}
		done += n
	}
}

// project returns the bias and input part of n timesteps' sums, padded rows.
func (l *LSTM) project(s *State, xs []float32, n int) []float32 {
	width := len(l.bias)
	if cap(s.zs) < n*width {
		s.zs = make([]float32, blockSteps*width)
	}
	zs := s.zs[:n*width]
	for i := range n {
		copy(zs[i*width:], l.bias)
	}
	l.ih.AddRows(zs, width, xs, l.in, n)
	return zs
}
