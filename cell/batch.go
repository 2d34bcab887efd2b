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
	xh            []float32 // scratch: rows [x | the previous h]
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
		b.xh = grow(b.xh, min(n, f32.RowsAtOnce)*(b.in+b.hidden))
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
	for i := 0; i < b.n; i += f32.RowsAtOnce {
		n := min(f32.RowsAtOnce, b.n-i)
		l.stepRows(b, i, n, x[i*l.in:(i+n)*l.in])
	}
}

// stepRows moves n streams from the first one on.
func (l *LSTM) stepRows(b *Batch, first, n int, x []float32) {
	width, hid := l.in+l.hidden, l.hidden
	h, c := b.h[first*hid:(first+n)*hid], b.c[first*hid:(first+n)*hid]
	for i := range n {
		row := b.xh[i*width : (i+1)*width]
		copy(row, x[i*l.in:(i+1)*l.in])
		copy(row[l.in:], h[i*hid:(i+1)*hid])
	}
	f32.Rows(h, c, c, b.xh, l.bias, b.z, &l.w, n, hid, width, 0, false)
}
