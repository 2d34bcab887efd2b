package f32

import "fmt"

// Step is one timestep of one stream, n = len(h) units: from the sums start, laid
// out as GateColumn says, and xh, as many values as w has rows, it computes
//
//	z = start + w·xh
//	i, f, o = σ(z);  g = tanh(z);  c = f·c + i·g;  h = o·tanh(c)
//
// with z in the gates' scale (GateScale). xh is [x | previous h], or the latter
// alone where start has the inputs' part. z is scratch of len(start); h and xh
// must not overlap. From the same state h is within 5e-7 of the exact value as
// long as the sums are. back walks the units from the last to the first, which
// changes no bit: alternating from step to step meets weights that are still in
// the cache.
func Step(h, c, xh, start, z []float32, w *Matrix, back bool) {
	n := len(h)
	if len(c) != n || len(xh) != w.K || w.N != 4*n || len(start) < Padded(4*n) || len(z) < len(start) {
		panic(fmt.Sprintf("f32: Step: %d units, slices of %d, %d, %d, %d, a matrix of %d×%d", n, len(c), len(xh), len(start), len(z), w.K, w.N))
	}
	step(h, c, xh, start, z, w, back)
}

// RowsAtOnce is how many rows Rows takes through all units before the next ones:
// few enough for their inputs to stay in the second cache level.
const RowsAtOnce = 48

// blockUnits is how many units Rows finishes before the next ones, and blockPanels
// the panels of their sums.
const (
	blockUnits  = 16
	blockPanels = 4 * blockUnits / Panel
)

// Rows is Step for m rows, each a stream's or a sequence's: xh lies ldx apart, h, c
// and cPrev n apart, start ldstart apart, which is 0 where all rows have the same. To
// the bit it is as Step gives them. start may be z where both are as far apart. With
// keep, z has rows ldz apart that receive the gates' values, for GatesBackward;
// otherwise it is scratch of at least RowsScratch(m, n) values. h must not overlap xh;
// c may be cPrev.
func Rows(h, c, cPrev, xh, start, z []float32, w *Matrix, m, n, ldx, ldstart, ldz int, keep bool) {
	if m == 0 {
		return
	}
	if len(h) < m*n || len(c) < m*n || len(cPrev) < m*n || w.N != 4*n || ldx < w.K || len(xh) < (m-1)*ldx+w.K || len(start) < (m-1)*ldstart+Padded(4*n) ||
		(keep && (ldz < Padded(4*n) || len(z) < (m-1)*ldz+Padded(4*n))) || (!keep && len(z) < RowsScratch(m, n)) {
		panic(fmt.Sprintf("f32: Rows: %d×%d units, slices of %d, %d, %d, %d, %d, %d, a matrix of %d×%d", m, n, len(h), len(c), len(cPrev), len(xh), len(start), len(z), w.K, w.N))
	}
	if m <= fewRows && !keep {
		for i := range m {
			copy(c[i*n:(i+1)*n], cPrev[i*n:(i+1)*n])
			step(h[i*n:(i+1)*n], c[i*n:(i+1)*n], xh[i*ldx:][:w.K], start[i*ldstart:][:Padded(4*n)], z, w, false)
		}
		return
	}
	for done := 0; done < m; done += RowsAtOnce {
		k := min(RowsAtOnce, m-done)
		part := z
		if keep {
			part = z[done*ldz:]
		}
		someRows(h[done*n:], c[done*n:], cPrev[done*n:], xh[done*ldx:], start[done*ldstart:], part, w, k, n, ldx, ldstart, ldz, keep)
	}
}

// RowsScratch is how many values of scratch Rows needs for m rows of n units.
func RowsScratch(m, n int) int { return max(min(m, RowsAtOnce)*blockPanels*Panel, Padded(4*n)) }

// fewRows is up to how many rows go one by one: a product of so few rows leaves
// the multipliers waiting, a step walks more units at once instead.
const fewRows = 2

// someRows takes all units of m rows, blockUnits at a time: their sums, then their
// gates.
func someRows(h, c, cPrev, xh, start, z []float32, w *Matrix, m, n, ldx, ldstart, ldz int, keep bool) {
	if !keep {
		ldz = blockPanels * Panel
	}
	for u := 0; u < n; u += blockUnits {
		first := u / blockUnits * blockPanels
		last := min(first+blockPanels, Panels(4*n))
		sums := z
		if keep {
			sums = z[first*Panel:]
		}
		w.product(sums, ldz, start[first*Panel:], ldstart, xh, ldx, m, first, last)
		gates(h[u:], c[u:], cPrev[u:], sums, m, min(blockUnits, n-u), n, ldz, keep)
	}
}

// GatesBackward is the backward pass of what Rows does with m rows of n units' sums: from
// dh (rows ldh apart) and dc, the gradients on h and c, it turns the gates' values
// that Rows kept in z (rows ldz apart) into the gradient on the sums, unscaled, and
// makes dc the gradient on cPrev; rows of dc, h and cPrev lie n apart. h is what Rows
// wrote: tanh(c) is h/o, and o is never 0.
func GatesBackward(z, dc, dh, h, cPrev []float32, m, n, ldz, ldh int) {
	if m == 0 {
		return
	}
	if len(dc) < m*n || len(h) < m*n || len(cPrev) < m*n || ldh < n || len(dh) < (m-1)*ldh+n ||
		ldz < 4*n || len(z) < (m-1)*ldz+4*n {
		panic(fmt.Sprintf("f32: GatesBackward: %d×%d units, slices of %d, %d, %d, %d, %d", m, n, len(z), len(dc), len(dh), len(h), len(cPrev)))
	}
	gatesBackward(z, dc, dh, h, cPrev, m, n, ldz, ldh)
}
