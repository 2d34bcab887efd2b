//go:build arm64 && !purego

package f32

// neon reports whether the NEON kernels are in use. Every arm64 processor has NEON.
var neon = true

func native() []string { return []string{"neon"} }

func choose(name string) { neon = name == "neon" }

func product(c []float32, ldc int, from []float32, ldfrom int, a []float32, rs, ks int, b []float32, ldp, panels, m, k int) {
	if neon {
		productNEON(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, m, k)
		return
	}
	productGeneric(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, m, k)
}

func step(h, c, xh, start, z []float32, w *Matrix, back bool) {
	if !neon {
		stepGeneric(h, c, xh, start, z, w)
		return
	}
	n, panels := len(h), Panels(4*len(h))
	pairs := (panels - 1) / 4
	if pairs == 0 || len(xh) < wovenTerms {
		sumsNEON(&z[0], &start[0], &xh[0], &w.data[0], len(xh), 4*w.ld, panels)
		gatesNEON(&h[0], &c[0], &c[0], &z[0], 1, n, 4*n, 16*n)
		return
	}
	var backward int
	if back {
		backward = 1
	}
	stepNEON(&h[0], &c[0], &xh[0], &start[0], &z[0], &w.data[0], n, len(xh), 4*w.ld, pairs, panels-4*pairs, backward)
}

// wovenTerms is the least number of values of xh for stepNEON (neonWoven in gen).
const wovenTerms = 32

// woven computes nothing: no kernel weaves products and gates.
func woven(h, c, cPrev, xh, start, z []float32, w *Matrix, m, n, ldx, ldstart, ldz int, keep bool) (rows, units int) {
	return 0, 0
}

func gates(h, c, cPrev, z []float32, m, n, ldh, ldz int, keep bool) {
	switch {
	case !neon:
		gatesGeneric(h, c, cPrev, z, m, n, ldh, ldz, keep)
	case keep:
		gatesKeepNEON(&h[0], &c[0], &cPrev[0], &z[0], m, n, 4*ldh, 4*ldz)
	default:
		gatesNEON(&h[0], &c[0], &cPrev[0], &z[0], m, n, 4*ldh, 4*ldz)
	}
}

func gatesBackward(z, dc, dh, h, cPrev []float32, m, n, ldz, ldh int) {
	if neon {
		gatesBackwardNEON(&z[0], &dc[0], &dh[0], &h[0], &cPrev[0], m, n, 4*ldz, 4*ldh)
		return
	}
	gatesBackwardGeneric(z, dc, dh, h, cPrev, m, n, ldz, ldh)
}

func affine(dst, w, b, x []float32) {
	if neon {
		affineNEON(&dst[0], &w[0], &b[0], &x[0], len(dst), len(x))
		return
	}
	affineGeneric(dst, w, b, x)
}

func axpy(y []float32, a float32, x []float32) {
	if !neon {
		axpyGeneric(y, a, x)
	} else if len(x) > 0 {
		axpyNEON(&y[0], a, &x[0], len(x))
	}
}

func adam(p, g, m, v []float32, r *AdamRates) { adamGeneric(p, g, m, v, r) }

func weigh(re, im []float64, x []float32, w []float64, groups int) {
	if !neon {
		weighGeneric(re, im, x, w, groups)
		return
	}
	weighNEON(&re[0], &im[0], &x[0], &w[0], groups)
}

func runStage(y, x, w []float64, half, step int) {
	switch {
	case !neon:
		stageGeneric(y, x, w, half, step)
	case step == 1:
		stageOneNEON(&y[0], &x[0], &w[0], half)
	default:
		stageWideNEON(&y[0], &x[0], &w[0], half, step)
	}
}

func splitPower(dst []float32, z, w []float64, half int) {
	if !neon {
		splitGeneric(dst, z, w, half)
		return
	}
	splitNEON(&dst[0], &z[0], &w[0], half)
}

func bank(dst, x, w []float32, spans []int) {
	if !neon {
		bankGeneric(dst, x, w, spans)
		return
	}
	bankNEON(&dst[0], &x[0], &w[0], &spans[0], len(spans)/2)
}

func convolve(w, x []float32, rest *[lanes]float32, groups int) (sum float32) {
	if !neon {
		return convolveGeneric(w, x, rest, groups)
	}
	convolveNEON(&sum, &w[0], &x[0], &rest[0], groups)
	return sum
}

func logs(x []float32, floor float32) {
	if !neon {
		logsGeneric(x, floor)
		return
	}
	logsNEON(&x[0], len(x)/lanes, &floor)
}
