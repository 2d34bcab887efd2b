// Package model is the network: a stack of LSTM layers with two heads.
//
//	x_1 … x_t … x_T                                frames of D features
//	forward   h_f(t) = LSTM_f(x_t, state)          one step at a time, as they arrive
//	running   softmax(R·h_f(t) + r)                a label per step
//	backward  h_b(1) = LSTM_b(x_T … x_1)           only when the segment has ended
//	confirm   softmax(C·[h_f(T) ; h_b(1)] + c)     the full bidirectional, last-mode network,
//	                                               optionally + e∘(the running logits at T)
//
// Step runs the upper two lines as frames arrive, Confirm the lower two when
// the segment has ended, and Predict all four at once; they agree to the bit. A
// network that says what comes next has neither head but the one of type Next.
package model

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"inkling/cell"
	"inkling/internal/f32"
	"inkling/model/feature"
	"inkling/model/stem"
)

// A Model is a network ready to run. It is immutable and shared by all streams.
type Model struct {
	Config Config
	Params *Params // do not change: the layers hold packed copies

	dim     int
	stem    *stem.Stem // nil: none
	lower   []*cell.LSTM
	forward *cell.LSTM
	reverse *cell.LSTM
	once    sync.Once
	hash    string
}

// New makes a Model of a configuration and its parameters.
func New(c Config, p *Params) (*Model, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	want := NewParams(&c, c.dim()).Tensors()
	got := p.Tensors()
	if len(want) != len(got) {
		return nil, fmt.Errorf("model: %d tensors, the configuration asks for %d", len(got), len(want))
	}
	for i, t := range want {
		if got[i].Name != t.Name || len(got[i].Data) != len(t.Data) {
			return nil, fmt.Errorf("model: tensor %s has %d values, the configuration asks for %d of %s",
				got[i].Name, len(got[i].Data), len(t.Data), t.Name)
		}
	}
	if c.Next != nil && slices.Contains(p.Scale, 0) {
		return nil, errors.New("model: front.scale holds a 0: a value so scaled cannot be forecast")
	}
	lowest := len(p.Lower) == 0
	m := &Model{Config: c, Params: p, dim: len(p.Mean), forward: c.NewCell(p.Forward, lowest)}
	if c.HasStem() {
		m.stem = stem.New(c.Stem, c.Rate, len(p.Mean), p.Stem)
		m.dim = m.stem.Dim()
	}
	for i, w := range p.Lower {
		m.lower = append(m.lower, c.NewCell(w, i == 0))
	}
	if p.Reverse != nil {
		m.reverse = c.NewCell(p.Reverse, lowest)
	}
	return m, nil
}

// NewCell is a direction of weights w, ready to run. lowest says that it takes frames: of
// text those are codes.
func (c *Config) NewCell(w *cell.Weights, lowest bool) *cell.LSTM {
	if lowest && c.Text() {
		return cell.NewCoded(w)
	}
	return cell.New(w)
}

// Dim is D, the features of a frame as Front gives it.
func (m *Model) Dim() int { return m.dim }

// TopDim is the width of the top layer's input, of which Confirm needs T rows.
func (m *Model) TopDim() int { return m.forward.In() }

// Classes is the number of labels.
func (m *Model) Classes() int { return len(m.Config.Labels) }

// Front returns a new extractor of the model's front end, with the stem on top.
func (m *Model) Front() (feature.Extractor, error) { return m.FrontOf(m.Config.Channels) }

// FrontOf is Front for a signal of so many channels; the spectral front ends take
// any number.
func (m *Model) FrontOf(channels int) (feature.Extractor, error) {
	x, err := feature.New(m.Config.Front, m.Config.Rate, channels)
	if err != nil {
		return nil, err
	}
	if x.Dim() != len(m.Params.Mean) {
		return nil, &feature.ChannelError{Kind: m.Config.Front.Kind, Want: m.Config.Channels, Got: channels}
	}
	if m.stem != nil {
		x = m.stem.Front(x, m.Params.Mean, m.Params.Scale, channels)
	}
	return x, nil
}

// input writes a frame as the lowest layer takes it to dst: normalised, unless it
// comes from a stem.
func (m *Model) input(dst, x []float32) {
	if m.stem != nil {
		copy(dst, x)
		return
	}
	f32.Normalize(dst, x, m.Params.Mean, m.Params.Scale)
}

// State is one stream's share of the network. Saved with AppendState it
// continues on another machine to the bit, given the same kernel.
type State struct {
	layers   []*cell.State // lower ones, then the top's forward half
	reverse  *cell.State
	in       []float32 // the frame as the lowest layer takes it
	evidence []float32 // running logits; under RunningEvidence the sum so far
	logits   []float32
	both     []float32 // [h_f(T) ; h_b(1)]
	top      []float32 // the top layer's input at the last step
	steps    []float32 // one value: the steps so far, as long as a float32 can count
	last     []float32 // in, where the next forecast is made of it; nil otherwise
}

// NewState returns the state before a segment's first frame.
func (m *Model) NewState() *State {
	s := &State{in: make([]float32, m.dim), evidence: make([]float32, m.Classes()),
		logits: make([]float32, m.Classes()), both: make([]float32, 2*m.Config.Hidden), steps: make([]float32, 1)}
	for _, l := range m.lower {
		s.layers = append(s.layers, l.NewState())
	}
	s.layers = append(s.layers, m.forward.NewState())
	if m.reverse != nil {
		s.reverse = m.reverse.NewState()
	}
	s.top = s.in
	if n := len(m.lower); n > 0 {
		s.top = s.layers[n-1].H
	}
	if m.HasNext() {
		s.last = s.in
	}
	return s
}

// Reset forgets the past: the next frame is a segment's first.
func (s *State) Reset() {
	for _, l := range s.layers {
		l.Reset()
	}
	clear(s.evidence)
	clear(s.steps)
	clear(s.last)
}

// ResetElapsed counts elapsed time anew for a segment into which the state is carried: how
// sure a running label is goes by that.
func (s *State) ResetElapsed() { clear(s.steps) }

// CopyFrom makes s the state that o is, as a segmenter keeps it at the last
// frame that counts.
func (s *State) CopyFrom(o *State) {
	for i, l := range s.layers {
		l.CopyFrom(o.layers[i])
	}
	copy(s.evidence, o.evidence)
	copy(s.steps, o.steps)
	copy(s.in, o.in)
}

// Top is the top layer's input at the last Step, TopDim values: what the caller
// keeps, step after step, for Confirm. It is valid until the next Step.
func (s *State) Top() []float32 { return s.top }

// Step takes one frame of D features and writes the running head's C
// probabilities to probs; without a running head, or with probs nil, it only
// moves the state on. It allocates nothing.
func (m *Model) Step(probs []float32, s *State, x []float32) {
	if len(x) != m.dim {
		panic(fmt.Sprintf("model: Step: frame of %d features, want %d", len(x), m.dim))
	}
	m.input(s.in, x)
	in := s.in
	for i, l := range m.lower {
		l.Step(s.layers[i], in)
		in = s.layers[i].H
	}
	top := s.layers[len(m.lower)]
	m.forward.Step(top, in)
	m.running(probs, s, top.H)
}

// running writes the running head's probabilities after hidden state h.
func (m *Model) running(probs []float32, s *State, h []float32) {
	s.steps[0]++
	m.runningHead(probs, s.evidence, s.logits, h, int(s.steps[0]))
}

// runningHead takes h to logits in evidence, under RunningEvidence added to those
// of the steps before, and to probabilities unless probs is nil; scratch is C values.
// step counts from 1.
func (m *Model) runningHead(probs, evidence, scratch, h []float32, step int) {
	switch m.Config.Running {
	case RunningSoftmax:
		f32.Affine(evidence, m.Params.RunningW, m.Params.RunningB, h)
	case RunningEvidence:
		f32.Affine(scratch, m.Params.RunningW, m.Params.RunningB, h)
		for i, v := range scratch {
			evidence[i] += v
		}
	default:
		return
	}
	if probs == nil {
		return
	}
	t := 0.0
	if c := m.Config.Calibration; c != nil && c.Running != nil {
		t = c.Running[c.Tenth(step)]
	}
	softmax(probs, evidence, scratch, t)
}

// HasRunning and HasConfirm tell which heads there are.
func (m *Model) HasRunning() bool { return m.Config.Running != RunningNone }
func (m *Model) HasConfirm() bool { return m.reverse != nil }

// Confirm writes the C probabilities of the whole segment to probs: fwd is the
// state after its last frame and tops its T rows of Top. It leaves fwd's
// streaming state as it was. It panics without a confirm head or without rows.
func (m *Model) Confirm(probs []float32, fwd *State, tops []float32) {
	d := m.TopDim()
	if m.reverse == nil || len(tops) == 0 || len(tops)%d != 0 {
		panic(fmt.Sprintf("model: Confirm: %d values, want T×%d and a confirm head", len(tops), d))
	}
	fwd.reverse.Reset()
	m.reverse.Reverse(fwd.reverse, nil, tops)
	m.confirmHead(probs, fwd, fwd.layers[len(m.lower)].H, fwd.reverse.H, fwd.evidence)
}

// confirmHead takes the last states of both halves and the last running logits to
// probabilities; s is scratch.
func (m *Model) confirmHead(probs []float32, s *State, forward, reverse, evidence []float32) {
	copy(s.both[:m.Config.Hidden], forward)
	copy(s.both[m.Config.Hidden:], reverse)
	f32.Affine(s.logits, m.Params.ConfirmW, m.Params.ConfirmB, s.both)
	for i, k := range m.Params.ConfirmE {
		s.logits[i] += float32(k * evidence[i])
	}
	t := 0.0
	if c := m.Config.Calibration; c != nil {
		t = c.Confirm
	}
	softmax(probs, s.logits, s.logits, t)
}
