package feature

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

// The powers equal those of gonum's transform for every valid size.
func TestPowerAgainstGonum(t *testing.T) {
	for n := 1; n <= 1<<13; n *= 2 {
		rng := rand.New(rand.NewPCG(uint64(n), 1))
		x := make([]float64, n)
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		got := make([]float64, n/2+1)
		f := newFFT(n)
		w := f.memory()
		f.power(&w, got, x, 3)
		for k, v := range fourier.NewFFT(n).Coefficients(nil, x) {
			want := 3 * (real(v)*real(v) + imag(v)*imag(v))
			if math.Abs(got[k]-want) > 1e-12*float64(n)*max(1, want) {
				t.Fatalf("%d values: the power of bin %d is %v, want %v", n, k, got[k], want)
			}
		}
	}
}

// BenchmarkPower compares with gonum's transform for windows at 16 and 44.1 kHz.
func BenchmarkPower(b *testing.B) {
	for _, n := range []int{512, 2048} {
		x, dst := make([]float64, n), make([]float64, n/2+1)
		for i := range x {
			x[i] = math.Sin(float64(i * i))
		}
		b.Run(fmt.Sprintf("%d/ours", n), func(b *testing.B) {
			f := newFFT(n)
			w := f.memory()
			for b.Loop() {
				f.power(&w, dst, x, 1)
			}
		})
		b.Run(fmt.Sprintf("%d/gonum", n), func(b *testing.B) {
			f, out := fourier.NewFFT(n), make([]complex128, n/2+1)
			for b.Loop() {
				for k, v := range f.Coefficients(out, x) {
					dst[k] = real(v)*real(v) + imag(v)*imag(v)
				}
			}
		})
	}
}
