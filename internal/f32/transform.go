package f32

import (
	"fmt"
	"math"
)

// A Transform computes the power spectrum of a real signal under a window. The values at
// even and odd indices are the real and imaginary parts of half as many complex values,
// which Stockham's radix-4 algorithm transforms without reordering (Cochran et al. 1967).
// The result is then split into the two spectra.
//
// It computes in float64, because a quiet bin may be 100 dB below a loud one, and it
// multiplies and adds separately, so that all kernels give the same bits.
type Transform struct {
	n, half int
	window  []float64
	stages  []stage
	split   []float64 // blocks of quad cosines, then as many sines, of 2πk/n from k = 1 on
}

// A stage is one pass over the complex values. step is the distance of its outputs in
// memory: 1 for the first stage, four times as much for each one after it.
type stage struct {
	step int
	// w has blocks of six times quad values: cosine and −sine of the twiddle factors w, w²
	// and w³. A block of the first stage serves quad butterflies, and one of the others a p
	// with all its step butterflies.
	w []float64
}

// quad is the number of values in a block of a table, and blockWidth that of twiddles.
const (
	quad       = 4
	blockWidth = 6 * quad
)

// smallHalf is the number of complex values below which all kernels are generic.
const smallHalf = 16

// NewTransform returns the transform of n values, a power of two from 2 on, of which all
// after the window's are zero. The power of bin k is |X_k|² of the signal times the window.
func NewTransform(n int, window []float64) *Transform {
	if n < 2 || n&(n-1) != 0 || len(window) > n {
		panic(fmt.Sprintf("f32: NewTransform: window of %d of %d values", len(window), n))
	}
	t := &Transform{n: n, half: n / 2, window: make([]float64, len(window))}
	for i, v := range window {
		t.window[i] = v / 2 // splitting doubles
	}
	for size, step := t.half, 1; size >= 4; size, step = size/4, 4*step {
		t.stages = append(t.stages, newStage(size, step))
	}
	t.split = make([]float64, (t.half/2+quad-1)/quad*2*quad)
	for k := 1; k <= t.half/2; k++ {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(n))
		if 4*k == n {
			sin, cos = 1, 0
		}
		at := (k-1)/quad*2*quad + (k-1)%quad
		t.split[at], t.split[at+quad] = cos, sin
	}
	return t
}

func newStage(size, step int) stage {
	count, each := size/4*quad, quad // twiddles, and how many are equal
	if step == 1 {
		count, each = size/4, 1
	}
	s := stage{step: step, w: make([]float64, (count+quad-1)/quad*blockWidth)}
	for i := range count {
		at := i/quad*blockWidth + i%quad
		for k := range 3 {
			sin, cos := math.Sincos(2 * math.Pi * float64((k+1)*(i/each)) / float64(size))
			s.w[at+2*k*quad], s.w[at+(2*k+1)*quad] = cos, -sin
		}
	}
	return s
}

// Bins returns the number of values that Power writes: n/2 + 1.
func (t *Transform) Bins() int { return t.half + 1 }

// Scratch returns the number of values of scratch memory that Power needs.
func (t *Transform) Scratch() int { return 4 * t.half }

// Power writes the power of each bin of x to dst. x has as many values as the window, or
// fewer if zeros follow.
func (t *Transform) Power(dst, x []float32, scratch []float64) {
	if len(x) > len(t.window) || len(dst) < t.Bins() || len(scratch) < t.Scratch() {
		panic(fmt.Sprintf("f32: Power: %d of %d values, slices of %d and %d", len(x), len(t.window), len(dst), len(scratch)))
	}
	from, to := scratch[:2*t.half], scratch[2*t.half:4*t.half]
	t.weight(from, x)
	step := 1
	for i := range t.stages {
		s := &t.stages[i]
		if t.half < smallHalf {
			stageGeneric(to, from, s.w, t.half, s.step)
		} else {
			runStage(to, from, s.w, t.half, s.step)
		}
		from, to, step = to, from, 4*step
	}
	if step == t.half/2 {
		lastStage(from[:t.half], step)
		lastStage(from[t.half:], step)
	}
	sum, rest := 2*(from[0]+from[t.half]), 2*(from[0]-from[t.half])
	dst[0], dst[t.half] = float32(sum*sum), float32(rest*rest)
	if t.half < smallHalf {
		splitGeneric(dst, from, t.split, t.half)
	} else {
		splitPower(dst, from, t.split, t.half)
	}
}

// weight writes the even values of x times the window to the first half of z and the odd
// ones to the second, followed by zeros.
func (t *Transform) weight(z []float64, x []float32) {
	re, im := z[:t.half], z[t.half:]
	done := len(x) / (2 * quad)
	if done > 0 {
		weigh(re, im, x, t.window, done)
	}
	w := t.window[:len(x)]
	i := done * quad
	for ; 2*i+1 < len(x); i++ {
		re[i], im[i] = float64(x[2*i])*w[2*i], float64(x[2*i+1])*w[2*i+1]
	}
	if 2*i < len(x) {
		re[i], im[i] = float64(x[2*i])*w[2*i], 0
		i++
	}
	clear(re[i:])
	clear(im[i:])
}

func weighGeneric(re, im []float64, x []float32, w []float64, groups int) {
	re, im, x, w = re[:quad*groups], im[:quad*groups], x[:2*quad*groups], w[:2*quad*groups]
	for i := range re {
		re[i], im[i] = float64(x[2*i])*w[2*i], float64(x[2*i+1])*w[2*i+1]
	}
}

// stageGeneric computes a stage from x to y. The inputs of a butterfly are a quarter of x
// apart, its outputs step apart in y.
func stageGeneric(y, x, w []float64, half, step int) {
	quarter := half / 4
	yr, yi := y[:half], y[half:2*half]
	ar, br, cr, dr := x[:quarter], x[quarter:][:quarter], x[2*quarter:][:quarter], x[3*quarter:][:quarter]
	x = x[half:]
	ai, bi, ci, di := x[:quarter], x[quarter:][:quarter], x[2*quarter:][:quarter], x[3*quarter:][:quarter]
	for p := 0; p < quarter/step; p++ {
		for q := range step {
			i := p*step + q
			at := p * blockWidth
			if step == 1 {
				at = p/quad*blockWidth + p%quad
			}
			v := w[at:][:5*quad+1]
			sr, si, tr, ti := ar[i]+cr[i], ai[i]+ci[i], ar[i]-cr[i], ai[i]-ci[i]
			ur, ui, vr, vi := br[i]+dr[i], bi[i]+di[i], br[i]-dr[i], bi[i]-di[i]
			to := 4*p*step + q
			yr[to], yi[to] = sr+ur, si+ui
			yr[to+step], yi[to+step] = times(tr+vi, ti-vr, v[0], v[quad])
			yr[to+2*step], yi[to+2*step] = times(sr-ur, si-ui, v[2*quad], v[3*quad])
			yr[to+3*step], yi[to+3*step] = times(tr-vi, ti+vr, v[4*quad], v[5*quad])
		}
	}
}

// lastStage is a stage of radix 2, in place.
func lastStage(x []float64, step int) {
	a, b := x[:step], x[step:][:step]
	for i, v := range b {
		a[i], b[i] = a[i]+v, a[i]-v
	}
}

// times returns a complex product. The conversions prevent fused multiply-add.
func times(ar, ai, br, bi float64) (re, im float64) {
	return float64(ar*br) - float64(ai*bi), float64(ar*bi) + float64(ai*br)
}

// splitGeneric computes the powers of X from the transform z of x_even + i·x_odd, for
// 0 < k < half. With E and O the transforms of the even and the odd values,
// X_k = E_k + e^(−2πik/n)·O_k.
func splitGeneric(dst []float32, z, w []float64, half int) {
	re, im := z[:half], z[half:]
	for k := 1; k <= half/2; k++ {
		at := (k-1)/quad*2*quad + (k-1)%quad
		ar, ai, br, bi := re[k], im[k], re[half-k], im[half-k]
		er, ei, or, oi := ar+br, ai-bi, ai+bi, br-ar
		tr := float64(or*w[at]) + float64(oi*w[at+quad])
		ti := float64(oi*w[at]) - float64(or*w[at+quad])
		sr, si, dr, di := er+tr, ei+ti, er-tr, ei-ti
		dst[k] = float32(float64(sr*sr) + float64(si*si))
		dst[half-k] = float32(float64(dr*dr) + float64(di*di))
	}
}
