package f32

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// Gates runs the elementwise part of Rows alone: z, rows ldz apart, holds the sums of
// m rows of n units and receives the gates' values.
func Gates(h, c, cPrev, z []float32, m, n, ldz int) { gates(h, c, cPrev, z, m, n, n, ldz, true) }

func sigma64(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// anyGate draws sums and states that an LSTM may meet: ordinary, tiny, denormal,
// zero of both signs, far beyond saturation.
func anyGate(rng *rand.Rand) func() float32 {
	odd := []float32{0, float32(math.Copysign(0, -1)), 1e-40, -1e-40, 1e-20, 39.9, -40.1, 87, -104, 1e30, -1e30, math.MaxFloat32}
	return func() float32 {
		if rng.IntN(6) == 0 {
			return odd[rng.IntN(len(odd))]
		}
		return float32(rng.NormFloat64() * 5)
	}
}

// state draws a cell state: c is at most the number of steps, so moderate.
func state(rng *rand.Rand) func() float32 {
	return func() float32 { return float32(rng.NormFloat64() * 3) }
}

// h is within 5e-7 of float64, and each row has the same bits as alone.
func TestGatesMatchFloat64(t *testing.T) {
	eachKernel(t, func(t *testing.T) { rapid.Check(t, gatesAreExact) })
}

func gatesAreExact(t *rapid.T) {
	m, n := rapid.IntRange(1, 4).Draw(t, "rows"), rapid.IntRange(1, 40).Draw(t, "units")
	skip := rapid.IntRange(0, 7).Draw(t, "skip")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
	ldz := 4*n + rapid.IntRange(0, 5).Draw(t, "ldz")
	z := newGuarded((m-1)*ldz+4*n, skip, anyGate(rng))
	cPrev := newGuarded(m*n, skip, state(rng))
	c, h := newGuarded(m*n, skip, zero), newGuarded(m*n, skip, zero)
	sums := append([]float32(nil), z.data...)
	Gates(h.data, c.data, cPrev.data, z.data, m, n, ldz)
	h.check(t, "h")
	c.check(t, "c")
	z.check(t, "z")
	for r := range m {
		alone := append([]float32(nil), sums[r*ldz:r*ldz+4*n]...)
		h1, c1 := make([]float32, n), append([]float32(nil), cPrev.data[r*n:(r+1)*n]...)
		Gates(h1, c1, c1, alone, 1, n, 4*n)
		for j := range n {
			same(t, "h alone", h1[j], h.data[r*n+j])
			same(t, "c alone", c1[j], c.data[r*n+j])
			at := func(g int) float64 { return float64(sums[r*ldz+GateColumn(n, g, j)]) / GateScale(g) }
			i, f, g, o := sigma64(at(0)), sigma64(at(1)), math.Tanh(at(2)), sigma64(at(3))
			for q, want := range []float64{i, f, g, o} {
				near(t, "gate", z.data[r*ldz+GateColumn(n, q, j)], want, 2.5e-7)
			}
			s := f*float64(cPrev.data[r*n+j]) + i*g
			near(t, "c", c.data[r*n+j], s, 5e-7*max(1, math.Abs(s)))
			near(t, "h", h.data[r*n+j], o*math.Tanh(s), 5e-7)
		}
		for j := 4 * n; j < ldz && r < m-1; j++ {
			same(t, "between rows", z.data[r*ldz+j], sums[r*ldz+j])
		}
	}
}

func TestGatesBackwardMatchesFloat64(t *testing.T) {
	eachKernel(t, func(t *testing.T) { rapid.Check(t, gatesBackwardIsExact) })
}

func gatesBackwardIsExact(t *rapid.T) {
	m, n := rapid.IntRange(1, 4).Draw(t, "rows"), rapid.IntRange(1, 40).Draw(t, "units")
	skip := rapid.IntRange(0, 7).Draw(t, "skip")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 6))
	ldz, ldh := 4*n+skip%3, n+skip%4
	uniform := func() float32 { return rng.Float32() }
	z := newGuarded((m-1)*ldz+4*n, skip, uniform)
	h, cPrev := newGuarded(m*n, skip, uniform), newGuarded(m*n, skip, state(rng))
	for i := range h.data {
		h.data[i] *= z.data[i/n*ldz+GateColumn(n, 3, i%n)] // h = o·y
	}
	dc, dh := newGuarded(m*n, skip, normal(rng)), newGuarded((m-1)*ldh+n, skip, normal(rng))
	z0, dc0 := append([]float32(nil), z.data...), append([]float32(nil), dc.data...)
	GatesBackward(z.data, dc.data, dh.data, h.data, cPrev.data, m, n, ldz, ldh)
	z.check(t, "z")
	dc.check(t, "dc")
	for r := range m {
		for j := range n {
			at := func(q int) float64 { return float64(z0[r*ldz+GateColumn(n, q, j)]) }
			i, f, g, o := at(0), at(1), at(2), at(3)
			y, up := float64(h.data[r*n+j])/o, float64(dh.data[r*ldh+j])
			d := float64(dc0[r*n+j]) + up*o*(1-y*y)
			before := float64(cPrev.data[r*n+j])
			for q, want := range []float64{d * g * i * (1 - i), d * before * f * (1 - f), d * i * (1 - g*g), up * y * o * (1 - o)} {
				near(t, "gradient on a sum", z.data[r*ldz+GateColumn(n, q, j)], want, 3e-6*max(1, math.Abs(want)))
			}
			near(t, "dc", dc.data[r*n+j], d*f, 3e-6*max(1, math.Abs(d)))
		}
	}
}

// Every kernel computes σ and tanh over their whole range.
func TestActivationsMatchFloat64(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		var worst float64
		for i := -60000; i <= 60000; i++ {
			x := float32(i) / 1000
			z := []float32{60, x, x, x}
			for g := range z {
				z[g] = float32(float64(z[g]) * GateScale(g))
			}
			h, c := []float32{0}, []float32{0}
			Gates(h, c, c, z, 1, 1, 4)
			worst = max(worst, math.Abs(float64(z[1])-sigma64(float64(x))), math.Abs(float64(z[2])-math.Tanh(float64(x))))
		}
		if worst > 2.5e-7 {
			t.Errorf("σ or tanh is off by %g", worst)
		}
		t.Logf("greatest error %.2g", worst)
	})
}

// Infinities saturate.
func TestNaNStaysInItsUnit(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	eachKernel(t, func(t *testing.T) {
		for _, n := range []int{3, 8, 12} {
			for j := range n {
				for g := range 4 {
					z := make([]float32, 4*n)
					z[GateColumn(n, g, j)] = nan
					h, c := make([]float32, n), make([]float32, n)
					Gates(h, c, c, z, 1, n, 4*n)
					for u, v := range h {
						if (v != v) != (u == j) {
							t.Fatalf("%d units, NaN in gate %d of unit %d: h[%d] is %v", n, g, j, u, v)
						}
					}
				}
			}
		}
		z := []float32{-inf, inf, inf, -inf} // scaled: i and o open, f shut, g at −1
		h, c := []float32{0}, []float32{1}
		Gates(h, c, c, z, 1, 1, 4)
		if math.Abs(float64(c[0])+1) > 1e-7 || math.Abs(float64(h[0])+math.Tanh(1)) > 1e-7 {
			t.Errorf("saturated gates give c %v, h %v", c[0], h[0])
		}
	})
}

// Step equals MulAdd and the gates to the bit in both directions, and so does each row of Rows.
func TestStepEqualsMulAddAndGates(t *testing.T) {
	eachKernel(t, func(t *testing.T) { rapid.Check(t, stepIsItsParts) })
}

func stepIsItsParts(t *rapid.T) {
	n := rapid.OneOf(rapid.IntRange(1, 70), rapid.Just(100)).Draw(t, "units")
	d := rapid.IntRange(0, 20).Draw(t, "features")
	skip := rapid.IntRange(0, 7).Draw(t, "skip")
	m := rapid.OneOf(rapid.IntRange(1, 9), rapid.IntRange(40, 60)).Draw(t, "rows")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
	var whole Matrix
	whole.PackGates(n, newGuarded(4*n*3, 0, normal(rng)).data, newGuarded(4*n*(d+n), 0, normal(rng)).data)
	w := whole.Part(3, 3+d+n)
	width := Padded(4 * n)
	ldx, ldz := w.K+skip%3, width+skip%4
	ldstart, starts := 0, 1 // each row from a start of its own, or all from one
	if rapid.Bool().Draw(t, "own starts") {
		ldstart, starts = width+skip%5, m
	}
	start := newGuarded((starts-1)*ldstart+width, skip, normal(rng))
	xh, c := newGuarded((m-1)*ldx+w.K, skip, normal(rng)), newGuarded(m*n, skip, state(rng))
	wantH, wantC := make([]float32, m*n), make([]float32, m*n)
	wantZ := make([]float32, m*width)
	for r := range m {
		sums := wantZ[r*width : (r+1)*width]
		copy(sums, start.data[r*ldstart:][:width])
		w.MulAdd(sums, width, xh.data[r*ldx:], w.K, 1)
		Gates(wantH[r*n:(r+1)*n], wantC[r*n:(r+1)*n], c.data[r*n:(r+1)*n], sums, 1, n, width)
	}
	check := func(what string, h, c []float32, r int) {
		for j := range n {
			same(t, what+" h", h[j], wantH[r*n+j])
			same(t, what+" c", c[j], wantC[r*n+j])
		}
	}
	for r := range min(m, 3) {
		for _, back := range []bool{false, true} {
			h, s, z := newGuarded(n, skip, zero), newGuarded(n, skip, zero), newGuarded(width, skip, zero)
			copy(s.data, c.data[r*n:])
			Step(h.data, s.data, xh.data[r*ldx:][:w.K], start.data[r*ldstart:][:width], z.data, &w, back)
			for _, g := range []*guarded{h, s, z} {
				g.check(t, "beside")
			}
			check("Step", h.data, s.data, r)
		}
	}
	for _, keep := range []bool{false, true} {
		h, after := newGuarded(m*n, skip, zero), newGuarded(m*n, skip, zero)
		z := newGuarded(RowsScratch(m, n), skip, zero)
		if keep {
			z = newGuarded((m-1)*ldz+width, skip, zero)
		}
		from, ldfrom := start.data, ldstart
		if keep && ldstart > 0 { // they may lie where the gates come
			from, ldfrom = z.data, ldz
			for r := range m {
				copy(from[r*ldz:], start.data[r*ldstart:][:width])
			}
		}
		Rows(h.data, after.data, c.data, xh.data, from, z.data, &w, m, n, ldx, ldfrom, ldz, keep)
		for _, g := range []*guarded{h, after, z} {
			g.check(t, "beside")
		}
		for r := range m {
			check("Rows", h.data[r*n:(r+1)*n], after.data[r*n:(r+1)*n], r)
			for j := range 4 * n {
				if keep {
					same(t, "gate", z.data[r*ldz+j], wantZ[r*width+j])
				}
			}
		}
	}
}
