package f32

import "fmt"

// Affine computes dst[i] = b[i] + Σ_k w[i·K+k]·x[k] with K = len(x). For j < 8, s_j is the
// sum of every eighth product from the j-th on, in ascending order, and the result is
// ((s_0+s_4)+(s_2+s_6)) + ((s_1+s_5)+(s_3+s_7)) + b[i].
func Affine(dst, w, b, x []float32) {
	k := len(x)
	if len(dst) != len(b) || len(w) != len(b)*k {
		panic(fmt.Sprintf("f32: Affine: %d = %d×%d + %d", len(dst), len(w), k, len(b)))
	}
	if len(dst) == 0 || k == 0 {
		copy(dst, b)
		return
	}
	affine(dst, w, b, x)
}

func affineGeneric(dst, w, b, x []float32) {
	for i, v := range b {
		dst[i] = dotGeneric(w[i*len(x):][:len(x)], x) + v
	}
}

// Normalize computes dst[i] = (x[i] − mean[i])·scale[i].
func Normalize(dst, x, mean, scale []float32) {
	dst, mean, scale = dst[:len(x)], mean[:len(x)], scale[:len(x)]
	for i, v := range x {
		dst[i] = (v - mean[i]) * scale[i]
	}
}

// Softmax writes the softmax of logits to dst, which may be logits itself. If one of
// the logits is NaN, so are all values.
func Softmax(dst, logits []float32) {
	dst = dst[:len(logits)]
	top := logits[0]
	for _, v := range logits {
		top = max(top, v)
	}
	var sum float64
	for i, v := range logits {
		e := exp(float64(v - top))
		dst[i] = float32(e)
		sum += e
	}
	for i, v := range dst {
		dst[i] = float32(float64(v) / sum)
	}
}

// Axpy computes y[i] += a·x[i].
func Axpy(y []float32, a float32, x []float32) {
	if len(y) < len(x) {
		panic(fmt.Sprintf("f32: Axpy: %d values to %d", len(x), len(y)))
	}
	axpy(y[:len(x)], a, x)
}

// Dot returns Σ x[i]·y[i], computed in float64 as four sums, each of every fourth product
// in ascending order.
func Dot(x, y []float32) float64 {
	var s [4]float64
	for ; len(x) >= 4; x, y = x[4:], y[4:] {
		a, b := (*[4]float32)(x), (*[4]float32)(y)
		s[0] += float64(float64(a[0]) * float64(b[0]))
		s[1] += float64(float64(a[1]) * float64(b[1]))
		s[2] += float64(float64(a[2]) * float64(b[2]))
		s[3] += float64(float64(a[3]) * float64(b[3]))
	}
	for i, v := range x {
		s[i] += float64(float64(v) * float64(y[i]))
	}
	return (s[0] + s[1]) + (s[2] + s[3])
}

// AddGateRows adds the transposed sums of a weight gradient to dst (4n×K), which holds
// the gradient in gate order: dst[(g·n+j)·K+k] += src[k·lds + GateColumn(n, g, j)].
func AddGateRows(dst, src []float32, n, k, lds int) {
	if len(dst) != 4*n*k || lds < 4*n || (k > 0 && len(src) < (k-1)*lds+4*n) {
		panic(fmt.Sprintf("f32: AddGateRows: 4·%d×%d from rows of %d, slices of %d and %d", n, k, lds, len(dst), len(src)))
	}
	for g := range 4 {
		for at := 0; at < n; at += group {
			col := GateColumn(n, g, at)
			width := min(group, n-at)
			for j := range width {
				row, from := dst[(g*n+at+j)*k:][:k], src[col+j:]
				for i := range row {
					row[i] += from[i*lds]
				}
			}
		}
	}
}
