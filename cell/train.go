package cell

import (
	"fmt"

	"inkling/internal/f32"
)

// A Tape keeps the activations of one Forward for Adjoint, and scratch. Rows
// are those of a packed batch, as PyTorch's PackedSequence: sequences by
// descending length, all first timesteps, then all second ones, …; active[t] is
// the number of sequences longer than t, and R the sum of active.
type Tape struct {
	active []int
	x      []float32 // R×D, the caller's
	z      []float32 // R×4H: the gates' values i, f, g, o
	c      []float32 // R×H
	h      []float32 // R×H
	h0, c0 []float32 // active[0]×H
	finalH []float32
	finalC []float32

	dz    []float32 // R×4H
	dzT   []float32 // 4H×R
	hPrev []float32 // R×H
	dh    []float32 // active[0]×H, gradient from the later step
	dc    []float32
	ih    f32.Matrix // 4H×D, for dx
	hh    f32.Matrix // 4H×H, for dh
	right f32.Matrix // R×D or R×H, for the weights' gradients
	fwdIH *f32.Matrix
	fwdHH *f32.Matrix
	owner *LSTM
}

// grow returns buf with n values, keeping its memory where it is enough.
func grow(buf []float32, n int) []float32 {
	if cap(buf) < n {
		return make([]float32, n)
	}
	return buf[:n]
}

// Forward runs a packed batch x (R×D) and returns every h (R×H), valid until the
// next Forward on the tape. h0 and c0 (active[0]×H) are the states before the
// first timestep; nil is zero. x must stay unchanged until Adjoint.
func (l *LSTM) Forward(tp *Tape, active []int, x, h0, c0 []float32) []float32 {
	d, hid := l.in, l.hidden
	rows := total(active)
	if len(x) != rows*d {
		panic(fmt.Sprintf("cell: Forward: %d inputs, want %d rows of %d", len(x), rows, d))
	}
	tp.start(l, active, x, rows, h0, c0)
	for r := range rows {
		copy(tp.z[r*4*hid:(r+1)*4*hid], l.bias)
	}
	tp.fwdIH.MulAdd(tp.z, 4*hid, x, d, rows)
	hPrev, cPrev, at := tp.h0, tp.c0, 0
	for _, n := range active {
		z := tp.z[at*4*hid : (at+n)*4*hid]
		tp.fwdHH.MulAdd(z, 4*hid, hPrev, hid, n)
		c, h := tp.c[at*hid:(at+n)*hid], tp.h[at*hid:(at+n)*hid]
		copy(c, cPrev[:n*hid])
		for i := range n {
			f32.Gates(h[i*hid:], c[i*hid:], z[i*4*hid:(i+1)*4*hid], hid)
		}
		hPrev, cPrev = h, c
		at += n
	}
	return tp.h
}

func total(active []int) (rows int) {
	for t, n := range active {
		if n < 1 || (t > 0 && n > active[t-1]) {
			panic("cell: active must be positive and never rise")
		}
		rows += n
	}
	return rows
}

func (tp *Tape) start(l *LSTM, active []int, x []float32, rows int, h0, c0 []float32) {
	hid := l.hidden
	if tp.owner != l {
		tp.owner, tp.fwdIH, tp.fwdHH = l, l.ih.Clone(), l.hh.Clone()
	}
	tp.active, tp.x = active, x
	tp.z, tp.c, tp.h = grow(tp.z, rows*4*hid), grow(tp.c, rows*hid), grow(tp.h, rows*hid)
	n := 0
	if len(active) > 0 {
		n = active[0]
	}
	tp.h0, tp.c0 = initial(tp.h0, h0, n*hid), initial(tp.c0, c0, n*hid)
}

func initial(buf, src []float32, n int) []float32 {
	buf = grow(buf, n)
	if src == nil {
		clear(buf)
		return buf
	}
	if len(src) != n {
		panic(fmt.Sprintf("cell: initial state of %d values, want %d", len(src), n))
	}
	copy(buf, src)
	return buf
}

// Final returns h and c after each sequence's last timestep, in batch order
// (active[0]×H each), valid until the next call on the tape.
func (tp *Tape) Final() (h, c []float32) {
	hid := tp.owner.hidden
	tp.finalH, tp.finalC = grow(tp.finalH, len(tp.h0)), grow(tp.finalC, len(tp.h0))
	at := 0
	for _, n := range tp.active {
		copy(tp.finalH, tp.h[at*hid:(at+n)*hid])
		copy(tp.finalC, tp.c[at*hid:(at+n)*hid])
		at += n
	}
	return tp.finalH, tp.finalC
}

// Adjoint is the reverse of the last Forward on the tape: from dh (R×H), the
// loss's gradient on every h, it adds the gradient on the weights to grad and,
// unless dx is nil, writes the one on the inputs to dx (R×D). w are the weights
// that Forward ran with. No gradient flows into h0 and c0.
func (l *LSTM) Adjoint(tp *Tape, w, grad *Weights, dx, dh []float32) {
	d, hid := l.in, l.hidden
	rows := len(tp.h) / hid
	if len(dh) != rows*hid || (dx != nil && len(dx) != rows*d) {
		panic(fmt.Sprintf("cell: Adjoint: gradients of %d and %d values, want %d rows of %d and %d", len(dh), len(dx), rows, hid, d))
	}
	tp.backThroughTime(w, dh, rows)
	if dx != nil {
		tp.ih.Pack(w.IH, 4*hid, d, d, 1)
		clear(dx)
		tp.ih.MulAdd(dx, d, tp.dz, 4*hid, rows)
	}
	tp.dzT = grow(tp.dzT, 4*hid*rows)
	f32.Transpose(tp.dzT, tp.dz, rows, 4*hid)
	tp.right.Pack(tp.x, rows, d, d, 1)
	tp.right.MulAdd(grad.IH, d, tp.dzT, rows, 4*hid)
	tp.right.Pack(tp.previousH(rows), rows, hid, hid, 1)
	tp.right.MulAdd(grad.HH, hid, tp.dzT, rows, 4*hid)
	for r := range rows {
		f32.Axpy(grad.BiasIH, 1, tp.dz[r*4*hid:(r+1)*4*hid])
		f32.Axpy(grad.BiasHH, 1, tp.dz[r*4*hid:(r+1)*4*hid])
	}
}

// backThroughTime fills dz, the gradient on the gates' sums of every row.
func (tp *Tape) backThroughTime(w *Weights, dh []float32, rows int) {
	hid := w.Hidden
	tp.hh.Pack(w.HH, 4*hid, hid, hid, 1)
	tp.dz = grow(tp.dz, rows*4*hid)
	tp.dh, tp.dc = grow(tp.dh, len(tp.h0)), grow(tp.dc, len(tp.h0))
	clear(tp.dh)
	clear(tp.dc)
	at := rows
	for t := len(tp.active) - 1; t >= 0; t-- {
		n := tp.active[t]
		at -= n
		cPrev := tp.c0
		if t > 0 {
			cPrev = tp.c[(at-tp.active[t-1])*hid:]
		}
		f32.Axpy(tp.dh, 1, dh[at*hid:(at+n)*hid])
		for i := range n {
			r := at + i
			f32.GatesAdjoint(tp.dz[r*4*hid:(r+1)*4*hid], tp.dc[i*hid:(i+1)*hid], tp.dh[i*hid:(i+1)*hid],
				tp.z[r*4*hid:(r+1)*4*hid], tp.c[r*hid:(r+1)*hid], cPrev[i*hid:(i+1)*hid])
		}
		clear(tp.dh[:n*hid])
		tp.hh.MulAdd(tp.dh, hid, tp.dz[at*4*hid:(at+n)*4*hid], 4*hid, n)
	}
}

// previousH lists, row by row, the h that each row's step started from.
func (tp *Tape) previousH(rows int) []float32 {
	hid := tp.owner.hidden
	tp.hPrev = grow(tp.hPrev, rows*hid)
	at, before := 0, tp.h0
	for _, n := range tp.active {
		copy(tp.hPrev[at*hid:(at+n)*hid], before)
		before = tp.h[at*hid:]
		at += n
	}
	return tp.hPrev
}
