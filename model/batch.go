package model

import (
	"fmt"
	"slices"

	"inkling/cell"
)

// A Batch is the scratch memory of StepBatch, which advances many streams in one
// pass over the weights. It holds no state of the streams. Only one goroutine may
// use it at a time.
type Batch struct {
	layers []*cell.Batch // lower layers, then the forward half of the top layer
	in     []float32     // N×D normalised frames, then outputs of the lower layers
}

// NewBatch returns a batch with room for n streams. It grows as needed.
func (m *Model) NewBatch(n int) *Batch {
	b := &Batch{}
	for _, l := range m.lower {
		b.layers = append(b.layers, l.NewBatch(n))
	}
	b.layers = append(b.layers, m.forward.NewBatch(n))
	return b
}

// StepBatch does what Step(probs[i], states[i], xs[i]) does for every i, to the bit.
// The states must be distinct. Each xs[i] is a frame of D features, and each probs[i]
// has room for C probabilities or is nil. StepBatch does not allocate once b has
// grown to the number of states.
func (m *Model) StepBatch(b *Batch, probs [][]float32, states []*State, xs [][]float32) {
	n := len(states)
	if len(xs) != n || len(probs) != n {
		panic(fmt.Sprintf("model: StepBatch: %d states, %d frames and %d slices of probabilities, want equal numbers", n, len(xs), len(probs)))
	}
	b.in = slices.Grow(b.in[:0], n*max(m.dim, m.Config.Hidden))
	x := b.in[:n*m.dim]
	for i, s := range states {
		if len(xs[i]) != m.dim {
			panic(fmt.Sprintf("model: StepBatch: frame %d has %d features, want %d", i, len(xs[i]), m.dim))
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

// step advances layer i of every stream and returns the N×H hidden states.
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
