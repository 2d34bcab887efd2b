// Package cell implements one direction of an LSTM layer in float32 (Hochreiter and
// Schmidhuber 1997, with the forget gate of Gers et al. 2000):
//
//	z = b + W_ih·x_t + W_hh·h_{t−1}         4H sums in gate order i, f, g, o
//	c_t = σ(z_f)·c_{t−1} + σ(z_i)·tanh(z_g)
//	h_t = σ(z_o)·tanh(c_t)
//
// New packs weights into an LSTM. Step advances one stream by one timestep,
// Sequence runs a whole sequence, and StepBatch advances many streams together. For
// training, Forward records the activations of a batch on a Tape, and Backward
// computes the gradients.
//
// Any number of calls of Step give the same bits as one call of Sequence over the
// concatenated inputs, and so do StepBatch and Forward for any batch: each sum
// starts from b = b_ih + b_hh and adds first the inputs, then the hidden units, in
// ascending order, in one accumulator.
//
// Inputs may be codes (see NewCoded): x_t is then a single value k, and W_ih·x_t is
// column k of W_ih, to the bit what the one-hot vector of k would give.
package cell

import (
	"fmt"

	"inkling/internal/f32"
	"inkling/internal/shared"
)

// An LSTM is one direction with its weights packed for the kernels. Only Pack and
// PackBackward change it, so any number of streams may share it.
type LSTM struct {
	in, hidden int        // in: values per timestep, D features or one code
	codes      int        // K; 0 if inputs are features
	features   int        // D; 0 if inputs are codes
	bias       []float32  // a row of sums in the layout of f32.GateColumn
	starts     []float32  // K such rows: bias plus the column of the code
	w          f32.Matrix // [W_ih W_hh]ᵀ, (D+H)×4H: maps rows [x | h] to sums; W_hhᵀ alone for codes
	ih, hh     f32.Matrix // the parts of w
	t          transposed // for Backward
	fixed      *fixed     // of integer weights, which have none of the above; nil: float32
	scratch    shared.Pool[scratch]
}

// New returns an LSTM with the weights w. Later changes of w have no effect until
// Pack. If w holds integers, it must pass Check.
func New(w *Weights) *LSTM {
	if w.Rows != nil {
		return &LSTM{in: w.In, features: w.In, hidden: w.Hidden, fixed: newFixed(w, false)}
	}
	l := &LSTM{in: w.In, features: w.In, hidden: w.Hidden, bias: make([]float32, f32.GateStride(w.Hidden))}
	l.Pack(w)
	return l
}

// NewCoded is like New for inputs that are codes: a timestep is one value, an
// integer from 0 to w.In−1. Any other value counts as 0.
func NewCoded(w *Weights) *LSTM {
	if w.Rows != nil {
		return &LSTM{in: 1, codes: w.In, hidden: w.Hidden, fixed: newFixed(w, true)}
	}
	stride := f32.GateStride(w.Hidden)
	l := &LSTM{in: 1, codes: w.In, hidden: w.Hidden, bias: make([]float32, stride), starts: make([]float32, w.In*stride)}
	l.Pack(w)
	return l
}

// Pack replaces the weights by w, which must have the shape that l was made with.
// It does not allocate. It is for training and must not run concurrently with any
// other use of l.
func (l *LSTM) Pack(w *Weights) {
	if w.In != l.columns() || w.Hidden != l.hidden {
		panic(fmt.Sprintf("cell: Pack: weights have %d inputs and %d units, want %d and %d", w.In, w.Hidden, l.columns(), l.hidden))
	}
	if l.fixed != nil || w.Rows != nil {
		panic("cell: Pack: integer weights cannot be replaced: call New")
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

// In returns the number of values per timestep: D features, or one code.
func (l *LSTM) In() int { return l.in }

// Integer reports whether the weights are integers.
func (l *LSTM) Integer() bool { return l.fixed != nil }

// Hidden returns H, the number of units.
func (l *LSTM) Hidden() int { return l.hidden }

// columns returns the number of columns of W_ih.
func (l *LSTM) columns() int { return max(l.features, l.codes) }

// start returns the row of sums that code x starts from.
func (l *LSTM) start(x float32) []float32 {
	k := l.code(x)
	return l.starts[k*len(l.bias):][:len(l.bias)]
}

// code returns the column of W_ih for x.
func (l *LSTM) code(x float32) int {
	if x > 0 && x < float32(l.codes) {
		return int(x)
	}
	return 0
}

// A State is what a stream carries from one timestep to the next.
type State struct {
	H, C  []float32  // the hidden and the cell state, H values each; C is nil if the weights are integers
	back  bool       // direction of the next pass over the weights
	fixed fixedState // of integer weights
}

// A scratch is the memory of one call of Step or Sequence.
type scratch struct {
	xh []float32 // [x | previous H]
	z  []float32 // a row of sums
	zs []float32 // rows of sums of a block of steps
}

// borrow returns scratch memory, to be put back into l.scratch.
func (l *LSTM) borrow() *scratch {
	w := l.scratch.Get()
	if w.z == nil {
		sums := len(l.bias)
		buf := make([]float32, sums+l.features+l.hidden)
		w.z, w.xh = buf[:sums:sums], buf[sums:]
	}
	return w
}

// Sequence computes the inputs' part of the sums for blockSteps timesteps at once
// if a timestep has at least projectedInputs features. For fewer features it is
// faster to do so in each step.
const (
	blockSteps      = 64
	projectedInputs = 8
)

// NewState returns the zero state. Its parts are aligned to cache lines as far as
// the allocator aligns blocks of their size.
func (l *LSTM) NewState() *State {
	if l.fixed != nil {
		return l.fixed.newState()
	}
	h, width := l.hidden, f32.Padded(l.hidden)
	buf := make([]float32, width+h)
	return &State{H: buf[:h:h], C: buf[width:][:h:h]}
}

// Reset sets s to the zero state.
func (s *State) Reset() {
	clear(s.H)
	clear(s.C)
	s.fixed.reset()
}

// CopyFrom copies o to s.
func (s *State) CopyFrom(o *State) {
	copy(s.H, o.H)
	copy(s.C, o.C)
	s.fixed.copyFrom(o.fixed)
}

// Step advances s by one timestep x of In values. It does not allocate.
func (l *LSTM) Step(s *State, x []float32) {
	if len(x) != l.in {
		panic(fmt.Sprintf("cell: Step: %d values, want %d", len(x), l.in))
	}
	if l.fixed != nil {
		l.stepFixed(s.fixed, x)
		return
	}
	w := l.borrow()
	l.step(s, w, x)
	l.scratch.Put(w)
}

func (l *LSTM) step(s *State, w *scratch, x []float32) {
	start := l.bias
	if l.codes > 0 {
		start = l.start(x[0])
	} else {
		copy(w.xh, x)
	}
	copy(w.xh[l.features:], s.H)
	f32.Step(s.H, s.C, w.xh, start, w.z, &l.w, s.back)
	s.back = !s.back
}

// stepFrom is step where start already contains the inputs' part.
func (l *LSTM) stepFrom(s *State, w *scratch, start []float32) {
	copy(w.xh[l.features:], s.H)
	f32.Step(s.H, s.C, w.xh[l.features:], start, w.z, &l.hh, s.back)
	s.back = !s.back
}

// Sequence advances s by all timesteps of xs (T×In) and, unless h is nil, writes
// the hidden state after each of them to h (T×H).
func (l *LSTM) Sequence(s *State, h, xs []float32) { l.run(s, h, xs, false) }

// Reverse is Sequence from the last timestep down to the first. Row t of h belongs
// to row t of xs.
func (l *LSTM) Reverse(s *State, h, xs []float32) { l.run(s, h, xs, true) }

func (l *LSTM) run(s *State, h, xs []float32, reverse bool) {
	steps := len(xs) / l.in
	if len(xs) != steps*l.in || (h != nil && len(h) != steps*l.hidden) {
		panic(fmt.Sprintf("cell: Sequence: xs has %d values and h %d, want T×%d and T×%d", len(xs), len(h), l.in, l.hidden))
	}
	if l.fixed != nil {
		l.runFixed(s, h, xs, reverse)
		return
	}
	w := l.borrow()
	defer l.scratch.Put(w)
	for done := 0; done < steps; done += blockSteps {
		n := min(blockSteps, steps-done)
		first := done
		if reverse {
			first = steps - done - n
		}
		var zs []float32
		if l.features >= projectedInputs {
			zs = l.project(w, xs[first*l.in:(first+n)*l.in], n)
		}
		for i := range n {
			t := i
			if reverse {
				t = n - 1 - i
			}
			if zs == nil {
				l.step(s, w, xs[(first+t)*l.in:(first+t+1)*l.in])
			} else {
				l.stepFrom(s, w, zs[t*len(l.bias):(t+1)*len(l.bias)])
			}
			if h != nil {
				copy(h[(first+t)*l.hidden:(first+t+1)*l.hidden], s.H)
			}
		}
	}
}

// project returns n rows of sums that hold the bias and the inputs' part.
func (l *LSTM) project(w *scratch, xs []float32, n int) []float32 {
	w.zs = f32.Grow(w.zs, n*len(l.bias))
	l.startSums(w.zs, xs, n)
	return w.zs
}

// startSums fills the n rows of zs for project.
func (l *LSTM) startSums(zs, xs []float32, n int) {
	for i := range n {
		copy(zs[i*len(l.bias):], l.bias)
	}
	l.ih.MulAdd(zs, len(l.bias), xs, l.in, n)
}
