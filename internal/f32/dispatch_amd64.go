//go:build amd64 && !purego

package f32

import (
	"slices"

	"golang.org/x/sys/cpu"
)

//go:generate go run ./gen .

// Kernels in ascending order: each needs the features of those before it.
const (
	generic = iota
	avx2
	avx512
)

var levels = []string{generic: "generic", avx2: "avx2", avx512: "avx512"}

// level identifies the kernels in use.
var level = len(native())

func native() []string {
	switch x := &cpu.X86; {
	case !x.HasAVX2 || !x.HasFMA:
		return nil
	case !x.HasAVX512F || !x.HasAVX512DQ || !x.HasAVX512VL:
		return levels[avx2:avx512]
	}
	return levels[avx2:]
}

func choose(name string) { level = slices.Index(levels, name) }

func product(c []float32, ldc int, from []float32, ldfrom int, a []float32, rs, ks int, b []float32, ldp, panels, m, k int) {
	switch level {
	case avx512:
		productAVX512(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, m, k)
	case avx2:
		productAVX2(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, m, k)
	default:
		productGeneric(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, m, k)
	}
}

func step(h, c, xh, start, z []float32, w *Matrix, back bool) {
	switch level {
	case avx512:
		walkAVX512(h, c, xh, start, z, w, back)
	case avx2:
		walkAVX2(h, c, xh, start, z, w, back)
	default:
		stepGeneric(h, c, xh, start, z, w)
	}
}

// woven computes a timestep of the first rows and units if a kernel weaves products and gates,
// and returns their numbers.
func woven(h, c, cPrev, xh, start, z []float32, w *Matrix, m, n, ldx, ldstart, ldz int, keep bool) (rows, units int) {
	if level < avx512 {
		return 0, 0
	}
	return weaveAVX512(h, c, cPrev, xh, start, z, w, m, n, ldx, ldstart, ldz, keep)
}

func gates(h, c, cPrev, z []float32, m, n, ldh, ldz int, keep bool) {
	switch {
	case level == generic:
		gatesGeneric(h, c, cPrev, z, m, n, ldh, ldz, keep)
	case level == avx512:
		allGatesAVX512(h, c, cPrev, z, m, n, ldh, ldz, keep)
	case keep:
		gatesKeepAVX2(&h[0], &c[0], &cPrev[0], &z[0], m, n, 4*ldh, 4*ldz)
	default:
		gatesAVX2(&h[0], &c[0], &cPrev[0], &z[0], m, n, 4*ldh, 4*ldz)
	}
}

func gatesBackward(z, dc, dh, h, cPrev []float32, m, n, ldz, ldh int) {
	switch level {
	case avx512:
		gatesBackwardAVX512(&z[0], &dc[0], &dh[0], &h[0], &cPrev[0], m, n, 4*ldz, 4*ldh)
	case avx2:
		gatesBackwardAVX2(&z[0], &dc[0], &dh[0], &h[0], &cPrev[0], m, n, 4*ldz, 4*ldh)
	default:
		gatesBackwardGeneric(z, dc, dh, h, cPrev, m, n, ldz, ldh)
	}
}

// affine uses AVX2 also with AVX-512, because its eight sums per row fill one register
// of AVX2.
func affine(dst, w, b, x []float32) {
	if level == generic {
		affineGeneric(dst, w, b, x)
		return
	}
	affineAVX2(&dst[0], &w[0], &b[0], &x[0], len(dst), len(x))
}

// adam uses AVX2 also with AVX-512: it is bound by memory and square roots, which wider
// registers do not speed up.
func adam(p, g, m, v []float32, r *AdamRates) {
	if level == generic {
		adamGeneric(p, g, m, v, r)
		return
	}
	adamAVX2(&p[0], &g[0], &m[0], &v[0], &r.Beta1, len(p))
}

func axpy(y []float32, a float32, x []float32) {
	switch {
	case level == generic:
		axpyGeneric(y, a, x)
	case len(x) == 0:
	case level == avx512:
		axpyAVX512(&y[0], a, &x[0], len(x))
	default:
		addAVX2(y, a, x)
	}
}

func weigh(re, im []float64, x []float32, w []float64, groups int) {
	if level == generic {
		weighGeneric(re, im, x, w, groups)
		return
	}
	if pairs := groups / 2; level == avx512 && pairs > 0 {
		weighAVX512(&re[0], &im[0], &x[0], &w[0], pairs)
		if groups -= 2 * pairs; groups == 0 {
			return
		}
		done := 2 * pairs * quad
		re, im, x, w = re[done:], im[done:], x[2*done:], w[2*done:]
	}
	weighAVX2(&re[0], &im[0], &x[0], &w[0], groups)
}

// wideHalf is the number of complex values from which AVX-512 has a use for whole registers.
const wideHalf = 32

func runStage(y, x, w []float64, half, step int) {
	wide := level == avx512 && half >= wideHalf
	switch {
	case level == generic:
		stageGeneric(y, x, w, half, step)
	case step == 1 && wide:
		stageOneAVX512(&y[0], &x[0], &w[0], half)
	case step == 1:
		stageOneAVX2(&y[0], &x[0], &w[0], half)
	case step == 4 && wide:
		stageFourAVX512(&y[0], &x[0], &w[0], half)
	case step > 4 && wide:
		stageWideAVX512(&y[0], &x[0], &w[0], half, step)
	default:
		stageWideAVX2(&y[0], &x[0], &w[0], half, step)
	}
}

func splitPower(dst []float32, z, w []float64, half int) {
	switch {
	case level == generic:
		splitGeneric(dst, z, w, half)
	case level == avx512 && half >= wideHalf:
		splitAVX512(&dst[0], &z[0], &w[0], half)
	default:
		splitAVX2(&dst[0], &z[0], &w[0], half)
	}
}

// The kernels of filter banks and filters use AVX2 also with AVX-512: their rows are short.

func bank(dst, x, w []float32, spans []int) {
	if level == generic {
		bankGeneric(dst, x, w, spans)
		return
	}
	bankAVX2(&dst[0], &x[0], &w[0], &spans[0], len(spans)/2)
}

func convolve(w, x []float32, rest *[lanes]float32, groups int) (sum float32) {
	if level == generic {
		return convolveGeneric(w, x, rest, groups)
	}
	convolveAVX2(&sum, &w[0], &x[0], &rest[0], groups)
	return sum
}

func logs(x []float32, floor float32) {
	if level == generic {
		logsGeneric(x, floor)
		return
	}
	logsAVX2(&x[0], len(x)/lanes, &floor)
}
