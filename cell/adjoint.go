package cell

import (
	"fmt"

	"inkling/internal/f32"
)

// Adjoint's part of a Tape.
type adjoint struct {
	dh, dc []float32 // active[0] rows: gradients from the later step; dh padded to panels
	dx     []float32 // rows of dx, padded to panels
}

// transposed are the weights as Adjoint takes them.
type transposed struct {
	ih, hh f32.Matrix // 4H×D and 4H×H
	ready  bool
}

// PackAdjoint takes the values of w, with which l was packed, for Adjoint. Like
// Pack it is for training.
func (l *LSTM) PackAdjoint(w *Weights) {
	l.t.hh.PackGatesTransposed(w.HH, l.hidden, l.hidden)
	l.t.ih.PackGatesTransposed(w.IH, l.hidden, l.in)
	l.t.ready = true
}

// A Gradient is the gradient on a direction's weights as Adjoint sums it up: rows
// [bias | W_ihᵀ | W_hhᵀ] of the gates' sums.
type Gradient struct {
	in, hidden, stride int
	sums               []float32 // (1+D+H)×stride
}

// NewGradient returns a zero gradient on l's weights.
func (l *LSTM) NewGradient() *Gradient {
	return &Gradient{in: l.in, hidden: l.hidden, stride: len(l.bias), sums: make([]float32, (1+l.in+l.hidden)*len(l.bias))}
}

// Zero makes g zero again.
func (g *Gradient) Zero() { clear(g.sums) }

// Add is g += o, of the same shape.
func (g *Gradient) Add(o *Gradient) { f32.Axpy(g.sums, 1, o.sums) }

// AddTo adds g to w, a gradient in the layout of the weights.
func (g *Gradient) AddTo(w *Weights) {
	if w.In != g.in || w.Hidden != g.hidden {
		panic(fmt.Sprintf("cell: AddTo: weights %d→%d, want %d→%d", w.In, w.Hidden, g.in, g.hidden))
	}
	f32.AddGateRows(w.BiasIH, g.sums, g.hidden, 1, g.stride)
	f32.AddGateRows(w.BiasHH, g.sums, g.hidden, 1, g.stride)
	f32.AddGateRows(w.IH, g.sums[g.stride:], g.hidden, g.in, g.stride)
	f32.AddGateRows(w.HH, g.sums[(1+g.in)*g.stride:], g.hidden, g.hidden, g.stride)
}

// blockRows is the least number of rows whose weight gradients are taken at once:
// enough for a product to be worth while, few enough to stay in the second cache
// level.
const blockRows = 128

// Adjoint is the reverse of the last Forward on the tape: from dh (R×H), the
// loss's gradient on every h, it adds the gradient on the weights to grad and,
// unless dx is nil, writes the one on the inputs to dx (R×D). PackAdjoint must
// have taken the weights that Forward ran with. No gradient flows into h0 and c0.
// It uses the tape up: one Adjoint a Forward.
func (l *LSTM) Adjoint(tp *Tape, grad *Gradient, dx, dh []float32) {
	d, hid := l.in, l.hidden
	rows := len(tp.h) / hid
	if len(dh) != rows*hid || (dx != nil && len(dx) != rows*d) || grad.in != d || grad.hidden != hid {
		panic(fmt.Sprintf("cell: Adjoint: gradients of %d and %d values, want %d rows of %d and %d", len(dh), len(dx), rows, hid, d))
	}
	if !tp.ready || tp.hidden != hid || !l.t.ready {
		panic("cell: Adjoint: the tape holds no Forward of this direction, or PackAdjoint is missing")
	}
	tp.ready = false
	a := &tp.adjoint
	a.dh, a.dc = zeroed(a.dh, len(tp.h0)/hid*f32.Padded(hid)), zeroed(a.dc, len(tp.h0))
	end := rows
	for t := len(tp.active) - 1; t >= 0; t-- {
		l.stepBack(tp, t, dh)
		if at := tp.start[t]; end-at >= blockRows || t == 0 {
			grad.addRows(tp, at, end)
			if dx != nil {
				l.inputGradient(tp, dx[at*d:end*d], at, end)
			}
			end = at
		}
	}
}

// stepBack makes the z of timestep t the gradient on its sums and leaves the
// gradients on the state before it in dh and dc.
func (l *LSTM) stepBack(tp *Tape, t int, dh []float32) {
	a, hid, n, at := &tp.adjoint, tp.hidden, tp.active[t], tp.start[t]
	ld := f32.Padded(hid)
	for i := range n {
		f32.Axpy(a.dh[i*ld:i*ld+hid], 1, dh[(at+i)*hid:(at+i+1)*hid])
	}
	cPrev := tp.c0
	if t > 0 {
		cPrev = tp.c[tp.start[t-1]*hid:]
	}
	z := tp.z[at*tp.stride : (at+n)*tp.stride]
	f32.GatesAdjoint(z, a.dc, a.dh, tp.h[at*hid:(at+n)*hid], cPrev, n, hid, tp.stride, ld)
	if t > 0 {
		clear(a.dh[:n*ld])
		l.t.hh.MulAdd(a.dh, ld, z, tp.stride, n)
	}
}

// addRows adds the share of the rows from at to end: inputsᵀ·z.
func (g *Gradient) addRows(tp *Tape, at, end int) {
	f32.MulAddTransposed(g.sums, g.stride, tp.inputs[at*tp.width:end*tp.width], tp.width,
		tp.z[at*tp.stride:end*tp.stride], tp.stride, tp.width, f32.Padded(4*g.hidden), end-at)
}

// inputGradient writes dx of the rows from at to end.
func (l *LSTM) inputGradient(tp *Tape, dx []float32, at, end int) {
	a, d := &tp.adjoint, l.in
	ld := f32.Padded(d)
	a.dx = zeroed(a.dx, (end-at)*ld)
	l.t.ih.MulAdd(a.dx, ld, tp.z[at*tp.stride:end*tp.stride], tp.stride, end-at)
	for i := range end - at {
		copy(dx[i*d:(i+1)*d], a.dx[i*ld:])
	}
}

func zeroed(buf []float32, n int) []float32 {
	buf = grow(buf, n)
	clear(buf)
	return buf
}
