package f32

import "math"

// Argmax returns the index of the greatest value of x, the first one if several are
// equal, and 0 if x is empty.
func Argmax(x []float32) (best int) {
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

// Finite reports whether v is neither infinite nor NaN.
func Finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Grow returns buf with length n, reallocated if its capacity is too small. The values
// are undefined.
func Grow(buf []float32, n int) []float32 {
	if cap(buf) < n {
		return onHugePages(make([]float32, n))
	}
	return buf[:n]
}

// Zeroed returns buf with length n and all values zero, reallocated like Grow.
func Zeroed(buf []float32, n int) []float32 {
	buf = Grow(buf, n)
	clear(buf)
	return buf
}
