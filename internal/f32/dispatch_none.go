//go:build (!amd64 && !arm64) || purego

package f32

func native() []string { return nil }

func choose(string) {}

func product(c []float32, ldc int, from []float32, ldfrom int, a []float32, rs, ks int, b []float32, ldp, panels, m, k int) {
	productGeneric(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, m, k)
}

func step(h, c, xh, start, z []float32, w *Matrix, _ bool) { stepGeneric(h, c, xh, start, z, w) }

// woven computes nothing: no kernel weaves products and gates.
func woven(h, c, cPrev, xh, start, z []float32, w *Matrix, m, n, ldx, ldstart, ldz int, keep bool) (rows, units int) {
	return 0, 0
}

func gates(h, c, cPrev, z []float32, m, n, ldh, ldz int, keep bool) {
	gatesGeneric(h, c, cPrev, z, m, n, ldh, ldz, keep)
}

func gatesBackward(z, dc, dh, h, cPrev []float32, m, n, ldz, ldh int) {
	gatesBackwardGeneric(z, dc, dh, h, cPrev, m, n, ldz, ldh)
}

func axpy(y []float32, a float32, x []float32) { axpyGeneric(y, a, x) }

func affine(dst, w, b, x []float32) { affineGeneric(dst, w, b, x) }

func adam(p, g, m, v []float32, r *AdamRates) { adamGeneric(p, g, m, v, r) }

func weigh(re, im []float64, x []float32, w []float64, groups int) {
	weighGeneric(re, im, x, w, groups)
}

func runStage(y, x, w []float64, half, step int) { stageGeneric(y, x, w, half, step) }

func splitPower(dst []float32, z, w []float64, half int) { splitGeneric(dst, z, w, half) }

func bank(dst, x, w []float32, spans []int) { bankGeneric(dst, x, w, spans) }

func convolve(w, x []float32, rest *[lanes]float32, groups int) float32 {
	return convolveGeneric(w, x, rest, groups)
}

func logs(x []float32, floor float32) { logsGeneric(x, floor) }
