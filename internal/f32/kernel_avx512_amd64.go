//go:build amd64 && !purego

package f32

import "math/bits"

// productAVX512 is productGeneric with fused multiply-add, with two panels at a time, or
// four if there are few rows.
func productAVX512(c []float32, ldc int, from []float32, ldfrom int, a []float32, rs, ks int, b []float32, ldp, panels, m, k int) {
	width := 2
	if m <= 6 {
		width = 4
	}
	for {
		width = min(width, 1<<(bits.Len(uint(panels))-1))
		done := panels &^ (width - 1)
		stripesAVX512(c, ldc, from, ldfrom, a, rs, ks, b, ldp, width, done/width, m, k)
		if panels -= done; panels == 0 {
			return
		}
		c, from, b = c[done*Panel:], from[done*Panel:], b[done*ldp:]
	}
}

// stripesAVX512 computes steps stripes of width panels each, in tiles of at most 24
// registers. It distributes the rows evenly over the tiles.
func stripesAVX512(c []float32, ldc int, from []float32, ldfrom int, a []float32, rs, ks int, b []float32, ldp, width, steps, m, k int) {
	most := 24 / width
	tiles := (m + most - 1) / most
	rows, larger := m/tiles, m%tiles
	if larger > 0 {
		tilesAVX512(width, &c[0], 4*ldc, &from[0], 4*ldfrom, &a[0], 4*rs, 4*ks, &b[0], 4*ldp, steps, larger, k, rows+1)
		done := larger * (rows + 1)
		c, from, a = c[done*ldc:], from[done*ldfrom:], a[done*rs:]
	}
	tilesAVX512(width, &c[0], 4*ldc, &from[0], 4*ldfrom, &a[0], 4*rs, 4*ks, &b[0], 4*ldp, steps, tiles-larger, k, rows)
}

func tilesAVX512(width int, c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, steps, tiles, k, rows int) {
	switch width {
	case 1:
		tiles24x1AVX512(c, ldc, from, ldfrom, a, rs, ks, b, ldp, steps, tiles, k, rows)
	case 2:
		tiles12x2AVX512(c, ldc, from, ldfrom, a, rs, ks, b, ldp, steps, tiles, k, rows)
	case 4:
		tiles6x4AVX512(c, ldc, from, ldfrom, a, rs, ks, b, ldp, steps, tiles, k, rows)
	}
}

// What the tiles of wovenAVX512 are made for: rows in each, and the least number of terms.
const (
	wovenRows  = 8
	wovenTerms = 64
)

// weaveAVX512 is woven. The terms must be few enough for one call, and enough for the gates of a
// tile to find room between them.
func weaveAVX512(h, c, cPrev, xh, start, z []float32, w *Matrix, m, n, ldx, ldstart, ldz int, keep bool) (rows, units int) {
	tiles, stripes := m/wovenRows, n/group
	if tiles == 0 || stripes == 0 || w.K < wovenTerms || w.K > kBlock {
		return 0, 0
	}
	if keep {
		wovenKeepAVX512(&h[0], &c[0], &cPrev[0], &z[0], &start[0], &xh[0], &w.data[0], tiles, stripes, w.K, 4*n, 4*ldz, 4*ldstart, 4*ldx, 4*w.ld)
	} else {
		wovenAVX512(&h[0], &c[0], &cPrev[0], &z[0], &start[0], &xh[0], &w.data[0], tiles, stripes, w.K, 4*n, 4*4*group, 4*ldstart, 4*ldx, 4*w.ld)
	}
	return tiles * wovenRows, stripes * group
}

// allGatesAVX512 is gatesGeneric. Four units, as the last of a layer may be, are computed in four
// rows at once.
func allGatesAVX512(h, c, cPrev, z []float32, m, n, ldh, ldz int, keep bool) {
	if four := m &^ 3; n == 4 && four > 0 {
		if keep {
			gatesFourKeepAVX512(&h[0], &c[0], &cPrev[0], &z[0], four, 4*ldh, 4*ldz)
		} else {
			gatesFourAVX512(&h[0], &c[0], &cPrev[0], &z[0], four, 4*ldh, 4*ldz)
		}
		if m -= four; m == 0 {
			return
		}
		h, c, cPrev, z = h[four*ldh:], c[four*ldh:], cPrev[four*ldh:], z[four*ldz:]
	}
	if keep {
		gatesKeepAVX512(&h[0], &c[0], &cPrev[0], &z[0], m, n, 4*ldh, 4*ldz)
	} else {
		gatesAVX512(&h[0], &c[0], &cPrev[0], &z[0], m, n, 4*ldh, 4*ldz)
	}
}

// walkAVX512 is stepGeneric with fused multiply-add.
func walkAVX512(h, c, xh, start, z []float32, w *Matrix, back bool) {
	panels, move := Panels(w.N), 64
	if back {
		move = -64
	}
	stepAVX512(&h[0], &c[0], &xh[0], &start[0], &z[0], &w.data[0], len(h), len(xh), 4*w.ld,
		panels, (len(h)+15)/16, endPanels(panels, len(xh)), move)
}

// endPanels returns the number of panels, of k terms each, in the first and the last
// pass of stepAVX512. It is four, or three if only three fit into the first-level cache
// (29 of 32 KiB are available for weights), or 0 for no such passes if too few panels
// would remain between them.
func endPanels(panels, k int) int {
	const lines = 29 << 10 / (4 * Panel)
	ends := 4
	if 4*k > lines && 3*k <= lines {
		ends = 3
	}
	if panels < 2*ends+3 {
		return 0
	}
	return ends
}

//go:noescape
func tiles24x1AVX512(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, steps, tiles, k, rows int)

//go:noescape
func tiles12x2AVX512(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, steps, tiles, k, rows int)

//go:noescape
func tiles6x4AVX512(c *float32, ldc int, from *float32, ldfrom int, a *float32, rs, ks int, b *float32, ldp, steps, tiles, k, rows int)

//go:noescape
func wovenAVX512(h, c, cPrev, z, start, xh, w *float32, tiles, stripes, k, ldh, ldz, ldstart, ldx, ldp int)

//go:noescape
func wovenKeepAVX512(h, c, cPrev, z, start, xh, w *float32, tiles, stripes, k, ldh, ldz, ldstart, ldx, ldp int)

//go:noescape
func gatesAVX512(h, c, cPrev, z *float32, m, n, ldh, ldz int)

//go:noescape
func gatesKeepAVX512(h, c, cPrev, z *float32, m, n, ldh, ldz int)

//go:noescape
func gatesFourAVX512(h, c, cPrev, z *float32, m, ldh, ldz int)

//go:noescape
func gatesFourKeepAVX512(h, c, cPrev, z *float32, m, ldh, ldz int)

//go:noescape
func gatesBackwardAVX512(z, dc, dh, h, cPrev *float32, m, n, ldz, ldh int)

//go:noescape
func stepAVX512(h, c, xh, start, z, w *float32, n, k, ld, panels, blocks, ends, move int)

//go:noescape
func axpyAVX512(y *float32, a float32, x *float32, n int)

//go:noescape
func peakAVX512(n int)

//go:noescape
func weighAVX512(re, im *float64, x *float32, w *float64, groups int)

//go:noescape
func stageOneAVX512(y, x, w *float64, half int)

//go:noescape
func stageFourAVX512(y, x, w *float64, half int)

//go:noescape
func stageWideAVX512(y, x, w *float64, half, step int)

//go:noescape
func splitAVX512(dst *float32, z, w *float64, half int)
