package model

import (
	"fmt"
	"slices"

	"inkling/cell"
)

// A Batch moves many streams on by one frame each, in one pass over the weights.
// It is scratch: the streams' states live elsewhere. One goroutine at a time.
type Batch struct {
	layers []*cell.Batch // lower ones, then the top's forward half
	in     []float32     // N×D normalised frames, then the lower layers' outputs
}

// NewBatch returns a batch with room for n streams; it grows beyond them.
func (m *Model) NewBatch(n int) *Batch {
	b := &Batch{}
	for _, l := range m.lower {
		b.layers = append(b.layers, l.NewBatch(n))
	}
	b.layers = append(b.layers, m.forward.NewBatch(n))
	return b
}

// StepBatch is Step(probs[i], states[i], xs[i]) for every i, to the bit: distinct
// states, each with a frame of D features and, unless it is nil, room for C
// probabilities. Once b has grown to their number it allocates nothing.
func (m *Model) StepBatch(b *Batch, probs [][]float32, states []*State, xs [][]float32) {
	n := len(states)
	if len(xs) != n || len(probs) != n {
		panic(fmt.Sprintf("model: StepBatch: %d states, %d frames, %d places for probabilities", n, len(xs), len(probs)))
	}
	b.in = slices.Grow(b.in[:0], n*max(m.dim, m.Config.Hidden))
	x := b.in[:n*m.dim]
	for i, s := range states {
		if len(xs[i]) != m.dim {
			panic(fmt.Sprintf("model: StepBatch: frame of %d features, want %d", len(xs[i]), m.dim))
		}
		m.input(s.in, xs[i])
		copy(x[i*m.dim:], s.in)
	}
	for i, l := range m.lower {
		x = b.step(l, i, states, x)
	}
	b.step(m.forward, len(m.lower), states, x)
	for i, s := range states {
		m.running(probs[i], s, s.layers[len(m.lower)].H)
	}
}

// step moves layer i of every stream on and returns the N×H hidden states.
func (b *Batch) step(l *cell.LSTM, i int, states []*State, x []float32) []float32 {
	c, hid := b.layers[i], l.Hidden()
	c.Resize(len(states))
	for j, s := range states {
		c.Load(j, s.layers[i])
	}
	l.StepBatch(c, x)
	x = b.in[:len(states)*hid]
	for j, s := range states {
		c.Store(j, s.layers[i])
		copy(x[j*hid:], c.H(j))
	}
	return x
}
