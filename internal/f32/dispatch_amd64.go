//go:build amd64 && !purego

package f32

import "golang.org/x/sys/cpu"

//go:generate go run ./gen kernel_avx2_amd64.s

// avx2 says that the AVX2 and FMA kernels are in use.
var avx2 = len(native()) > 0

func native() []string {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		return []string{"avx2"}
	}
	return nil
}

func choose(name string) { avx2 = name == "avx2" }

func mulAdd(c []float32, ldc int, a []float32, rs, ks int, b []float32, ldb, m, k int) {
	if avx2 {
		mulAddAVX2(c, ldc, a, rs, ks, b, ldb, m, k)
		return
	}
	mulAddGeneric(c, ldc, a, rs, ks, b, ldb, m, k)
}

func step(h, c, prev, x, start, z []float32, ih, hh *Matrix, back bool) {
	if !avx2 {
		stepGeneric(h, c, prev, x, start, z, ih, hh)
		return
	}
	pairs, last := passes(len(h))
	var backward int
	if back {
		backward = 1
	}
	var px, pih *float32
	if len(x) > 0 {
		px, pih = &x[0], &ih.data[0]
	}
	stepAVX2(&h[0], &c[0], &prev[0], px, &start[0], &z[0], pih, &hh.data[0], len(h), len(x), pairs, last, backward)
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

func gates(h, c, cPrev, z []float32, m, n, ldz int) {
	if avx2 {
		gatesAVX2(&h[0], &c[0], &cPrev[0], &z[0], m, n, 4*ldz)
		return
	}
	gatesGeneric(h, c, cPrev, z, m, n, ldz)
}

func gatesAdjoint(z, dc, dh, c, cPrev []float32, m, n, ldz, ldh int) {
	if avx2 {
		gatesAdjointAVX2(&z[0], &dc[0], &dh[0], &c[0], &cPrev[0], m, n, 4*ldz, 4*ldh)
		return
	}
	gatesAdjointGeneric(z, dc, dh, c, cPrev, m, n, ldz, ldh)
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
