//go:build arm64 && !purego

package f32

// productNEON is productGeneric with fused multiply-add, in tiles of at most six rows.
// It distributes the rows evenly over the tiles.
func productNEON(c []float32, ldc int, from []float32, ldfrom int, a []float32, rs, ks int, b []float32, ldp, panels, m, k int) {
	tiles := (m + 5) / 6
	rows, larger := m/tiles, m%tiles
	done := larger * (rows + 1)
	for p := range panels {
		c, from, b := c[p*Panel:], from[p*Panel:], &b[p*ldp]
		if larger > 0 {
			tileNEON(rows+1, &c[0], 4*ldc, &from[0], 4*ldfrom, &a[0], 4*rs, 4*ks, b, larger, k)
		}
		tileNEON(rows, &c[done*ldc], 4*ldc, &from[done*ldfrom], 4*ldfrom, &a[done*rs], 4*rs, 4*ks, b, tiles-larger, k)
	}
}

func tileNEON(rows int, c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, tiles, k int) {
	switch rows {
	case 1:
		tile1NEON(c, ldc, from, ldfrom, a, rs, ks, b, tiles, k)
	case 2:
		tile2NEON(c, ldc, from, ldfrom, a, rs, ks, b, tiles, k)
	case 3:
		tile3NEON(c, ldc, from, ldfrom, a, rs, ks, b, tiles, k)
	case 4:
		tile4NEON(c, ldc, from, ldfrom, a, rs, ks, b, tiles, k)
	case 5:
		tile5NEON(c, ldc, from, ldfrom, a, rs, ks, b, tiles, k)
	case 6:
		tile6NEON(c, ldc, from, ldfrom, a, rs, ks, b, tiles, k)
	}
}

//go:noescape
func tile1NEON(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, tiles, k int)

//go:noescape
func tile2NEON(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, tiles, k int)

//go:noescape
func tile3NEON(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, tiles, k int)

//go:noescape
func tile4NEON(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, tiles, k int)

//go:noescape
func tile5NEON(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, tiles, k int)

//go:noescape
func tile6NEON(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, tiles, k int)

//go:noescape
func gatesNEON(h, c, cPrev, z *float32, m, n, ldh, ldz int)

//go:noescape
func gatesKeepNEON(h, c, cPrev, z *float32, m, n, ldh, ldz int)

//go:noescape
func gatesBackwardNEON(z, dc, dh, h, cPrev *float32, m, n, ldz, ldh int)

// stepNEON requires pairs > 0, last from 1 to 4, and k ≥ wovenTerms.
//
//go:noescape
func stepNEON(h, c, xh, start, z, w *float32, n, k, ld, pairs, last, back int)

//go:noescape
func sumsNEON(z, start, xh, w *float32, k, ld, panels int)

//go:noescape
func axpyNEON(y *float32, a float32, x *float32, n int)

//go:noescape
func affineNEON(dst, w, b, x *float32, rows, k int)

//go:noescape
func weighNEON(re, im *float64, x *float32, w *float64, groups int)

//go:noescape
func stageOneNEON(y, x, w *float64, half int)

//go:noescape
func stageWideNEON(y, x, w *float64, half, step int)

//go:noescape
func splitNEON(dst *float32, z, w *float64, half int)

//go:noescape
func bankNEON(dst, x, w *float32, spans *int, rows int)

//go:noescape
func convolveNEON(dst, w, x, rest *float32, groups int)

//go:noescape
func logsNEON(x *float32, groups int, floor *float32)
