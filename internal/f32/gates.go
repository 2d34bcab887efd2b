package f32

import "fmt"

// Step computes one timestep of one stream with n = len(h) units:
//
//	z = start + w·xh
//	i, f, o = σ(z);  g = tanh(z);  c = f·c + i·g;  h = o·tanh(c)
//
// start is a row of sums in the layout of GateColumn, and z is scaled by GateScale. xh
// has one value per row of w: [x | previous h], or only the previous h if start contains
// the inputs' part. z is scratch memory of len(start) values. h and xh must not overlap.
// Given the same state and exact sums, h is within 5e-7 of the exact value.
//
// If back is set, Step processes the units from the last to the first, which does not
// change the result. Alternating the direction from step to step finds weights that
// are still in the cache.
func Step(h, c, xh, start, z []float32, w *Matrix, back bool) {
	n := len(h)
	if len(c) != n || len(xh) != w.K || w.N != 4*n || len(start) < Padded(4*n) || len(z) < len(start) {
		panic(fmt.Sprintf("f32: Step: %d units, slices of %d, %d, %d, %d, a matrix of %d×%d", n, len(c), len(xh), len(start), len(z), w.K, w.N))
	}
	step(h, c, xh, start, z, w, back)
}

// RowsAtOnce is the number of rows for which Rows computes all units before it goes on
// to the next rows: few enough for their inputs to stay in the second-level cache.
const RowsAtOnce = 48

// blockUnits is the number of units that Rows computes together, and blockPanels the
// number of panels of their sums.
const (
	blockUnits  = 16
	blockPanels = 4 * blockUnits / Panel
)

// Rows computes Step for m rows, one per stream or sequence, with the same results to
// the bit. Rows of xh are ldx apart, rows of h, c and cPrev n apart, and rows of start
// ldstart apart; ldstart is 0 if all rows share one start. If keep is set, z receives
// the gate values for GatesBackward, in rows that are ldz apart. Otherwise z is scratch
// memory of at least RowsScratch(m, n) values. start may be z if their rows are equally
// far apart, and c may be cPrev, but h must not overlap xh.
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

// RowsScratch returns the number of values of scratch memory that Rows needs for m rows
// of n units.
func RowsScratch(m, n int) int { return max(min(m, RowsAtOnce)*blockPanels*Panel, Padded(4*n)) }

// fewRows is the largest number of rows that Rows computes one by one. A product of so
// few rows cannot keep the multipliers busy; a step computes more units at once.
const fewRows = 2

// someRows computes the sums and then the gates of m rows, blockUnits at a time, but for what
// woven has computed.
func someRows(h, c, cPrev, xh, start, z []float32, w *Matrix, m, n, ldx, ldstart, ldz int, keep bool) {
	rows, units := woven(h, c, cPrev, xh, start, z, w, m, n, ldx, ldstart, ldz, keep)
	if rows > 0 {
		inBlocks(h, c, cPrev, xh, start, z, w, units, rows, n, ldx, ldstart, ldz, keep)
	}
	if rows < m {
		if keep {
			z = z[rows*ldz:]
		}
		inBlocks(h[rows*n:], c[rows*n:], cPrev[rows*n:], xh[rows*ldx:], start[rows*ldstart:], z, w, 0, m-rows, n, ldx, ldstart, ldz, keep)
	}
}

// inBlocks computes the units from u on.
func inBlocks(h, c, cPrev, xh, start, z []float32, w *Matrix, u, m, n, ldx, ldstart, ldz int, keep bool) {
	if !keep {
		ldz = blockPanels * Panel
	}
	for ; u < n; u += blockUnits {
		first := 4 * u / Panel
		last := min(first+blockPanels, Panels(4*n))
		sums := z
		if keep {
			sums = z[first*Panel:]
		}
		w.product(sums, ldz, start[first*Panel:], ldstart, xh, ldx, m, first, last)
		gates(h[u:], c[u:], cPrev[u:], sums, m, min(blockUnits, n-u), n, ldz, keep)
	}
}

// GatesBackward is the backward pass of the gates for m rows of n units. dh (rows ldh
// apart) and dc are the gradients on h and c, and z (rows ldz apart) holds the gate
// values that Rows kept. GatesBackward replaces z by the gradient on the unscaled sums
// and dc by the gradient on cPrev. Rows of dc, h and cPrev are n apart. h must be what
// Rows wrote, because tanh(c) is computed as h/o; o is never 0.
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
