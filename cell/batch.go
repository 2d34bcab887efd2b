package cell

import (
	"fmt"

	"inkling/internal/f32"
)

// A Batch is the states of N streams that StepBatch moves on together. Streams
// that live elsewhere are brought in by Load and taken out by Store.
type Batch struct {
	n, in, hidden int
	h, c          []float32 // N×H
	xh            []float32 // N rows [x | the previous h]
	z             []float32 // scratch
}

// NewBatch returns a batch of n streams, each in the zero state.
func (l *LSTM) NewBatch(n int) *Batch {
	b := &Batch{in: l.in, hidden: l.hidden}
	b.Resize(n)
	return b
}

// Resize makes b a batch of n streams. The first of those that were in it keep
// their states, others have none until Load or Reset. It allocates only when n
// was never as large before.
func (b *Batch) Resize(n int) {
	b.n = n
	if n*b.hidden > len(b.h) {
		b.h, b.c = extend(b.h, n*b.hidden), extend(b.c, n*b.hidden)
		b.xh = make([]float32, n*(b.in+b.hidden))
		b.z = grow(b.z, f32.RowsScratch(n))
	}
}

// extend returns n values that begin with those of buf.
func extend(buf []float32, n int) []float32 {
	out := make([]float32, n)
	copy(out, buf)
	return out
}

// Len is N.
func (b *Batch) Len() int { return b.n }

// Load makes stream i's state that of s, Store the reverse.
func (b *Batch) Load(i int, s *State) {
	copy(b.H(i), s.H)
	copy(b.cell(i), s.C)
}

func (b *Batch) Store(i int, s *State) {
	copy(s.H, b.H(i))
	copy(s.C, b.cell(i))
}

// Reset makes stream i's state zero.
func (b *Batch) Reset(i int) {
	clear(b.H(i))
	clear(b.cell(i))
}

// H is stream i's hidden state, valid until the next call on b.
func (b *Batch) H(i int) []float32 { return b.h[i*b.hidden : (i+1)*b.hidden] }

func (b *Batch) cell(i int) []float32 { return b.c[i*b.hidden : (i+1)*b.hidden] }

// StepBatch moves every stream of b on by one timestep: x has N×D features. To
// the bit it is Step of each. It allocates nothing.
func (l *LSTM) StepBatch(b *Batch, x []float32) {
	if len(x) != b.n*l.in || b.hidden != l.hidden || b.in != l.in {
		panic(fmt.Sprintf("cell: StepBatch: %d inputs, %d streams %d→%d, want N×%d and %d→%d", len(x), b.n, b.in, b.hidden, l.in, l.in, l.hidden))
	}
	width := l.in + l.hidden
	for i := range b.n {
		row := b.xh[i*width : (i+1)*width]
		copy(row, x[i*l.in:(i+1)*l.in])
		copy(row[l.in:], b.H(i))
	}
	f32.Rows(b.h, b.c, b.c, b.xh, l.bias, b.z, &l.w, b.n, l.hidden, width, 0, false)
}
