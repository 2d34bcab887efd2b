package evaluate

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/testkit/testset"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
)

// segment.Spans finds in a whole signal what the live stream finds.
func TestSpansAreThoseOfTheStream(t *testing.T) {
	m := randomModel(t, 1, func(c *model.Config) {
		c.Rate, c.Front = 1000, feature.Config{Kind: feature.KindRaw, Samples: 1}
		c.Segment = segment.Config{Kind: segment.Activity}
	})
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		x := make([]float32, rapid.IntRange(1, 3000).Draw(t, "samples"))
		loud := 0.0
		for i := range x {
			if rng.IntN(150) == 0 {
				loud = math.Pow(10, -4.5*rng.Float64())
			}
			x[i] = float32(loud * rng.NormFloat64())
		}
		s := segment.Config{Kind: segment.Activity, MaxDuration: rapid.SampledFrom([]float64{0, 0.7}).Draw(t, "maximum"),
			PreRoll: rapid.SampledFrom([]float64{0, 0.1}).Draw(t, "pre-roll"), Hold: rapid.SampledFrom([]float64{0, 0.03}).Draw(t, "hold")}
		set := testset.Random(1, 1, 1, testLabels)
		set.Rate, set.Examples[0].Samples = 1000, x
		j := &job{m: m, set: set, o: Options{Segment: &s}}
		start, end, _, err := j.segment(x)
		if err != nil {
			t.Fatal(err)
		}
		full := s.Defaults()
		if got := segment.Longest(segment.Spans(&full, 1000, 1, x)); got != (segment.Span{Start: start, End: end}) {
			t.Fatalf("%v, the stream has [%d, %d)", got, start, end)
		}
	})
}
