package f32

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// fma is x·y + z rounded once: the product is exact in float64, and the sum, if it
// is not, is made odd there, so that the second rounding cannot be led astray
// (Boldo and Melquiond 2008).
func fma(x, y, z float32) float32 {
	p, c := float64(x)*float64(y), float64(z)
	s := p + c
	if v := s - p; s-s == 0 && math.Float64bits(s)&1 == 0 {
		if e := (p - (s - v)) + (c - v); e != 0 { // Knuth's error of the sum
			if (e > 0) == (s > 0) {
				s = math.Float64frombits(math.Float64bits(s) + 1)
			} else {
				s = math.Float64frombits(math.Float64bits(s) - 1)
			}
		}
	}
	return float32(s)
}

func TestFMA(t *testing.T) {
	for _, c := range []struct{ x, y, z, want float32 }{
		{1 + 0x1p-12, 1 + 0x1p-12, 0x1p-60, 1 + 0x1p-11 + 0x1p-23}, // just above a tie
		{1 + 0x1p-12, 1 + 0x1p-12, -0x1p-60, 1 + 0x1p-11},          // just below it
		{3, 5, -15, 0},
		{float32(math.Inf(1)), 1, 2, float32(math.Inf(1))},
	} {
		if got := fma(c.x, c.y, c.z); got != c.want {
			t.Errorf("%v·%v + %v is %v, want %v", c.x, c.y, c.z, got, c.want)
		}
	}
}

// fusedExp2 is exp2 as kernels with fused multiply-add compute it.
func fusedExp2(x float32) float32 {
	if x != x {
		return x
	}
	x = max(min(x, limit), -limit)
	n := float32(math.RoundToEven(float64(x)))
	f := x - n
	p := float32(exp2e)
	for _, c := range []float32{exp2d, exp2c, exp2b, exp2a, 1} {
		p = fma(p, f, c)
	}
	return math.Float32frombits(math.Float32bits(p) + uint32(int32(n))<<23)
}

// eachFused runs f with every kernel that fuses multiply and add: they agree with
// one another, and with this file, to the bit.
func eachFused(t *testing.T, f func(t *testing.T)) {
	eachKernel(t, func(t *testing.T) {
		if Kernel() == "generic" {
			return // rounds twice
		}
		f(t)
	})
}

func TestFusedStepMatchesEmulatedFMA(t *testing.T) {
	eachFused(t, func(t *testing.T) { rapid.Check(t, stepIsFused) })
}

func stepIsFused(t *rapid.T) {
	n := rapid.OneOf(rapid.IntRange(1, 70), rapid.Just(100)).Draw(t, "units")
	d := rapid.IntRange(0, 20).Draw(t, "features")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
	scale := float32(rapid.SampledFrom([]float64{0.01, 0.1, 1, 30}).Draw(t, "scale"))
	draw := func() float32 { return float32(rng.NormFloat64()) * scale }
	var w Matrix
	w.PackGates(n, newGuarded(4*n*(d+n), 0, draw).data)
	width := Padded(4 * n)
	start, xh, c := newGuarded(width, 0, draw).data, newGuarded(w.K, 0, normal(rng)).data, newGuarded(n, 0, state(rng)).data
	z := append([]float32(nil), start...)
	for k, v := range xh {
		for col := range width {
			z[col] = fma(v, w.panel(col/Panel, k)[col%Panel], z[col])
		}
	}
	h, s, sums := make([]float32, n), append([]float32(nil), c...), make([]float32, width)
	Step(h, s, xh, start, sums, &w, rapid.Bool().Draw(t, "back"))
	for j := range n {
		at := func(g int) float32 { return fusedExp2(z[GateColumn(n, g, j)]) }
		i, f, g, o := at(0)+1, at(1)+1, at(2), at(3)+1
		a := i * (1 + g)
		want := fma(c[j], a, float32((1-g)*f)) / float32(a*f)
		e := fusedExp2(float32(want * tanhScale))
		same(t, "c", s[j], want)
		same(t, "h", h[j], (1-e)/float32(o*(1+e)))
	}
}

func TestFusedBackwardMatchesEmulatedFMA(t *testing.T) {
	eachFused(t, func(t *testing.T) { rapid.Check(t, backwardIsFused) })
}

func backwardIsFused(t *rapid.T) {
	n := rapid.IntRange(1, 40).Draw(t, "units")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 10))
	unit := func() float32 { return rng.Float32() }
	z, h, dh, dc, before := newGuarded(4*n, 0, unit).data, newGuarded(n, 0, unit).data, newGuarded(n, 0, normal(rng)).data,
		newGuarded(n, 0, normal(rng)).data, newGuarded(n, 0, state(rng)).data
	gate := append([]float32(nil), z...)
	dc0 := append([]float32(nil), dc...)
	GatesBackward(z, dc, dh, h, before, 1, n, 4*n, n)
	for j := range n {
		at := func(q int) float32 { return gate[GateColumn(n, q, j)] }
		got := func(q int) float32 { return z[GateColumn(n, q, j)] }
		i, f, g, o := at(0), at(1), at(2), at(3)
		y := h[j] / o
		d := fma(float32(dh[j]*o), fma(-y, y, 1), dc0[j])
		same(t, "i", got(0), float32(d*g)*float32((1-i)*i))
		same(t, "f", got(1), float32(d*before[j])*float32((1-f)*f))
		same(t, "g", got(2), float32(d*i)*fma(-g, g, 1))
		same(t, "o", got(3), float32(dh[j]*y)*float32((1-o)*o))
		same(t, "dc", dc[j], float32(d*f))
	}
}

// This holds to the bit with and without fused multiply-add.
func TestAffineSumsInDocumentedOrder(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		add := fma
		if Kernel() == "generic" {
			add = func(x, y, z float32) float32 { return z + float32(x*y) }
		}
		rapid.Check(t, func(t *rapid.T) {
			k := rapid.IntRange(1, 60).Draw(t, "k")
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 11))
			w, x := newGuarded(k, 0, normal(rng)).data, newGuarded(k, 0, normal(rng)).data
			var s [8]float32
			for j := range k {
				s[j%8] = add(w[j], x[j], s[j%8])
			}
			got := []float32{0}
			Affine(got, w, []float32{2}, x)
			same(t, "row", got[0], ((s[0]+s[4])+(s[2]+s[6]))+((s[1]+s[5])+(s[3]+s[7]))+2)
		})
	})
}
