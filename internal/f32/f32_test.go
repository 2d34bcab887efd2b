package f32

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// eachKernel runs f with every kernel of this machine.
func eachKernel(t *testing.T, f func(t *testing.T)) {
	defer Use(Kernel())
	for _, name := range Kernels() {
		t.Run(name, func(t *testing.T) {
			if err := Use(name); err != nil {
				t.Fatal(err)
			}
			f(t)
		})
	}
}

func TestUseSelectsKernels(t *testing.T) {
	before := Kernel()
	defer Use(before)
	if Kernels()[0] != "generic" {
		t.Errorf("kernels %v, want generic first", Kernels())
	}
	if err := Use("generic"); err != nil || Kernel() != "generic" {
		t.Errorf("Use(generic): %v, in use %s", err, Kernel())
	}
	if err := Use("abacus"); err == nil || Kernel() != "generic" {
		t.Errorf("Use(abacus): %v, in use %s", err, Kernel())
	}
	if err := Use(""); err != nil || Kernel() != "generic" {
		t.Errorf("Use of nothing: %v, in use %s", err, Kernel())
	}
}

const guard = 12345.678

// guarded is a slice amid guard values, at any alignment.
type guarded struct {
	all  []float32
	data []float32
}

// newGuarded fills n values from fill, after skip guards more than eight.
func newGuarded(n, skip int, fill func() float32) *guarded {
	g := &guarded{all: make([]float32, n+skip+24)}
	for i := range g.all {
		g.all[i] = guard
	}
	g.data = g.all[8+skip:][:n:n]
	for i := range g.data {
		g.data[i] = fill()
	}
	return g
}

// check fails if anything beside the slice was written.
func (g *guarded) check(t *rapid.T, what string) {
	start := len(g.all) - 16 - len(g.data)
	for i, v := range g.all {
		if inside := i >= start && i < start+len(g.data); !inside && v != guard {
			t.Fatalf("%s: value %d of %d was written", what, i-start, len(g.data))
		}
	}
}

func normal(rng *rand.Rand) func() float32 {
	return func() float32 { return float32(rng.NormFloat64()) }
}

func zero() float32 { return 0 }

func near(t *rapid.T, what string, got float32, want, bound float64) {
	if !(math.Abs(float64(got)-want) <= bound) {
		t.Fatalf("%s: %v, want %v within %g", what, got, want, bound)
	}
}

func same(t *rapid.T, what string, got, want float32) {
	if math.Float32bits(got) != math.Float32bits(want) {
		t.Fatalf("%s: %v (%x), want %v (%x)", what, got, math.Float32bits(got), want, math.Float32bits(want))
	}
}

// Each row has the same bits as alone.
func TestMulAddMatchesFloat64(t *testing.T) {
	eachKernel(t, func(t *testing.T) { rapid.Check(t, mulAddIsExact) })
}

func mulAddIsExact(t *rapid.T) {
	n := rapid.IntRange(1, 12).Draw(t, "units")
	k := rapid.OneOf(rapid.IntRange(1, 50), rapid.SampledFrom([]int{255, 256, 257, 400, 513})).Draw(t, "k")
	rows := rapid.IntRange(1, 20).Draw(t, "rows")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	skip := rapid.IntRange(0, 7).Draw(t, "skip")
	lda, ldc := k+rapid.IntRange(0, 3).Draw(t, "lda"), Padded(4*n)+rapid.IntRange(0, 3).Draw(t, "ldc")
	w := newGuarded(4*n*k, skip, normal(rng))
	a := newGuarded((rows-1)*lda+k, skip, normal(rng))
	c := newGuarded((rows-1)*ldc+Padded(4*n), skip, normal(rng))
	before := append([]float32(nil), c.data...)
	var m Matrix
	m.PackGates(n, w.data)
	m.MulAdd(c.data, ldc, a.data, lda, rows)
	c.check(t, "c")
	for i := range rows {
		alone := append([]float32(nil), before[i*ldc:i*ldc+Padded(4*n)]...)
		m.MulAdd(alone, Padded(4*n), a.data[i*lda:], lda, 1)
		for j, v := range alone {
			same(t, "a row alone", v, c.data[i*ldc+j])
		}
		for j := Padded(4 * n); j < ldc && i < rows-1; j++ {
			same(t, "between rows", c.data[i*ldc+j], before[i*ldc+j])
		}
		for g := range 4 {
			for u := range n {
				col := i*ldc + GateColumn(n, g, u)
				sum, size := float64(before[col]), 1.0
				for q := range k {
					term := float64(a.data[i*lda+q]) * float64(w.data[(g*n+u)*k+q]) * GateScale(g)
					sum += term
					size += math.Abs(term)
				}
				near(t, "element", c.data[col], sum, 1e-6*size)
			}
		}
	}
}

func TestPackGatesTransposedIsTranspose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, k := rapid.IntRange(1, 20).Draw(t, "units"), rapid.IntRange(1, 40).Draw(t, "k")
		w := make([]float32, 4*n*k)
		for i := range w {
			w[i] = float32(i + 1)
		}
		var a, b Matrix
		b.PackGatesTransposed(make([]float32, 4*30*50), 30, 50) // memory of another shape
		b.data[0] = 7
		a.PackGates(n, w)
		b.PackGatesTransposed(w, n, k)
		for col := range Padded(4 * n) {
			for row := range Padded(k) {
				var x, y float32
				if row < k {
					x = a.data[(col/Panel*k+row)*Panel+col%Panel]
				}
				if col < 4*n {
					y = b.data[(row/Panel*4*n+col)*Panel+row%Panel]
				}
				scale := 0.0
				for g := range 4 {
					for j := range n {
						if GateColumn(n, g, j) == col {
							scale = GateScale(g)
						}
					}
				}
				same(t, "element", x, float32(float64(y)*scale+0))
			}
		}
	})
}

// The bits are those of a sum in ascending order, whatever the blocking.
func TestMulAddTransposedSumsInOrder(t *testing.T) {
	eachKernel(t, func(t *testing.T) { rapid.Check(t, transposedIsExact) })
}

func transposedIsExact(t *rapid.T) {
	m, n := rapid.IntRange(1, 20).Draw(t, "m"), Panel*rapid.IntRange(1, 3).Draw(t, "panels")
	k := rapid.OneOf(rapid.IntRange(1, 50), rapid.SampledFrom([]int{256, 383, 384, 385, 700})).Draw(t, "k")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
	skip := rapid.IntRange(0, 7).Draw(t, "skip")
	lda, ldb, ldc := m+skip%3, n+skip%5, n+skip%2
	a := newGuarded((k-1)*lda+m, skip, normal(rng))
	b := newGuarded((k-1)*ldb+n, skip, normal(rng))
	c := newGuarded((m-1)*ldc+n, skip, normal(rng))
	before := append([]float32(nil), c.data...)
	MulAddTransposed(c.data, ldc, a.data, lda, b.data, ldb, m, n, k)
	c.check(t, "c")
	row := make([]float32, k)
	for i := range m {
		for q := range row {
			row[q] = a.data[q*lda+i]
		}
		for j := 0; j < n; j += Panel {
			want := append([]float32(nil), before[i*ldc+j:i*ldc+j+Panel]...)
			for q := range k {
				product(want, Panel, want, Panel, row[q:], 1, 1, b.data[q*ldb+j:], 0, 1, 1, 1)
			}
			for x, v := range want {
				same(t, "element", c.data[i*ldc+j+x], v)
			}
		}
	}
}

// Each row has the same bits as alone.
func TestAffineMatchesFloat64(t *testing.T) {
	eachKernel(t, func(t *testing.T) { rapid.Check(t, affineIsExact) })
}

func affineIsExact(t *rapid.T) {
	n, k := rapid.IntRange(0, 11).Draw(t, "n"), rapid.IntRange(0, 40).Draw(t, "k")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
	w, b, x := newGuarded(n*k, 1, normal(rng)), newGuarded(n, 2, normal(rng)), newGuarded(k, 3, normal(rng))
	dst := newGuarded(n, 5, zero)
	Affine(dst.data, w.data, b.data, x.data)
	dst.check(t, "dst")
	for i := range n {
		sum, size := float64(b.data[i]), 1.0
		for j, v := range x.data {
			term := float64(w.data[i*k+j]) * float64(v)
			sum += term
			size += math.Abs(term)
		}
		near(t, "row", dst.data[i], sum, 1e-6*size)
		one := []float32{0}
		Affine(one, w.data[i*k:(i+1)*k], b.data[i:i+1], x.data)
		same(t, "a row alone", one[0], dst.data[i])
	}
}

func TestAxpyMatchesFloat64(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			n, skip := rapid.IntRange(0, 50).Draw(t, "n"), rapid.IntRange(0, 7).Draw(t, "skip")
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 4))
			x, y := newGuarded(n, skip, normal(rng)), newGuarded(n, 7-skip, normal(rng))
			before := append([]float32(nil), y.data...)
			a := float32(rng.NormFloat64())
			Axpy(y.data, a, x.data)
			y.check(t, "y")
			for i, v := range x.data {
				want := float64(before[i]) + float64(a)*float64(v)
				near(t, "value", y.data[i], want, 3e-7*(math.Abs(float64(before[i]))+math.Abs(float64(a*v))))
				one := []float32{before[i]}
				Axpy(one, a, []float32{v})
				same(t, "value alone", y.data[i], one[0])
			}
		})
	})
}

func TestAdamEqualsGeneric(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			n, skip := rapid.IntRange(0, 50).Draw(t, "n"), rapid.IntRange(0, 7).Draw(t, "skip")
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 12))
			square := func() float32 { return float32(rng.ExpFloat64()) }
			p, g, m, v := newGuarded(n, skip, normal(rng)), newGuarded(n, 7-skip, normal(rng)), newGuarded(n, skip, normal(rng)), newGuarded(n, 3, square)
			clone := func(x *guarded) []float32 { return append([]float32(nil), x.data...) }
			p1, g1, m1, v1 := clone(p), clone(g), clone(m), clone(v)
			r := &AdamRates{Beta1: 0.9, Rest1: 0.1, Beta2: 0.999, Rest2: 0.001, Root: 3, Epsilon: 1e-8, Keep: 0.99, Rate: 0.01}
			Adam(p.data, g.data, m.data, v.data, r)
			adamGeneric(p1, g1, m1, v1, r)
			for _, x := range []*guarded{p, g, m, v} {
				x.check(t, "beside")
			}
			for i := range n {
				same(t, "p", p.data[i], p1[i])
				same(t, "m", m.data[i], m1[i])
				same(t, "v", v.data[i], v1[i])
			}
		})
	})
}

func TestSoftmaxMatchesExactValues(t *testing.T) {
	for _, c := range []struct{ logits, want []float32 }{
		{[]float32{3}, []float32{1}},
		{[]float32{1000, 1000}, []float32{0.5, 0.5}},
		{[]float32{-1000, 0, -1000}, []float32{0, 1, 0}},
		{[]float32{0, float32(math.Log(2)), float32(math.Log(5))}, []float32{0.125, 0.25, 0.625}},
	} {
		got := append([]float32(nil), c.logits...)
		Softmax(got, got)
		for i, v := range got {
			if math.Abs(float64(v-c.want[i])) > 1e-7 {
				t.Errorf("softmax of %v is %v, want %v", c.logits, got, c.want)
			}
		}
	}
	got := make([]float32, 2)
	Softmax(got, []float32{1, float32(math.NaN())})
	if got[0] == got[0] || got[1] == got[1] {
		t.Errorf("softmax of a NaN is %v", got)
	}
}

func TestExpMatchesFloat64(t *testing.T) {
	for x := 0.0; x > -90; x -= 0.00137 {
		want := math.Exp(x)
		if x < -87 {
			want = 0
		}
		if got := exp(x); math.Abs(got-want) > 1e-8*want {
			t.Fatalf("exp(%v) is %v, want %v", x, got, want)
		}
	}
	if exp(0) != 1 || exp(math.Inf(-1)) != 0 || !math.IsNaN(exp(math.NaN())) {
		t.Errorf("exp of 0, −∞ and NaN is %v, %v, %v", exp(0), exp(math.Inf(-1)), exp(math.NaN()))
	}
}

func TestNormalize(t *testing.T) {
	got := []float32{0, 0, 9}
	Normalize(got, []float32{3, -1}, []float32{1, 1}, []float32{0.5, 4})
	if got[0] != 1 || got[1] != -8 || got[2] != 9 {
		t.Errorf("normalised to %v, want [1 -8] and 9 left alone", got)
	}
}

func TestDot(t *testing.T) {
	if got := Dot([]float32{1, 2, 3}, []float32{4, 5, -6}); got != -4 {
		t.Errorf("dot is %v, want -4", got)
	}
}
