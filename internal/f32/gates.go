package f32

import "fmt"

// Step is one timestep of one stream, n = len(h) units: from the sums start,
// laid out as GateColumn says, and the previous h it computes
//
//	z = start + ih·x + hh·prev                   (x nil: start has ih·x already)
//	i, f, o = σ(z);  g = tanh(z);  c = f·c + i·g;  h = o·tanh(c)
//
// z is scratch of len(start); h and prev must not overlap. From the same state
// h is within 5e-7 of the exact value as long as the sums are. back
// walks the units from the last to the first, which changes no bit: alternating
// from step to step meets weights that are still in the cache.
func Step(h, c, prev, x, start, z []float32, ih, hh *Matrix, back bool) {
	n := len(h)
	if len(c) != n || len(prev) != n || hh.K != n || hh.N != 4*n || len(start) < Padded(4*n) || len(z) < len(start) ||
		(x != nil && (ih.K != len(x) || ih.N != 4*n)) {
		panic(fmt.Sprintf("f32: Step: %d units, slices of %d, %d, %d, %d", n, len(c), len(prev), len(start), len(z)))
	}
	step(h, c, prev, x, start, z, ih, hh, back)
}

// Gates runs the elementwise part of m rows of n units: z, rows ldz apart, holds
// the gates' sums laid out as GateColumn says and receives the gates' values;
// rows of h, c and cPrev lie n apart. c may be cPrev.
func Gates(h, c, cPrev, z []float32, m, n, ldz int) {
	if m == 0 {
		return
	}
	if len(h) < m*n || len(c) < m*n || len(cPrev) < m*n || ldz < 4*n || len(z) < (m-1)*ldz+4*n {
		panic(fmt.Sprintf("f32: Gates: %d×%d units, slices of %d, %d, %d, %d", m, n, len(h), len(c), len(cPrev), len(z)))
	}
	gates(h, c, cPrev, z, m, n, ldz)
}

// GatesAdjoint is the adjoint of Gates: from dh (rows ldh apart) and dc, the
// gradients on h and c, it turns the gates' values in z into the gradient on the
// sums and makes dc the gradient on cPrev.
func GatesAdjoint(z, dc, dh, c, cPrev []float32, m, n, ldz, ldh int) {
	if m == 0 {
		return
	}
	if len(dc) < m*n || len(c) < m*n || len(cPrev) < m*n || ldh < n || len(dh) < (m-1)*ldh+n ||
		ldz < 4*n || len(z) < (m-1)*ldz+4*n {
		panic(fmt.Sprintf("f32: GatesAdjoint: %d×%d units, slices of %d, %d, %d, %d, %d", m, n, len(z), len(dc), len(dh), len(c), len(cPrev)))
	}
	gatesAdjoint(z, dc, dh, c, cPrev, m, n, ldz, ldh)
}
