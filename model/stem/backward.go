package stem

import (
	"fmt"

	"inkling/internal/f32"
)

// A Tape holds the activations of one Forward for Backward, with scratch memory.
type Tape struct {
	layers []tapeLayer
	out    []float32
}

type tapeLayer struct {
	x    []float32 // leading zeros, then the inputs
	z    []float32 // sums, then gradients on them
	rows int
	dx   []float32 // gradients on x
	dw   []float32 // gradients on the windows of x
}

// Forward runs the stem over T normalised frames and returns Frames(T) frames, valid
// until the next Forward on the tape. They equal those of a stream, including the
// frame of Flush, to the bit.
func (s *Stem) Forward(tp *Tape, x []float32) []float32 {
	if len(x) == 0 || len(x)%s.in != 0 {
		panic(fmt.Sprintf("stem: Forward: %d values, want T×%d", len(x), s.in))
	}
	if tp.layers == nil {
		tp.layers = make([]tapeLayer, len(s.layers))
	}
	n := len(x) / s.in
	missing := s.missing(n)
	in := tp.layers[0].begin(&s.layers[0], n+missing)
	rest := in[copy(in, x):]
	clear(rest)
	if s.config.Kind == KindConv {
		for ; len(rest) > 0; rest = rest[s.in:] {
			copy(rest, x[(n-1)*s.in:])
		}
	}
	for i := range s.layers {
		l, t := &s.layers[i], &tp.layers[i]
		t.z = f32.Grow(t.z, t.rows*l.ld())
		l.sums(t.z, t.x, t.rows)
		var out []float32
		if i+1 < len(s.layers) {
			out = tp.layers[i+1].begin(&s.layers[i+1], t.rows)
		} else {
			tp.out = f32.Grow(tp.out, t.rows*s.width(l))
			out = tp.out
		}
		s.activate(l, out, t.z, t.rows)
	}
	return tp.out
}

// begin prepares the layer for n inputs and returns the memory for them.
func (t *tapeLayer) begin(l *layer, n int) []float32 {
	t.x = f32.Grow(t.x, (l.lead+n)*l.in)
	clear(t.x[:l.lead*l.in])
	t.rows = l.outputs(l.lead + n)
	return t.x[l.lead*l.in:]
}

// A Gradient accumulates the gradient on the weights of a stem.
type Gradient struct{ weights, bias [][]float32 }

// NewGradient returns a gradient on the weights of s that is zero.
func (s *Stem) NewGradient() *Gradient {
	g := &Gradient{}
	for i := range s.layers {
		l := &s.layers[i]
		g.weights = append(g.weights, make([]float32, l.kernel*l.in*l.ld()))
		g.bias = append(g.bias, make([]float32, l.ld()))
	}
	return g
}

// Zero sets g to zero.
func (g *Gradient) Zero() {
	for i, w := range g.weights {
		clear(w)
		clear(g.bias[i])
	}
}

// Add adds o, which must have the same shape, to g.
func (g *Gradient) Add(o *Gradient) {
	for i, w := range g.weights {
		f32.Axpy(w, 1, o.weights[i])
		f32.Axpy(g.bias[i], 1, o.bias[i])
	}
}

// AddTo adds g to dst, which holds a gradient in the layout of the packed parameters.
func (s *Stem) AddTo(dst *Params, g *Gradient) {
	if s.config.Kind == KindGabor {
		s.addFilters(dst, g.weights[0])
		return
	}
	for i := range s.layers {
		l, d := &s.layers[i], &dst.Layers[i]
		f32.Axpy(d.Bias, 1, g.bias[i][:l.out])
		for o := range l.out {
			for c := range l.in {
				row := d.Weight[(o*l.in+c)*l.kernel:][:l.kernel]
				for t := range row {
					row[t] += g.weights[i][(t*l.in+c)*l.ld()+o]
				}
			}
		}
	}
}

// Backward is the backward pass of the last Forward on the tape. dy is the gradient of
// the loss on every output; Backward adds the gradient on the weights to g. The
// weights must have been packed with backward set. Backward overwrites the
// activations, so it can run only once after each Forward.
func (s *Stem) Backward(tp *Tape, g *Gradient, dy []float32) {
	if len(dy) != len(tp.out) {
		panic(fmt.Sprintf("stem: Backward: dy has %d values, want %d", len(dy), len(tp.out)))
	}
	for i := len(s.layers) - 1; i >= 0; i-- {
		l, t := &s.layers[i], &tp.layers[i]
		if s.config.Kind == KindGabor {
			s.logPowerBackward(t.z, dy, t.rows)
		} else {
			l.reluBackward(t.z, dy, t.rows)
		}
		k := l.kernel * l.in
		f32.MulAddTransposed(g.weights[i], l.ld(), t.x, l.stride*l.in, t.z, l.ld(), k, l.ld(), t.rows)
		for r := range t.rows {
			f32.Axpy(g.bias[i], 1, t.z[r*l.ld():][:l.ld()])
		}
		if i > 0 {
			dy = l.inputGradient(t)
		}
	}
}

// reluBackward replaces the sums z by the gradient on them.
func (l *layer) reluBackward(z, dy []float32, rows int) {
	for r := range rows {
		row, d := z[r*l.ld():][:l.ld()], dy[r*l.out:][:l.out]
		for j, v := range d {
			if row[j] <= 0 {
				v = 0
			}
			row[j] = v
		}
		clear(row[l.out:])
	}
}

// logPowerBackward replaces the sums z by the gradient on them. With
// P = re² + im² + floor and dP = dy·scale/P, these are 2·re·dP and 2·im·dP.
func (s *Stem) logPowerBackward(z, dy []float32, rows int) {
	n, l := len(s.filters), &s.layers[0]
	for r := range rows {
		re, im := z[r*l.ld():][:n], z[r*l.ld()+n:][:n]
		for j, v := range dy[r*n:][:n] {
			d := 2 * float64(v) * float64(s.scale[j]) / s.power(re[j], im[j])
			re[j], im[j] = float32(float64(re[j])*d), float32(float64(im[j])*d)
		}
		clear(z[r*l.ld()+l.out : (r+1)*l.ld()])
	}
}

// inputGradient returns the gradient on the layer's inputs without the leading zeros.
// It is the sum over overlapping windows.
func (l *layer) inputGradient(t *tapeLayer) []float32 {
	k := l.kernel * l.in
	ld := f32.Padded(k)
	t.dw = f32.Grow(t.dw, t.rows*ld)
	clear(t.dw)
	l.back.MulAdd(t.dw, ld, t.z, l.ld(), t.rows)
	t.dx = f32.Grow(t.dx, len(t.x))
	clear(t.dx)
	for r := range t.rows {
		f32.Axpy(t.dx[r*l.stride*l.in:][:k], 1, t.dw[r*ld:][:k])
	}
	return t.dx[l.lead*l.in:]
}
