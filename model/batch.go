package model

import (
	"fmt"
	"slices"

	"inkling/cell"
)

// A Batch is the scratch memory of StepBatch, which advances many streams in one
// pass over the weights, and of ConfirmBatch, which confirms many segments. It holds
// no state of the streams. Only one goroutine may use it at a time.
type Batch struct {
	layers []*cell.Batch // lower layers, then the forward half of the top layer
	in     []float32     // N×D normalised frames, then outputs of the lower layers

	reverse *cell.Batch // made by the first ConfirmBatch
	order   []int       // of the segments, longest first
	tops    [][]float32 // in that order
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

// ConfirmBatch does what Confirm(probs[i], fwds[i], tops[i]) does for every i, to the
// bit. It does not allocate once b has grown to the number of segments.
func (m *Model) ConfirmBatch(b *Batch, probs [][]float32, fwds []*State, tops [][]float32) {
	n, d := len(fwds), m.TopDim()
	if m.reverse == nil || len(tops) != n || len(probs) != n {
		panic(fmt.Sprintf("model: ConfirmBatch: %d states, %d segments and %d slices of probabilities, want equal numbers and a model with a confirm head", n, len(tops), len(probs)))
	}
	if n == 0 {
		return
	}
	b.order = b.order[:0]
	for i, x := range tops {
		if len(x) == 0 || len(x)%d != 0 {
			panic(fmt.Sprintf("model: ConfirmBatch: tops of segment %d has %d values, want T×%d", i, len(x), d))
		}
		b.order = append(b.order, i)
	}
	slices.SortStableFunc(b.order, func(i, j int) int { return len(tops[j]) - len(tops[i]) })
	b.tops = b.tops[:0]
	for _, i := range b.order {
		b.tops = append(b.tops, tops[i])
	}
	if b.reverse == nil {
		b.reverse = m.reverse.NewBatch(n)
	}
	m.reverse.Sequences(b.reverse, b.tops, true, nil)
	clear(b.tops)
	w := m.borrow()
	for j, i := range b.order {
		m.confirmHead(probs[i], w, fwds[i].layers[len(m.lower)].H, b.reverse.H(j), fwds[i].evidence)
	}
	m.scratch.Put(w)
}
