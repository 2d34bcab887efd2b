package feature

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

// The powers of the reference equal those of gonum's transform for every valid size.
func TestReferenceAgainstGonum(t *testing.T) {
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
