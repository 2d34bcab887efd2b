//go:build amd64 && !purego

package f32

import "golang.org/x/sys/cpu"

//go:generate go run ./gen .

// avx2 says that the AVX2 and FMA kernels are in use.
var avx2 = len(native()) > 0

func native() []string {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		return []string{"avx2"}
	}
	return nil
}

func choose(name string) { avx2 = name == "avx2" }

func product(c []float32, ldc int, from []float32, ldfrom int, a []float32, rs, ks int, b []float32, ldp, panels, m, k int) {
	if avx2 {
		productAVX2(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, m, k)
		return
	}
	productGeneric(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, m, k)
}

func step(h, c, xh, start, z []float32, w *Matrix, back bool) {
	if !avx2 {
		stepGeneric(h, c, xh, start, z, w)
		return
	}
	pairs, last := passes(len(h))
	var backward int
	if back {
		backward = 1
	}
	stepAVX2(&h[0], &c[0], &xh[0], &start[0], &z[0], &w.data[0], len(h), len(xh), 4*w.ld, pairs, last, backward)
}

// passes returns how many pairs of groups stepAVX2 does in registers and how many
// panels, one to six, are left for its last pass.
func passes(n int) (pairs, last int) {
	panels := Panels(4 * n)
	pairs = panels / 4
	if panels%4 < 3 && pairs > 0 {
		pairs--
	}
	return pairs, panels - 4*pairs
}

func gates(h, c, cPrev, z []float32, m, n, ldh, ldz int, keep bool) {
	switch {
	case !avx2:
		gatesGeneric(h, c, cPrev, z, m, n, ldh, ldz, keep)
	case keep:
		gatesKeepAVX2(&h[0], &c[0], &cPrev[0], &z[0], m, n, 4*ldh, 4*ldz)
	default:
		gatesAVX2(&h[0], &c[0], &cPrev[0], &z[0], m, n, 4*ldh, 4*ldz)
	}
}

func gatesAdjoint(z, dc, dh, h, cPrev []float32, m, n, ldz, ldh int) {
	if avx2 {
		gatesAdjointAVX2(&z[0], &dc[0], &dh[0], &h[0], &cPrev[0], m, n, 4*ldz, 4*ldh)
		return
	}
	gatesAdjointGeneric(z, dc, dh, h, cPrev, m, n, ldz, ldh)
}

func affine(dst, w, b, x []float32) {
	if avx2 {
		affineAVX2(&dst[0], &w[0], &b[0], &x[0], len(dst), len(x))
		return
	}
	affineGeneric(dst, w, b, x)
}

func adam(p, g, m, v []float32, r *AdamRates) {
	if !avx2 {
		adamGeneric(p, g, m, v, r)
		return
	}
	adamAVX2(&p[0], &g[0], &m[0], &v[0], &r.Beta1, len(p))
}

// axpy takes the last values through a buffer, so that all are fused alike.
func axpy(y []float32, a float32, x []float32) {
	if !avx2 {
		axpyGeneric(y, a, x)
		return
	}
	n := len(x) &^ 7
	if n > 0 {
		axpyAVX2(&y[0], a, &x[0], n/8)
	}
	if n < len(x) {
		var ys, xs [8]float32
		copy(ys[:], y[n:])
		copy(xs[:], x[n:])
		axpyAVX2(&ys[0], a, &xs[0], 1)
		copy(y[n:], ys[:])
	}
}
