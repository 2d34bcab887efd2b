package cell

import (
	"fmt"

	"inkling/internal/f32"
)

// A Tape keeps the activations of one Forward for Backward, and scratch. Rows
// are those of a packed batch, as PyTorch's PackedSequence: sequences by
// descending length, all first timesteps, then all second ones, …; active[t] is
// the number of sequences longer than t, and R the sum of active.
type Tape struct {
	// First is how many rows of the same sequences went before the tape's first,
	// where a batch is cut into several; see Boundary.
	First int

	active []int
	start  []int     // first row of each timestep
	inputs []float32 // R rows [1 | x | h before]: what the sums are made of; of codes [1 | h before]
	codes  []float32 // R
	width  int       // of inputs: 1+D+H, or 1+H
	stride int       // of z
	z      []float32 // R rows of sums, then gates' values, then gradients on sums
	c      []float32 // R×H
	h      []float32 // R×H
	h0, c0 []float32 // active[0]×H
	finalH []float32
	finalC []float32
	hidden int
	ready  bool // Forward ran, Backward has not

	backward backward
}

// Forward runs a packed batch x (R×In) and returns every h (R×H), valid until the
// next Forward on the tape. h0 and c0 (active[0]×H) are the states before the
// first timestep; nil is zero. active must stay unchanged until Backward.
func (l *LSTM) Forward(tp *Tape, active []int, x, h0, c0 []float32) []float32 {
	hid, d, width := l.hidden, l.features, 1+l.features+l.hidden
	tp.begin(l, active, x, h0, c0)
	hPrev, cPrev := tp.h0, tp.c0
	for t, n := range active {
		at := tp.start[t]
		in := tp.inputs[at*width : (at+n)*width]
		for i := range n {
			row := in[i*width : (i+1)*width]
			row[0] = 1
			copy(row[1:], x[(at+i)*d:(at+i+1)*d])
			copy(row[1+d:], hPrev[i*hid:(i+1)*hid])
		}
		h, c := tp.h[at*hid:(at+n)*hid], tp.c[at*hid:(at+n)*hid]
		z := tp.z[at*tp.stride : (at+n)*tp.stride]
		start, ldstart := l.bias, 0
		if l.codes > 0 {
			start, ldstart = z, tp.stride
			for i, k := range tp.codes[at : at+n] {
				copy(z[i*tp.stride:], l.start(k))
			}
		}
		f32.Rows(h, c, cPrev, in[1:], start, z, &l.w, n, hid, width, ldstart, tp.stride, true)
		hPrev, cPrev = h, c
	}
	tp.ready = true
	return tp.h
}

func (tp *Tape) begin(l *LSTM, active []int, x, h0, c0 []float32) {
	rows := tp.layOut(active)
	if len(x) != rows*l.in {
		panic(fmt.Sprintf("cell: Forward: %d inputs, want %d rows of %d", len(x), rows, l.in))
	}
	tp.active, tp.hidden, tp.stride, tp.width = active, l.hidden, len(l.bias), 1+l.features+l.hidden
	if l.codes > 0 {
		tp.codes = append(tp.codes[:0], x...)
	}
	tp.inputs = f32.Grow(tp.inputs, rows*tp.width)
	tp.z = f32.Grow(tp.z, rows*tp.stride)
	tp.c, tp.h = f32.Grow(tp.c, rows*l.hidden), f32.Grow(tp.h, rows*l.hidden)
	n := 0
	if len(active) > 0 {
		n = active[0] * l.hidden
	}
	tp.h0, tp.c0 = initial(tp.h0, h0, n), initial(tp.c0, c0, n)
}

// layOut fills start and returns the number of rows.
func (tp *Tape) layOut(active []int) (rows int) {
	tp.start = tp.start[:0]
	for t, n := range active {
		if n < 1 || (t > 0 && n > active[t-1]) {
			panic("cell: active must be positive and never rise")
		}
		tp.start = append(tp.start, rows)
		rows += n
	}
	return rows
}

func initial(buf, src []float32, n int) []float32 {
	buf = f32.Grow(buf, n)
	if src == nil {
		clear(buf)
		return buf
	}
	if len(src) != n {
		panic(fmt.Sprintf("cell: Forward: initial state of %d values, want %d", len(src), n))
	}
	copy(buf, src)
	return buf
}

// Final returns h and c after each sequence's last timestep, in batch order
// (active[0]×H each), valid until the next call on the tape.
func (tp *Tape) Final() (h, c []float32) {
	hid := tp.hidden
	tp.finalH, tp.finalC = f32.Grow(tp.finalH, len(tp.h0)), f32.Grow(tp.finalC, len(tp.h0))
	for t, n := range tp.active {
		after := 0 // sequences that go on
		if t+1 < len(tp.active) {
			after = tp.active[t+1]
		}
		from, to := (tp.start[t]+after)*hid, (tp.start[t]+n)*hid
		copy(tp.finalH[after*hid:n*hid], tp.h[from:to])
		copy(tp.finalC[after*hid:n*hid], tp.c[from:to])
	}
	return tp.finalH, tp.finalC
}
