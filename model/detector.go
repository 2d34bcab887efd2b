package model

import (
	"errors"
	"fmt"

	"inkling/cell"
	"inkling/internal/f32"
	"inkling/model/feature"
	"inkling/model/segment"
)

// DetectorConfig describes the detector: a small LSTM over the front end's frames whose
// state is carried for as long as a stream lasts, with one sigmoid output, the probability
// that one of the labels is sounding. The segmenter segment.Label opens and closes segments
// by it.
type DetectorConfig struct {
	Hidden int `json:"hidden"` // LSTM units
}

// maxDetector bounds the units of a detector, which is to be small.
const maxDetector = 1024

// checkDetector reports a detector over frames that it cannot follow for ever.
func (c *Config) checkDetector() error {
	d := c.Detector
	switch {
	case d == nil && c.Segment.Kind == segment.Label:
		return fmt.Errorf("segment: kind %s needs a detector, and this model has none: train one with it, or use %s", segment.Label, segment.Activity)
	case d == nil:
		return nil
	case d.Hidden < 1 || d.Hidden > maxDetector:
		return fmt.Errorf("model: detector: hidden: %d, want 1 to %d", d.Hidden, maxDetector)
	case c.Next != nil, c.Text(), c.HasStem(), c.Front.Context > 0:
		return errors.New("model: detector: it goes with labels of signals, over a front end without a stem, a context or characters: leave it out")
	}
	return nil
}

// HasDetector reports whether the model can say whether one of its labels is sounding.
func (m *Model) HasDetector() bool { return m.detector != nil }

// A Detector is the model's detector on one stream, with its state. It serves one goroutine
// at a time.
type Detector struct {
	m     *Model
	state *cell.State
	in    []float32
	head  headScratch
}

// NewDetector returns a detector with a state of zero, or nil if the model has none.
func (m *Model) NewDetector() *Detector {
	if m.detector == nil {
		return nil
	}
	return &Detector{m: m, state: m.detector.NewState(), in: make([]float32, m.detector.In())}
}

// Model returns the model that the detector is of.
func (d *Detector) Model() *Model { return d.m }

// Front returns a front end for the detector. Its frames begin with the stream, not with a
// segment, so it is another than that of the segments.
func (d *Detector) Front() (feature.Extractor, error) { return d.m.Front() }

// Hear advances the detector by one frame of D features and returns the probability, from 0
// to 1, that one of the labels is sounding:
//
//	h(t), c(t) = LSTM(frame, h(t-1), c(t-1)); p(t) = sigmoid(w·h(t) + b)
func (d *Detector) Hear(frame []float32) float32 {
	f32.Normalize(d.in, frame, d.m.Params.Mean, d.m.Params.Scale)
	d.m.detector.Step(d.state, d.in)
	return d.answer()
}

func (d *Detector) answer() float32 {
	var p [2]float32
	d.m.heads.detector.logits(p[1:], &d.head, d.state.H)
	f32.Softmax(p[:], p[:])
	return p[1]
}

// Reset forgets everything that was heard.
func (d *Detector) Reset() { d.state.Reset() }

// AppendState appends the state to dst as cell.State.Append does.
func (d *Detector) AppendState(dst []byte) []byte { return d.state.Append(dst) }

// Restore reads what AppendState wrote from the front of data, and returns the rest.
func (d *Detector) Restore(data []byte) ([]byte, error) {
	rest, err := d.state.Restore(data)
	if err != nil {
		return nil, fmt.Errorf("model: the saved state of the detector: %w", err)
	}
	return rest, nil
}

// A DetectorBatch is the scratch memory of HearBatch. Only one goroutine may use it at a
// time.
type DetectorBatch struct {
	cells *cell.Batch
	in    []float32
}

// HearBatch does what ps[i] = ds[i].Hear(frames[i]) does for every i, to the bit, in one
// pass over the weights. The detectors must be distinct and of m. It does not allocate once
// b has grown to their number.
func (m *Model) HearBatch(b *DetectorBatch, ps []float32, ds []*Detector, frames [][]float32) {
	n, dim := len(ds), m.detector.In()
	if b.cells == nil {
		b.cells = m.detector.NewBatch(n)
	}
	b.cells.Resize(n)
	b.in = f32.Grow(b.in, n*dim)
	for i, d := range ds {
		b.cells.Load(i, d.state)
		f32.Normalize(b.in[i*dim:][:dim], frames[i], m.Params.Mean, m.Params.Scale)
	}
	m.detector.StepBatch(b.cells, b.in)
	for i, d := range ds {
		b.cells.Store(i, d.state)
		ps[i] = d.answer()
	}
}
