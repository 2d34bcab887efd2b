//go:build !amd64 || purego

package f32

func native() []string { return nil }

func choose(string) {}

func mulAdd(c []float32, ldc int, a []float32, rs, ks int, b []float32, ldb, m, k int) {
	mulAddGeneric(c, ldc, a, rs, ks, b, ldb, m, k)
}

func step(h, c, prev, x, start, z []float32, ih, hh *Matrix, _ bool) {
	stepGeneric(h, c, prev, x, start, z, ih, hh)
}

func gates(h, c, cPrev, z []float32, m, n, ldz int) { gatesGeneric(h, c, cPrev, z, m, n, ldz) }

func gatesAdjoint(z, dc, dh, c, cPrev []float32, m, n, ldz, ldh int) {
	gatesAdjointGeneric(z, dc, dh, c, cPrev, m, n, ldz, ldh)
}

func axpy(y []float32, a float32, x []float32) { axpyGeneric(y, a, x) }
