package f32

import (
	"math/rand/v2"
	"testing"
)

// Step equals MulAdd and the gates to the bit for any number of panels, in both directions.
func TestStepOfAnySize(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(12, 12))
		for n := 1; n <= 130; n++ {
			stepsAre(t, rng, n, 1+n%2*39)
		}
	})
}

func stepsAre(t *testing.T, rng *rand.Rand, n, d int) {
	small := func() float32 { return float32(rng.NormFloat64() / 8) }
	var w Matrix
	w.PackGates(n, newGuarded(4*n*(d+n), 0, small).data)
	width := Padded(4 * n)
	start, xh, before := newGuarded(width, 0, small).data, newGuarded(d+n, 0, small).data, newGuarded(n, 0, small).data
	sums, wantH, wantC := append([]float32(nil), start...), make([]float32, n), make([]float32, n)
	w.MulAdd(sums, width, xh, d+n, 1)
	Gates(wantH, wantC, before, sums, 1, n, width)
	for _, back := range []bool{false, true} {
		h, c := make([]float32, n), append([]float32(nil), before...)
		Step(h, c, xh, start, make([]float32, width), &w, back)
		for j := range n {
			if h[j] != wantH[j] || c[j] != wantC[j] {
				t.Fatalf("%d units, %d features, back %v: unit %d has %v and %v, want %v and %v",
					n, d, back, j, h[j], c[j], wantH[j], wantC[j])
			}
		}
	}
}
