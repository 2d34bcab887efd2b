package f32

import (
	"fmt"
	"math"
)

// Gates runs the LSTM's elementwise part on n units: z holds their four gates'
// sums in blocks of n (i, f, g, o) and receives the gates' values,
//
//	i, f, o = σ(z);  g = tanh(z);  c = f·c + i·g;  h = o·tanh(c)
//
// From the same sums and c, h is within 5e-7 of the exact value.
func Gates(h, c, z []float32, n int) {
	if len(h) < n || len(c) < n || len(z) < 4*n {
		panic(fmt.Sprintf("f32: Gates: %d units, slices of %d, %d, %d", n, len(h), len(c), len(z)))
	}
	active.gates(h, c, z, n)
}

// Affine is dst[i] = b[i] + Σ_k w[i·K+k]·x[k] with K = len(x).
func Affine(dst, w, b, x []float32) {
	k := len(x)
	if len(dst) != len(b) || len(w) != len(b)*k {
		panic(fmt.Sprintf("f32: Affine: %d = %d×%d + %d", len(dst), len(w), k, len(b)))
	}
	for i := range dst {
		s := b[i]
		row := w[i*k : i*k+k]
		for j, v := range x {
			s += float32(row[j] * v)
		}
		dst[i] = s
	}
}

// Normalize is dst[i] = (x[i] − mean[i])·scale[i].
func Normalize(dst, x, mean, scale []float32) {
	dst, mean, scale = dst[:len(x)], mean[:len(x)], scale[:len(x)]
	for i, v := range x {
		dst[i] = (v - mean[i]) * scale[i]
	}
}

// Softmax writes the softmax of logits to dst, which may be logits itself.
func Softmax(dst, logits []float32) {
	top := logits[0]
	for _, v := range logits {
		top = max(top, v)
	}
	var sum float64
	for i, v := range logits {
		e := math.Exp(float64(v - top))
		dst[i] = float32(e)
		sum += e
	}
	for i := range dst[:len(logits)] {
		dst[i] = float32(float64(dst[i]) / sum)
	}
}

// Axpy is y[i] += a·x[i].
func Axpy(y []float32, a float32, x []float32) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += float32(a * v)
	}
}

// Dot is Σ x[i]·y[i] in float64, in ascending order.
func Dot(x, y []float32) float64 {
	y = y[:len(x)]
	var s float64
	for i, v := range x {
		s += float64(v) * float64(y[i])
	}
	return s
}

// GatesAdjoint is the adjoint of Gates for one row of n = len(dh) units: from dh
// and dc, the gradients on h and c, and the gates' values that Gates left in
// gates (i, f, g, o), it writes the gradient on the sums to dz (4n) and makes dc
// the gradient on cPrev. c is the row's new cell state.
func GatesAdjoint(dz, dc, dh, gates, c, cPrev []float32) {
	n := len(dh)
	if len(dz) != 4*n || len(gates) != 4*n || len(dc) < n || len(c) < n || len(cPrev) < n {
		panic(fmt.Sprintf("f32: GatesAdjoint: %d units, slices of %d, %d, %d, %d, %d", n, len(dz), len(gates), len(dc), len(c), len(cPrev)))
	}
	active.gatesAdjoint(dz, dc, dh, gates, c, cPrev, n)
}
