package segment

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// tones is silence, with tones of full scale from each span's begin to its end.
func tones(n int, spans ...Span) []float32 {
	rng := rand.New(rand.NewPCG(1, 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(1e-5 * rng.NormFloat64())
	}
	for _, s := range spans {
		for i := s.Start; i < s.End; i++ {
			x[i] += float32(0.5 * math.Sin(float64(i)))
		}
	}
	return x
}

func TestSpansByHand(t *testing.T) {
	s := Config{Kind: Activity}.Defaults()
	x := tones(4000, Span{1000, 1500}, Span{1600, 1700}, Span{2500, 2510}, Span{3500, 4000})
	got := Spans(&s, 1000, 1, x) // hops of 10, a pre-roll of 20, a hold of 200, a minimum of 50
	want := []Span{{980, 1700}, {3480, 4000}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("%v, want %v", got, want)
	}
	if l := Longest(got); l != want[0] {
		t.Errorf("longest: %v", l)
	}
	if l := Longest(nil); l != (Span{}) {
		t.Errorf("of none: %v", l)
	}
	s.MaxDuration = 0.3
	for _, v := range Spans(&s, 1000, 1, x) {
		if v.End-v.Start > 300 {
			t.Errorf("%v is longer than the maximum", v)
		}
	}
}

// Whatever the signal: segments lie within it, in order, apart, and are long enough.
func TestSpansLieApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.IntRange(1, 2).Draw(t, "channels")
		rate := rapid.SampledFrom([]float64{0, 500, 8000}).Draw(t, "rate")
		n := rapid.IntRange(0, 5000).Draw(t, "samples") * channels
		x := make([]float32, n)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		loud := 0.0
		for i := range x {
			if rng.IntN(400) == 0 {
				loud = math.Pow(10, -5*rng.Float64())
			}
			x[i] = float32(loud * rng.NormFloat64())
		}
		s := Config{Kind: Activity, MinDuration: 0.03, PreRoll: 0.05, Hold: 0.1, MaxDuration: 3}.Defaults()
		last := 0
		for _, v := range Spans(&s, rate, channels, x) {
			if v.Start < last || v.End <= v.Start || v.End > n/channels {
				t.Fatalf("%v after %d in %d samples", v, last, n/channels)
			}
			last = v.End
		}
	})
}
