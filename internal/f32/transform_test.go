package f32

import (
	"fmt"
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// The power of each bin is that of the discrete Fourier transform, for all sizes.
func TestPowerMatchesFloat64(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for n := 2; n <= 4096; n *= 2 {
			length := n - rng.IntN(n/2+1)
			window, x := make([]float64, length), make([]float32, length)
			for i := range x {
				window[i], x[i] = 0.5+rng.Float64(), float32(rng.NormFloat64())
			}
			tr := NewTransform(n, window)
			dst := make([]float32, tr.Bins())
			tr.Power(dst, x, make([]float64, tr.Scratch()))
			for k, got := range dst {
				if k%7 != 0 && n > 512 && k < n/2 {
					continue
				}
				var sum complex128
				for i, v := range x {
					sum += complex(float64(v)*window[i], 0) * cmplx.Rect(1, -2*math.Pi*float64(k*i%n)/float64(n))
				}
				want := real(sum)*real(sum) + imag(sum)*imag(sum)
				if math.Abs(float64(got)-want) > 1e-7*want+1e-12*float64(n) {
					t.Fatalf("%d values, bin %d: %v, want %v", n, k, got, want)
				}
			}
		}
	})
}

// generically returns what f returns with the generic kernels.
func generically(f func() []float32) []float32 {
	defer Use(Kernel())
	Use("generic")
	return f()
}

// Spectra, filter banks, filters and logarithms have the same bits with every kernel.
func TestFrontKernelsAgreeToTheBit(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 12))
			skip := rapid.IntRange(0, 7).Draw(t, "skip")
			scale := float32(rapid.SampledFrom([]float64{1e-18, 1e-3, 1, 1e6}).Draw(t, "scale"))
			draw := func() float32 { return float32(rng.NormFloat64()) * scale }
			for _, f := range []func(*rapid.T, *rand.Rand, int, func() float32) []func() []float32{drawPower, drawBank, drawConvolve, drawLog} {
				for i, run := range f(t, rng, skip, draw) {
					want := generically(run)
					for j, v := range run() {
						same(t, fmt.Sprintf("run %d, value %d", i, j), v, want[j])
					}
				}
			}
		})
	})
}

func drawPower(t *rapid.T, rng *rand.Rand, skip int, draw func() float32) []func() []float32 {
	n := 1 << rapid.IntRange(1, 12).Draw(t, "log2 n")
	window := make([]float64, n-rng.IntN(n/2+1))
	for i := range window {
		window[i] = rng.Float64()
	}
	x := newGuarded(1+rng.IntN(len(window)), skip, draw)
	tr := NewTransform(n, window)
	return []func() []float32{func() []float32 {
		dst, scratch := newGuarded(tr.Bins(), skip, zero), make([]float64, tr.Scratch()+1)
		scratch[tr.Scratch()] = guard
		tr.Power(dst.data, x.data, scratch)
		dst.check(t, "power")
		if scratch[tr.Scratch()] != guard {
			t.Fatal("power writes after its scratch memory")
		}
		return dst.data
	}}
}

func drawBank(t *rapid.T, rng *rand.Rand, skip int, draw func() float32) []func() []float32 {
	var b Bank
	for range rapid.IntRange(1, 20).Draw(t, "rows") {
		w := make([]float64, 1+rng.IntN(40))
		for i := range w {
			w[i] = rng.NormFloat64()
		}
		b.Add(rng.IntN(30), w)
	}
	x := newGuarded(b.Need(), skip, draw)
	return []func() []float32{func() []float32 {
		dst := newGuarded(b.Rows(), skip, zero)
		b.Apply(dst.data, x.data)
		dst.check(t, "bank")
		return dst.data
	}}
}

func drawConvolve(t *rapid.T, rng *rand.Rand, skip int, draw func() float32) (runs []func() []float32) {
	for range 5 {
		n := rng.IntN(200)
		w, x := newGuarded(n, skip, draw), newGuarded(n, skip, draw)
		runs = append(runs, func() []float32 { return []float32{Convolve(w.data, x.data)} })
	}
	return runs
}

func drawLog(t *rapid.T, rng *rand.Rand, skip int, draw func() float32) []func() []float32 {
	at := newGuarded(8*rng.IntN(10), skip, func() float32 {
		switch rng.IntN(12) {
		case 0:
			return float32(math.Inf(1))
		case 1:
			return 0
		case 2:
			return math.Float32frombits(0x7fc00000)
		}
		return math.Float32frombits(rng.Uint32N(0x7f800000))
	})
	floor := rapid.SampledFrom([]float32{1e-11, 1e-40, 0.5}).Draw(t, "floor")
	return []func() []float32{func() []float32 {
		x := newGuarded(len(at.data), skip, zero)
		copy(x.data, at.data)
		Log(x.data, floor)
		x.check(t, "log")
		return x.data
	}}
}

func TestLogIsWithinItsBound(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 100000 {
		v := math.Float32frombits(0x00800000 + rng.Uint32N(0x7f000000))
		if rng.IntN(2) == 0 {
			v = 1 + float32(rng.NormFloat64())*0.1
		}
		x := make([]float32, 8)
		x[3] = v
		Log(x, 0)
		if want := math.Log(float64(v)); math.Abs(float64(x[3])-want) > max(1e-7, 2e-7*math.Abs(want)) {
			t.Fatalf("ln %v is %v, want %v", v, x[3], want)
		}
	}
	x := []float32{0, float32(math.Inf(1)), float32(math.NaN()), 1, 1e-45, 1, 1, 1}
	Log(x, 0)
	least := float32(math.Log(0x1p-126))
	if x[0] != least || !math.IsInf(float64(x[1]), 1) || x[2] == x[2] || x[3] != 0 || x[4] != least {
		t.Errorf("logarithms %v", x)
	}
}

// Convolve sums as its comment says.
func TestConvolveMatchesFloat64(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		for n := range 150 {
			w, x := make([]float32, n), make([]float32, n)
			var want, size float64
			for i := range w {
				w[i], x[i] = float32(rng.NormFloat64()), float32(rng.NormFloat64())
				want += float64(w[i]) * float64(x[i])
				size += math.Abs(float64(w[i]) * float64(x[i]))
			}
			if got := Convolve(w, x); math.Abs(float64(got)-want) > 3e-7*size {
				t.Errorf("%d products: %v, want %v", n, got, want)
			}
		}
	})
}
