package cell

import (
	"fmt"

	"inkling/internal/f32"
)

// adjoint is Adjoint's part of a Tape.
type adjoint struct {
	dh, dc []float32  // active[0] rows: gradients from the later step; dh padded to panels
	ih, hh f32.Matrix // 4H×D and 4H×H
	sums   []float32  // (1+D+H) rows of sums: the weights' gradient, transposed
	dx     []float32  // rows of dx, padded to panels
}

// blockRows is the least number of rows whose weight gradients are taken at once:
// enough for a product to be worth while, few enough to stay in the second cache
// level.
const blockRows = 128

// Adjoint is the reverse of the last Forward on the tape: from dh (R×H), the
// loss's gradient on every h, it adds the gradient on the weights to grad and,
// unless dx is nil, writes the one on the inputs to dx (R×D). w are the weights
// that Forward ran with. No gradient flows into h0 and c0. It uses the tape up:
// one Adjoint a Forward.
func (l *LSTM) Adjoint(tp *Tape, w, grad *Weights, dx, dh []float32) {
	d, hid := l.in, l.hidden
	rows := len(tp.h) / hid
	if len(dh) != rows*hid || (dx != nil && len(dx) != rows*d) {
		panic(fmt.Sprintf("cell: Adjoint: gradients of %d and %d values, want %d rows of %d and %d", len(dh), len(dx), rows, hid, d))
	}
	if !tp.ready || tp.hidden != hid {
		panic("cell: Adjoint: the tape holds no Forward of this direction")
	}
	tp.ready = false
	a := &tp.adjoint
	a.hh.PackGatesTransposed(w.HH, hid, hid)
	if dx != nil {
		a.ih.PackGatesTransposed(w.IH, hid, d)
	}
	a.sums = zeroed(a.sums, (1+d+hid)*tp.stride)
	a.dh, a.dc = zeroed(a.dh, len(tp.h0)/hid*f32.Padded(hid)), zeroed(a.dc, len(tp.h0))
	end := rows
	for t := len(tp.active) - 1; t >= 0; t-- {
		tp.stepBack(t, dh)
		if at := tp.start[t]; end-at >= blockRows || t == 0 {
			tp.addWeightGradient(at, end)
			if dx != nil {
				tp.inputGradient(dx[at*d:end*d], at, end)
			}
			end = at
		}
	}
	a.addTo(grad, tp.stride)
}

// stepBack makes the z of timestep t the gradient on its sums and leaves the
// gradients on the state before it in dh and dc.
func (tp *Tape) stepBack(t int, dh []float32) {
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
		a.hh.MulAdd(a.dh, ld, z, tp.stride, n)
	}
}

// addWeightGradient adds the share of the rows from at to end to the weights'
// gradient: inputsᵀ·z.
func (tp *Tape) addWeightGradient(at, end int) {
	f32.MulAddTransposed(tp.adjoint.sums, tp.stride, tp.inputs[at*tp.width:end*tp.width], tp.width,
		tp.z[at*tp.stride:end*tp.stride], tp.stride, tp.width, f32.Padded(4*tp.hidden), end-at)
}

// inputGradient writes dx of the rows from at to end.
func (tp *Tape) inputGradient(dx []float32, at, end int) {
	a := &tp.adjoint
	d, ld := a.ih.N, f32.Padded(a.ih.N)
	a.dx = zeroed(a.dx, (end-at)*ld)
	a.ih.MulAdd(a.dx, ld, tp.z[at*tp.stride:end*tp.stride], tp.stride, end-at)
	for i := range end - at {
		copy(dx[i*d:(i+1)*d], a.dx[i*ld:])
	}
}

// addTo adds the sums of the weights' gradient to grad.
func (a *adjoint) addTo(grad *Weights, stride int) {
	d, hid := grad.In, grad.Hidden
	f32.AddGateRows(grad.BiasIH, a.sums, hid, 1, stride)
	f32.AddGateRows(grad.BiasHH, a.sums, hid, 1, stride)
	f32.AddGateRows(grad.IH, a.sums[stride:], hid, d, stride)
	f32.AddGateRows(grad.HH, a.sums[(1+d)*stride:], hid, hid, stride)
}

func zeroed(buf []float32, n int) []float32 {
	buf = grow(buf, n)
	clear(buf)
	return buf
}
