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

// AllFinite reports whether no value of x is infinite or NaN: v − v is 0 for all others.
func AllFinite(x []float32) bool {
	var a, b float32
	for ; len(x) >= 8; x = x[8:] {
		v := (*[8]float32)(x)
		a += ((v[0] - v[0]) + (v[1] - v[1])) + ((v[2] - v[2]) + (v[3] - v[3]))
		b += ((v[4] - v[4]) + (v[5] - v[5])) + ((v[6] - v[6]) + (v[7] - v[7]))
	}
	for _, v := range x {
		a += v - v
	}
	return a+b == 0
}

// Sizes of Apart, in values: more than objects have that share pages with others (32 KiB, see
// runtime/sizeclasses.go), and what lies between one slice and the next.
const (
	ownPages = 8<<10 + 1
	between  = 2 << 10
)

// Apart returns n zeros on pages of their own. A processor fetches ahead beyond the end of what
// it reads; if another thread writes there, both wait for each other's cache lines.
func Apart(n int) []float32 { return make([]float32, max(n+between, ownPages))[:n:n] }

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
