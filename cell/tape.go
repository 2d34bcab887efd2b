package cell

import (
	"fmt"

	"inkling/internal/f32"
)

// A Tape holds the activations of one Forward for Backward, with scratch memory.
// Its rows are those of a packed batch, like PyTorch's PackedSequence: the sequences
// are sorted by descending length, and the first timesteps of all come before the
// second ones, and so on. active[t] is the number of sequences longer than t, and
// R is the sum of active.
type Tape struct {
	// First is the number of rows that precede the tape's first row where a batch is
	// split into several tapes; see Boundary.
	First int

	active []int
	start  []int     // first row of each timestep
	inputs []float32 // R rows [1 | x | previous h], or [1 | previous h] for codes
	codes  []float32 // R
	width  int       // of a row of inputs: 1+D+H, or 1+H
	stride int       // of a row of z
	z      []float32 // R rows: sums, then gate values, then gradients on the sums
	c      []float32 // R×H
	h      []float32 // R×H
	h0, c0 []float32 // active[0]×H
	finalH []float32
	finalC []float32
	hidden int
	ready  bool // Forward has run, Backward has not

	backward backward
}

// Forward runs a packed batch x (R×In) and returns every h (R×H), which is valid
// until the next Forward on the tape. h0 and c0 (active[0]×H) are the initial
// states; nil means zero. active must not change until Backward has returned.
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
	if l.fixed != nil {
		panic("cell: Forward: integer weights cannot be trained")
	}
	rows := tp.layOut(active)
	if len(x) != rows*l.in {
		panic(fmt.Sprintf("cell: Forward: x has %d values, want %d rows of %d", len(x), rows, l.in))
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
			panic("cell: Forward: active must be positive and must not increase")
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
		panic(fmt.Sprintf("cell: Forward: the initial state has %d values, want %d", len(src), n))
	}
	copy(buf, src)
	return buf
}

// Final returns h and c (active[0]×H each) after the last timestep of each sequence,
// in batch order. They are valid until the next call on the tape.
func (tp *Tape) Final() (h, c []float32) {
	hid := tp.hidden
	tp.finalH, tp.finalC = f32.Grow(tp.finalH, len(tp.h0)), f32.Grow(tp.finalC, len(tp.h0))
	for t, n := range tp.active {
		after := 0 // sequences that continue
		if t+1 < len(tp.active) {
			after = tp.active[t+1]
		}
		from, to := (tp.start[t]+after)*hid, (tp.start[t]+n)*hid
		copy(tp.finalH[after*hid:n*hid], tp.h[from:to])
		copy(tp.finalC[after*hid:n*hid], tp.c[from:to])
	}
	return tp.finalH, tp.finalC
}
