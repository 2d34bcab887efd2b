package cell

import (
	"fmt"

	"inkling/internal/f32"
)

// Backward's part of a Tape.
type backward struct {
	dh, dc []float32 // active[0] rows: gradients from the later step; dh padded to panels
	dx     []float32 // rows of dx, padded to panels
}

// transposed are the weights as Backward takes them.
type transposed struct {
	ih, hh f32.Matrix // 4H×D and 4H×H
	ready  bool
	inputs bool // ih is packed
}

// PackBackward takes the values of w, with which l was packed, for Backward; with
// inputs also for the gradient on the inputs, which codes have not. Like Pack it is
// for training.
func (l *LSTM) PackBackward(w *Weights, inputs bool) {
	l.t.hh.PackGatesTransposed(w.HH, l.hidden, l.hidden)
	if inputs {
		if l.codes > 0 {
			panic("cell: PackBackward: codes have no gradient")
		}
		l.t.ih.PackGatesTransposed(w.IH, l.hidden, l.in)
	}
	l.t.ready, l.t.inputs = true, inputs
}

// A Gradient is the gradient on a direction's weights as Backward sums it up: rows
// [bias | W_ihᵀ | W_hhᵀ] of the gates' sums; of codes [bias | W_hhᵀ | W_ihᵀ].
type Gradient struct {
	columns, hidden, stride int
	ih, hh                  int       // where the parts begin, rows
	sums                    []float32 // (1+D+H)×stride
}

// NewGradient returns a zero gradient on l's weights.
func (l *LSTM) NewGradient() *Gradient {
	g := &Gradient{columns: l.columns(), hidden: l.hidden, stride: len(l.bias), ih: 1, hh: 1 + l.features,
		sums: make([]float32, (1+l.columns()+l.hidden)*len(l.bias))}
	if l.codes > 0 {
		g.ih = 1 + l.hidden
	}
	return g
}

// Zero makes g zero again.
func (g *Gradient) Zero() { clear(g.sums) }

// Add is g += o, of the same shape.
func (g *Gradient) Add(o *Gradient) { f32.Axpy(g.sums, 1, o.sums) }

// AddTo adds g to w, a gradient in the layout of the weights.
func (g *Gradient) AddTo(w *Weights) {
	if w.In != g.columns || w.Hidden != g.hidden {
		panic(fmt.Sprintf("cell: AddTo: weights %d→%d, want %d→%d", w.In, w.Hidden, g.columns, g.hidden))
	}
	f32.AddGateRows(w.BiasIH, g.sums, g.hidden, 1, g.stride)
	f32.AddGateRows(w.BiasHH, g.sums, g.hidden, 1, g.stride)
	f32.AddGateRows(w.IH, g.sums[g.ih*g.stride:], g.hidden, g.columns, g.stride)
	f32.AddGateRows(w.HH, g.sums[g.hh*g.stride:], g.hidden, g.hidden, g.stride)
}

// blockRows is how many rows there are, at the least, between two timesteps at
// which the weights' gradient is added up: enough for a product to be worth while,
// few enough to stay in the second cache level.
const blockRows = 128

// Boundary tells whether Backward adds up the weights' gradient before a timestep
// whose first row is the row-th of its sequences, n rows after the timestep before.
// A packed batch that is cut into tapes there and nowhere else has the same
// gradient to the bit as one tape.
func Boundary(row, n int) bool { return row/blockRows != (row-n)/blockRows }

// A StateGradient is the loss's gradient on the states of some sequences: rows of H
// in batch order.
type StateGradient struct{ H, C []float32 }

// Backward is the reverse of the last Forward on the tape: from dh (R×H), the
// loss's gradient on every h, it adds the gradient on the weights to grad and,
// unless dx is nil, writes the one on the inputs to dx (R×D). PackBackward must
// have taken the weights that Forward ran with. It uses the tape up: one Backward a
// Forward.
//
// after is the gradient on the states that the first len(after.H)/H sequences
// handed on after the tape's last timestep, nil none; before, unless nil, receives
// the gradient on h0 and c0. They may be the same.
func (l *LSTM) Backward(tp *Tape, grad *Gradient, dx, dh []float32, after, before *StateGradient) {
	d, hid := l.in, l.hidden
	rows := len(tp.h) / hid
	if len(dh) != rows*hid || (dx != nil && len(dx) != rows*d) || grad.columns != l.columns() || grad.hidden != hid {
		panic(fmt.Sprintf("cell: Backward: gradients of %d and %d values, want %d rows of %d and %d", len(dh), len(dx), rows, hid, d))
	}
	if !tp.ready || tp.hidden != hid || !l.t.ready || (dx != nil && !l.t.inputs) {
		panic("cell: Backward: the tape holds no Forward of this direction, or PackBackward is missing")
	}
	tp.ready = false
	tp.backward.begin(len(tp.h0)/hid, hid, after)
	end := rows
	for t := len(tp.active) - 1; t >= 0; t-- {
		l.stepBack(tp, t, dh, before != nil)
		at := tp.start[t]
		if t > 0 && !Boundary(tp.First+at, tp.active[t-1]) {
			continue
		}
		grad.addRows(tp, at, end)
		if l.codes > 0 {
			grad.addCodes(l, tp, at, end)
		}
		if dx != nil {
			l.inputGradient(tp, dx[at*d:end*d], at, end)
		}
		end = at
	}
	if before != nil {
		tp.backward.store(before, len(tp.h0)/hid, hid)
	}
}

// begin takes the gradients that come from later timesteps.
func (a *backward) begin(n, hid int, after *StateGradient) {
	ld := f32.Padded(hid)
	a.dh, a.dc = f32.Zeroed(a.dh, n*ld), f32.Zeroed(a.dc, n*hid)
	if after == nil {
		return
	}
	if len(after.H) > n*hid || len(after.C) != len(after.H) {
		panic(fmt.Sprintf("cell: Backward: gradients on states of %d and %d values, want at most %d×%d", len(after.H), len(after.C), n, hid))
	}
	copy(a.dc, after.C)
	for i := range len(after.H) / hid {
		copy(a.dh[i*ld:i*ld+hid], after.H[i*hid:])
	}
}

// store hands on the gradients on the first states.
func (a *backward) store(g *StateGradient, n, hid int) {
	ld := f32.Padded(hid)
	g.H, g.C = f32.Grow(g.H, n*hid), f32.Grow(g.C, n*hid)
	copy(g.C, a.dc)
	for i := range n {
		copy(g.H[i*hid:(i+1)*hid], a.dh[i*ld:])
	}
}

// stepBack makes the z of timestep t the gradient on its sums and leaves the
// gradients on the state before it in dh and dc; on that before the first one if
// first is set.
func (l *LSTM) stepBack(tp *Tape, t int, dh []float32, first bool) {
	a, hid, n, at := &tp.backward, tp.hidden, tp.active[t], tp.start[t]
	ld := f32.Padded(hid)
	for i := range n {
		f32.Axpy(a.dh[i*ld:i*ld+hid], 1, dh[(at+i)*hid:(at+i+1)*hid])
	}
	cPrev := tp.c0
	if t > 0 {
		cPrev = tp.c[tp.start[t-1]*hid:]
	}
	z := tp.z[at*tp.stride : (at+n)*tp.stride]
	f32.GatesBackward(z, a.dc, a.dh, tp.h[at*hid:(at+n)*hid], cPrev, n, hid, tp.stride, ld)
	if t > 0 || first {
		clear(a.dh[:n*ld])
		l.t.hh.MulAdd(a.dh, ld, z, tp.stride, n)
	}
}

// addRows adds the share of the rows from at to end: inputsᵀ·z.
func (g *Gradient) addRows(tp *Tape, at, end int) {
	f32.MulAddTransposed(g.sums, g.stride, tp.inputs[at*tp.width:end*tp.width], tp.width,
		tp.z[at*tp.stride:end*tp.stride], tp.stride, tp.width, f32.Padded(4*g.hidden), end-at)
}

// addCodes adds each row from at to end to that of its code, in order.
func (g *Gradient) addCodes(l *LSTM, tp *Tape, at, end int) {
	for r := at; r < end; r++ {
		row := g.ih + l.code(tp.codes[r])
		f32.Axpy(g.sums[row*g.stride:(row+1)*g.stride], 1, tp.z[r*tp.stride:(r+1)*tp.stride])
	}
}

// inputGradient writes dx of the rows from at to end.
func (l *LSTM) inputGradient(tp *Tape, dx []float32, at, end int) {
	a, d := &tp.backward, l.in
	ld := f32.Padded(d)
	a.dx = f32.Zeroed(a.dx, (end-at)*ld)
	l.t.ih.MulAdd(a.dx, ld, tp.z[at*tp.stride:end*tp.stride], tp.stride, end-at)
	for i := range end - at {
		copy(dx[i*d:(i+1)*d], a.dx[i*ld:])
	}
}
