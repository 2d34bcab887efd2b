//go:build amd64 && !purego

package f32

// productAVX2 is productGeneric with fused multiply-add, in tiles of at most six rows.
// It distributes the rows evenly, because a tile of fewer than four rows cannot keep
// the multipliers busy.
func productAVX2(c []float32, ldc int, from []float32, ldfrom int, a []float32, rs, ks int, b []float32, ldp, panels, m, k int) {
	tiles := (m + 5) / 6
	rows, larger := m/tiles, m%tiles
	if larger > 0 {
		tileAVX2(rows+1, &c[0], 4*ldc, &from[0], 4*ldfrom, &a[0], 4*rs, 4*ks, &b[0], 4*ldp, panels, larger, k)
		done := larger * (rows + 1)
		c, from, a = c[done*ldc:], from[done*ldfrom:], a[done*rs:]
	}
	tileAVX2(rows, &c[0], 4*ldc, &from[0], 4*ldfrom, &a[0], 4*rs, 4*ks, &b[0], 4*ldp, panels, tiles-larger, k)
}

func tileAVX2(rows int, c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, panels, tiles, k int) {
	switch rows {
	case 1:
		tile1AVX2(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, tiles, k)
	case 2:
		tile2AVX2(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, tiles, k)
	case 3:
		tile3AVX2(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, tiles, k)
	case 4:
		tile4AVX2(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, tiles, k)
	case 5:
		tile5AVX2(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, tiles, k)
	case 6:
		tile6AVX2(c, ldc, from, ldfrom, a, rs, ks, b, ldp, panels, tiles, k)
	}
}

// walkAVX2 is stepGeneric with fused multiply-add.
func walkAVX2(h, c, xh, start, z []float32, w *Matrix, back bool) {
	pairs, last := passes(len(h))
	var backward int
	if back {
		backward = 1
	}
	stepAVX2(&h[0], &c[0], &xh[0], &start[0], &z[0], &w.data[0], len(h), len(xh), 4*w.ld, pairs, last, backward)
}

// passes returns the number of pairs of groups that stepAVX2 computes in registers, and
// the number of panels, one to six, that remain for its last pass.
func passes(n int) (pairs, last int) {
	panels := Panels(4 * n)
	pairs = panels / 4
	if panels%4 < 3 && pairs > 0 {
		pairs--
	}
	return pairs, panels - 4*pairs
}

// addAVX2 is axpyGeneric with fused multiply-add. The last values pass through a buffer
// so that they are fused, too.
func addAVX2(y []float32, a float32, x []float32) {
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

//go:noescape
func tile1AVX2(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, panels, tiles, k int)

//go:noescape
func tile2AVX2(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, panels, tiles, k int)

//go:noescape
func tile3AVX2(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, panels, tiles, k int)

//go:noescape
func tile4AVX2(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, panels, tiles, k int)

//go:noescape
func tile5AVX2(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, panels, tiles, k int)

//go:noescape
func tile6AVX2(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, panels, tiles, k int)

//go:noescape
func gatesAVX2(h, c, cPrev, z *float32, m, n, ldh, ldz int)

//go:noescape
func gatesKeepAVX2(h, c, cPrev, z *float32, m, n, ldh, ldz int)

//go:noescape
func gatesBackwardAVX2(z, dc, dh, h, cPrev *float32, m, n, ldz, ldh int)

//go:noescape
func stepAVX2(h, c, xh, start, z, w *float32, n, k, ld, pairs, last, back int)

//go:noescape
func axpyAVX2(y *float32, a float32, x *float32, groups int)

//go:noescape
func affineAVX2(dst, w, b, x *float32, rows, k int)

//go:noescape
func adamAVX2(p, d, m, v, rates *float32, n int)

//go:noescape
func weighAVX2(re, im *float64, x *float32, w *float64, groups int)

//go:noescape
func stageOneAVX2(y, x, w *float64, half int)

//go:noescape
func stageWideAVX2(y, x, w *float64, half, step int)

//go:noescape
func splitAVX2(dst *float32, z, w *float64, half int)

//go:noescape
func bankAVX2(dst, x, w *float32, spans *int, rows int)

//go:noescape
func convolveAVX2(dst, w, x, rest *float32, groups int)

//go:noescape
func logsAVX2(x *float32, groups int, floor *float32)
