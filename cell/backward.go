package cell

import (
	"fmt"

	"inkling/internal/f32"
)

// backward is the scratch of Backward in a Tape.
type backward struct {
	dh, dc []float32 // active[0] rows: gradients from the later step; dh padded to panels
	dx     []float32 // rows of dx, padded to panels
}

// transposed holds the weights in the layout that Backward uses.
type transposed struct {
	ih, hh f32.Matrix // 4H×D and 4H×H
	ready  bool
	inputs bool // ih is packed
}

// PackBackward packs w for Backward. w must hold the weights that l was packed
// with. If inputs is set, Backward can also compute the gradient on the inputs,
// which codes do not have. Like Pack, it is for training and must not run
// concurrently with any other use of l.
func (l *LSTM) PackBackward(w *Weights, inputs bool) {
	if l.fixed != nil {
		panic("cell: PackBackward: integer weights cannot be trained")
	}
	l.t.hh.PackGatesTransposed(w.HH, l.hidden, l.hidden)
	if inputs {
		if l.codes > 0 {
			panic("cell: PackBackward: codes have no gradient")
		}
		l.t.ih.PackGatesTransposed(w.IH, l.hidden, l.in)
	}
	l.t.ready, l.t.inputs = true, inputs
}

// A Gradient accumulates the gradient on the weights of one direction. Its rows are
// [bias | W_ihᵀ | W_hhᵀ], or [bias | W_hhᵀ | W_ihᵀ] if the inputs are codes, and
// each row has the layout of the gates' sums.
type Gradient struct {
	columns, hidden, stride int
	ih, hh                  int       // first row of each part
	sums                    []float32 // (1+D+H)×stride
}

// NewGradient returns a gradient on l's weights that is zero.
func (l *LSTM) NewGradient() *Gradient {
	g := &Gradient{columns: l.columns(), hidden: l.hidden, stride: len(l.bias), ih: 1, hh: 1 + l.features,
		sums: make([]float32, (1+l.columns()+l.hidden)*len(l.bias))}
	if l.codes > 0 {
		g.ih = 1 + l.hidden
	}
	return g
}

// Zero sets g to zero.
func (g *Gradient) Zero() { clear(g.sums) }

// Add adds o, which must have the same shape, to g.
func (g *Gradient) Add(o *Gradient) { f32.Axpy(g.sums, 1, o.sums) }

// AddTo adds g to w, which holds a gradient in the layout of Weights.
func (g *Gradient) AddTo(w *Weights) {
	if w.In != g.columns || w.Hidden != g.hidden {
		panic(fmt.Sprintf("cell: AddTo: weights have %d inputs and %d units, want %d and %d", w.In, w.Hidden, g.columns, g.hidden))
	}
	f32.AddGateRows(w.BiasIH, g.sums, g.hidden, 1, g.stride)
	f32.AddGateRows(w.BiasHH, g.sums, g.hidden, 1, g.stride)
	f32.AddGateRows(w.IH, g.sums[g.ih*g.stride:], g.hidden, g.columns, g.stride)
	f32.AddGateRows(w.HH, g.sums[g.hh*g.stride:], g.hidden, g.hidden, g.stride)
}

// blockRows is the least number of rows that Backward collects before it adds
// their share to the weights' gradient: enough to make the product efficient, few
// enough to stay in the second-level cache.
const blockRows = 128

// Boundary reports whether Backward updates the weights' gradient just before a
// timestep whose first row has the index row, where the previous timestep has n
// rows. A packed batch that is split into several tapes only at such boundaries
// gives the same gradient, to the bit, as a single tape.
func Boundary(row, n int) bool { return row/blockRows != (row-n)/blockRows }

// A StateGradient is the gradient of the loss on the states h and c of the first
// sequences of a batch: one row of H values for each sequence, in batch order.
type StateGradient struct{ H, C []float32 }

// Backward is the backward pass of the last Forward on the tape. dh (R×H) is the
// gradient of the loss on every h. Backward adds the gradient on the weights to
// grad and, unless dx is nil, writes the gradient on the inputs to dx (R×D). The
// weights that Forward used must have been packed with PackBackward. Backward
// overwrites the activations, so it can run only once after each Forward.
//
// after is the gradient on the final states of the first len(after.H)/H sequences,
// which a later tape continues; nil means zero. before, unless nil, receives the
// gradient on h0 and c0. The two may be the same.
func (l *LSTM) Backward(tp *Tape, grad *Gradient, dx, dh []float32, after, before *StateGradient) {
	d, hid := l.in, l.hidden
	rows := len(tp.h) / hid
	if len(dh) != rows*hid || (dx != nil && len(dx) != rows*d) || grad.columns != l.columns() || grad.hidden != hid {
		panic(fmt.Sprintf("cell: Backward: dh has %d values and dx %d, want %d rows of %d and of %d, and a gradient of this direction", len(dh), len(dx), rows, hid, d))
	}
	if !tp.ready || tp.hidden != hid || !l.t.ready || (dx != nil && !l.t.inputs) {
		panic("cell: Backward: call PackBackward and Forward on this tape first")
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

// begin sets dh and dc to the gradients that come from later timesteps.
func (a *backward) begin(n, hid int, after *StateGradient) {
	ld := f32.Padded(hid)
	a.dh, a.dc = f32.Zeroed(a.dh, n*ld), f32.Zeroed(a.dc, n*hid)
	if after == nil {
		return
	}
	if len(after.H) > n*hid || len(after.C) != len(after.H) {
		panic(fmt.Sprintf("cell: Backward: after has %d and %d values, want equal numbers of at most %d×%d", len(after.H), len(after.C), n, hid))
	}
	copy(a.dc, after.C)
	for i := range len(after.H) / hid {
		copy(a.dh[i*ld:i*ld+hid], after.H[i*hid:])
	}
}

// store copies the gradients on the initial states to g.
func (a *backward) store(g *StateGradient, n, hid int) {
	ld := f32.Padded(hid)
	g.H, g.C = f32.Grow(g.H, n*hid), f32.Grow(g.C, n*hid)
	copy(g.C, a.dc)
	for i := range n {
		copy(g.H[i*hid:(i+1)*hid], a.dh[i*ld:])
	}
}

// stepBack replaces z of timestep t by the gradient on its sums and leaves the
// gradients on the previous state in dh and dc. For the first timestep it does so
// only if first is set.
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

// addRows adds the share of rows [at, end): inputsᵀ·z.
func (g *Gradient) addRows(tp *Tape, at, end int) {
	f32.MulAddTransposed(g.sums, g.stride, tp.inputs[at*tp.width:end*tp.width], tp.width,
		tp.z[at*tp.stride:end*tp.stride], tp.stride, tp.width, f32.Padded(4*g.hidden), end-at)
}

// addCodes adds each of the rows [at, end) to the row of its code, in order.
func (g *Gradient) addCodes(l *LSTM, tp *Tape, at, end int) {
	for r := at; r < end; r++ {
		row := g.ih + l.code(tp.codes[r])
		f32.Axpy(g.sums[row*g.stride:(row+1)*g.stride], 1, tp.z[r*tp.stride:(r+1)*tp.stride])
	}
}

// inputGradient writes the gradient on the inputs of rows [at, end) to dx.
func (l *LSTM) inputGradient(tp *Tape, dx []float32, at, end int) {
	a, d := &tp.backward, l.in
	ld := f32.Padded(d)
	a.dx = f32.Zeroed(a.dx, (end-at)*ld)
	l.t.ih.MulAdd(a.dx, ld, tp.z[at*tp.stride:end*tp.stride], tp.stride, end-at)
	for i := range end - at {
		copy(dx[i*d:(i+1)*d], a.dx[i*ld:])
	}
}
