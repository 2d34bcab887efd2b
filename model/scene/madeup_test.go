package scene

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Made-up sounds are finite at every rate, as loud as is said, as long as is said, and the
// same for the same random numbers.
func TestMadeUpSounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed, rate := rapid.Uint64().Draw(t, "seed"), rapid.SampledFrom([]float64{1000, 8000, 16000, 44100, 96000}).Draw(t, "rate")
		make := func() []float32 { return MadeUp(rand.New(rand.NewPCG(seed, 1)), rate) }
		x := make()
		if s := float64(len(x)) / rate; s < 0.04 || s > mostSyllables*(0.8+0.15) {
			t.Errorf("%v s", s)
		}
		if r := RMS(x); !(math.Abs(r-1) < 1e-3) {
			t.Errorf("root mean square %v", r)
		}
		if !slices.Equal(x, make()) {
			t.Error("twice the same random numbers make two sounds")
		}
	})
}

// Harmonics are what their sines sum to.
func TestHarmonics(t *testing.T) {
	amplitudes := []float64{1, 0.5, 0.25, 0.7, 0.1}
	for _, angle := range []float64{0, 0.1, 1, 2, 3, 6.28} {
		want := 0.0
		for k, a := range amplitudes {
			want += a * math.Sin(float64(k+1)*angle)
		}
		if got := harmonics(angle, amplitudes); math.Abs(got-want) > 1e-12 {
			t.Errorf("at %v: %v, want %v", angle, got, want)
		}
	}
}
