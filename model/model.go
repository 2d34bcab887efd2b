// Package model implements the network: a stack of LSTM layers with two heads.
//
//	x_1 … x_t … x_T                                frames of D features
//	forward   h_f(t) = LSTM_f(x_t, state)          one step at a time, as they arrive
//	running   softmax(R·h_f(t) + r)                a label per step
//	backward  h_b(1) = LSTM_b(x_T … x_1)           only when the segment has ended
//	confirm   softmax(C·[h_f(T) ; h_b(1)] + c)     the full bidirectional, last-mode network,
//	                                               optionally + e∘(the running logits at T)
//
// Load reads a model file, and Front returns the extractor that turns samples into
// frames. Step computes the first two lines as frames arrive, Confirm the last two
// when the segment has ended, and Predict all four for a whole segment. They agree
// to the bit.
//
// A network that predicts the next frame has neither of these heads but the one that
// Next describes.
package model

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"inkling/cell"
	"inkling/internal/f32"
	"inkling/internal/shared"
	"inkling/model/feature"
	"inkling/model/stem"
)

// A Model is a network with its weights packed. It is immutable, so any number of
// streams may share it.
type Model struct {
	Config Config
	Params *Params // read only: the layers use packed copies

	dim      int
	stem     *stem.Stem // nil: none
	lower    []*cell.LSTM
	forward  *cell.LSTM
	reverse  *cell.LSTM
	detector *cell.LSTM // nil: none
	heads    heads
	once     sync.Once
	hash     string
	selfTest string // of the file that it was read from; "": none
	scratch  shared.Pool[scratch]
}

// New returns the model with configuration c and parameters p.
func New(c Config, p *Params) (*Model, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	want := NewParams(&c, c.dim()).Tensors()
	got := p.Tensors()
	if len(want) != len(got) {
		return nil, fmt.Errorf("model: the parameters have %d tensors, the configuration needs %d", len(got), len(want))
	}
	for i, t := range want {
		if got[i].Name != t.Name || len(got[i].Data) != len(t.Data) {
			return nil, fmt.Errorf("model: tensor %d is %s with %d values, the configuration needs %s with %d",
				i, got[i].Name, len(got[i].Data), t.Name, len(t.Data))
		}
	}
	if c.Next != nil && slices.Contains(p.Scale, 0) {
		return nil, errors.New("model: tensor front.scale contains 0: a value with that scale cannot be forecast")
	}
	for _, w := range p.cells() {
		if err := w.Check(); err != nil {
			return nil, fmt.Errorf("model: %w", err)
		}
	}
	heads, err := newHeads(p)
	if err != nil {
		return nil, err
	}
	lowest := len(p.Lower) == 0
	m := &Model{heads: heads, Config: c, Params: p, dim: len(p.Mean), forward: c.NewCell(p.Forward, lowest)}
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
	if p.Detector != nil {
		m.detector = cell.New(p.Detector)
	}
	return m, nil
}

// heads are those of a network; without weights where it has none.
type heads struct{ running, confirm, next, detector head }

func newHeads(p *Params) (h heads, err error) {
	for _, x := range []struct {
		h          *head
		w, b, rows []float32
	}{{&h.running, p.RunningW, p.RunningB, p.RunningRows}, {&h.confirm, p.ConfirmW, p.ConfirmB, p.ConfirmRows},
		{&h.next, p.NextW, p.NextB, p.NextRows}, {&h.detector, p.DetectorW, p.DetectorB, p.DetectorRows}} {
		if *x.h, err = newHead(x.w, x.b, x.rows); err != nil {
			return h, err
		}
	}
	return h, nil
}

// NewCell returns an LSTM with the weights w. lowest says that its inputs are the
// model's frames, which are codes if the model reads text.
func (c *Config) NewCell(w *cell.Weights, lowest bool) *cell.LSTM {
	if lowest && c.Text() {
		return cell.NewCoded(w)
	}
	return cell.New(w)
}

// Dim returns D, the number of features of the frames that Front gives.
func (m *Model) Dim() int { return m.dim }

// TopDim returns the number of inputs of the top layer. Confirm needs them for every
// step.
func (m *Model) TopDim() int { return m.forward.In() }

// Classes returns C, the number of labels.
func (m *Model) Classes() int { return len(m.Config.Labels) }

// Front returns a new extractor: the model's front end, followed by its stem.
func (m *Model) Front() (feature.Extractor, error) { return m.FrontOf(m.Config.Channels) }

// FrontOf is Front for a signal with the given number of channels. The spectral
// front ends accept any number, others only the model's.
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

// input writes to dst the lowest layer's input for frame x: the normalised frame, or
// the frame itself if it comes from a stem.
func (m *Model) input(dst, x []float32) {
	if m.stem != nil {
		copy(dst, x)
		return
	}
	f32.Normalize(dst, x, m.Params.Mean, m.Params.Scale)
}

// A State is the state of one stream. After AppendState and Restore, a stream
// continues on another machine to the bit, given the same kernel.
type State struct {
	layers   []*cell.State // lower layers, then the forward half of the top layer
	in       []float32     // input of the lowest layer
	evidence []float32     // running logits; with RunningEvidence their sum so far
	top      []float32     // input of the top layer at the last step
	steps    []float32     // one value: steps so far, exact up to 2^24
	last     []float32     // same as in if the next forecast depends on it, else nil
}

// A scratch is the memory of one call.
type scratch struct {
	reverse *cell.State // nil without a confirm head
	logits  []float32
	both    []float32 // [h_f(T) ; h_b(1)]
	head    headScratch
}

// borrow returns scratch memory, to be put back into m.scratch.
func (m *Model) borrow() *scratch {
	w := m.scratch.Get()
	if w.logits == nil {
		w.logits, w.both = make([]float32, m.Classes()), make([]float32, 2*m.Config.Hidden)
		if m.reverse != nil {
			w.reverse = m.reverse.NewState()
		}
	}
	return w
}

// NewState returns the state before a segment's first frame.
func (m *Model) NewState() *State {
	d, c := m.dim, m.Classes()
	buf := make([]float32, d+c+1)
	s := &State{in: buf[:d:d], evidence: buf[d:][:c:c], steps: buf[d+c:], layers: make([]*cell.State, 0, 1+len(m.lower))}
	for _, l := range m.lower {
		s.layers = append(s.layers, l.NewState())
	}
	s.layers = append(s.layers, m.forward.NewState())
	s.top = s.in
	if n := len(m.lower); n > 0 {
		s.top = s.layers[n-1].H
	}
	if m.HasNext() {
		s.last = s.in
	}
	return s
}

// Reset returns s to the state before a segment's first frame.
func (s *State) Reset() {
	for _, l := range s.layers {
		l.Reset()
	}
	clear(s.evidence)
	clear(s.steps)
	clear(s.last)
}

// ResetElapsed restarts the count of steps, on which the running head's calibration
// depends. Call it at the start of a segment into which the state is carried.
func (s *State) ResetElapsed() { clear(s.steps) }

// CopyFrom copies o to s.
func (s *State) CopyFrom(o *State) {
	for i, l := range s.layers {
		l.CopyFrom(o.layers[i])
	}
	copy(s.evidence, o.evidence)
	copy(s.steps, o.steps)
	copy(s.in, o.in)
}

// Top returns the input of the top layer at the last Step, TopDim values. Append it
// to a slice after every step to have the rows for Confirm. It is valid until the
// next Step.
func (s *State) Top() []float32 { return s.top }

// Step advances s by one frame x of D features and writes the C probabilities of the
// running head to probs. If there is no running head or probs is nil, it only
// advances s. It does not allocate.
func (m *Model) Step(probs []float32, s *State, x []float32) {
	if len(x) != m.dim {
		panic(fmt.Sprintf("model: Step: the frame has %d features, want %d", len(x), m.dim))
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

// running writes the probabilities of the running head for hidden state h.
func (m *Model) running(probs []float32, s *State, h []float32) {
	s.steps[0]++
	w := m.borrow()
	m.runningHead(probs, s.evidence, w, h, int(s.steps[0]))
	m.scratch.Put(w)
}

// runningHead computes the logits of h in evidence, which with RunningEvidence sums
// them over the steps, and unless probs is nil their probabilities. step counts from
// 1.
func (m *Model) runningHead(probs, evidence []float32, w *scratch, h []float32, step int) {
	switch m.Config.Running {
	case RunningSoftmax:
		m.heads.running.logits(evidence, &w.head, h)
	case RunningEvidence:
		m.heads.running.logits(w.logits, &w.head, h)
		for i, v := range w.logits {
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
	softmax(probs, evidence, w.logits, t)
}

// HasRunning reports whether there is a running head.
func (m *Model) HasRunning() bool { return m.Config.Running != RunningNone }

// HasConfirm reports whether there is a confirm head.
func (m *Model) HasConfirm() bool { return m.reverse != nil }

// Confirm writes the C probabilities of a whole segment to probs. fwd is the state
// after the segment's last frame, and tops holds the T rows that Top returned during
// the segment. fwd may go on streaming afterwards. Confirm panics if there is no
// confirm head or no row.
func (m *Model) Confirm(probs []float32, fwd *State, tops []float32) {
	d := m.TopDim()
	if m.reverse == nil || len(tops) == 0 || len(tops)%d != 0 {
		panic(fmt.Sprintf("model: Confirm: tops has %d values, want T×%d and a model with a confirm head", len(tops), d))
	}
	w := m.borrow()
	w.reverse.Reset()
	m.reverse.Reverse(w.reverse, nil, tops)
	m.confirmHead(probs, w, fwd.layers[len(m.lower)].H, w.reverse.H, fwd.evidence)
	m.scratch.Put(w)
}

// confirmHead computes the probabilities from the last states of both halves and the
// last running logits.
func (m *Model) confirmHead(probs []float32, w *scratch, forward, reverse, evidence []float32) {
	copy(w.both[:m.Config.Hidden], forward)
	copy(w.both[m.Config.Hidden:], reverse)
	m.heads.confirm.logits(w.logits, &w.head, w.both)
	for i, k := range m.Params.ConfirmE {
		w.logits[i] += float32(k * evidence[i])
	}
	t := 0.0
	if c := m.Config.Calibration; c != nil {
		t = c.Confirm
	}
	softmax(probs, w.logits, w.logits, t)
}
