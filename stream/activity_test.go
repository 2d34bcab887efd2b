package stream

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
)

// activityAt returns the events of the activity segmenter over x at 1000 Hz.
func activityAt(t *testing.T, x []float32) []Event {
	t.Helper()
	m := randomModel(t, 1, feature.Config{Kind: feature.KindRaw, Samples: 10}, 1000, 1, 1, model.RunningSoftmax, true)
	return script(t, m, &Options{Emit: Emit{Confirmed: true}, Segment: &segment.Config{Kind: segment.Activity, PreRoll: 0.05}},
		capture.Block{Format: capture.Format{Rate: 1000, Channels: 1}, Samples: x})
}

func tone(x []float32, from, to int, level float32) {
	for i := from; i < to; i++ {
		x[i] += level * float32(1-2*(i/2%2))
	}
}

func TestActivityFindsSounds(t *testing.T) {
	x := make([]float32, 3000)
	tone(x, 1000, 1500, 0.5)
	tone(x, 2000, 2020, 0.5)
	es := activityAt(t, x)
	if g := gist(es); !strings.HasSuffix(g, " silence, drop:short") || strings.Count(g, "conf") != 1 {
		t.Errorf("a sound and a click in digital silence: %s", g)
	}
	for _, e := range es {
		if e.Type == Confirmed && (e.Start != 950 || e.End < 1490 || e.End > 1510) {
			t.Errorf("the sound from 1000 to 1500 was found at [%d, %d)", e.Start, e.End)
		}
		if e.Type == Dropped && (e.Value < 0.01 || e.Value > 0.04 || e.Threshold != 0.05) {
			t.Errorf("dropped: %+v", e)
		}
	}
	for i := range x {
		x[i] += 0.7
	}
	if n := strings.Count(gist(activityAt(t, x)), "conf"); n != 1 {
		t.Errorf("with an offset %d sounds were found", n)
	}
	x = make([]float32, 3000)
	tone(x, 0, 1000, 0.5)
	if n := strings.Count(gist(activityAt(t, x)), "conf"); n != 1 {
		t.Errorf("of a stream that begins amid sound %d sounds were found", n)
	}
	x = make([]float32, 300000) // the steady noise becomes 20 dB louder, for good
	tone(x, 0, len(x), 0.001)
	tone(x, 20000, len(x), 0.009)
	es = activityAt(t, x)
	if last := es[len(es)-1]; len(es) > 3 || last.End > 200000 {
		t.Errorf("a step of the noise's level was sound %d times, the last till %d", len(es), last.End)
	}
	x = make([]float32, 60000)
	tone(x, 0, 60000, 0.003)
	tone(x, 50000, 50400, 0.5)
	es = activityAt(t, x)
	last := es[len(es)-1]
	if last.Type != Confirmed || last.Start < 49900 || last.End > 50500 {
		t.Errorf("a sound over steady noise: %s, last [%d, %d)", gist(es), last.Start, last.End)
	}
}

// With gap hold, positions before a gap stay: the end of a sound whose trailing silence
// holds the gap, and the start of a pre-roll.
func TestHeldGapKeepsPositions(t *testing.T) {
	x := make([]float32, 3000)
	tone(x, 500, 1000, 0.5)
	tone(x, 2000, 2500, 0.5)
	m := randomModel(t, 1, feature.Config{Kind: feature.KindRaw, Samples: 10}, 1000, 1, 1, model.RunningSoftmax, true)
	piece := func(offset uint64, x []float32) capture.Block {
		return capture.Block{Format: capture.Format{Rate: 1000, Channels: 1}, Offset: offset, Samples: x}
	}
	es := script(t, m, &Options{Emit: Emit{Confirmed: true}, Gap: "hold", Segment: &segment.Config{Kind: segment.Activity, PreRoll: 0.05}},
		piece(0, x[:1000]), piece(1007, x[1000:1100]), piece(1140, x[1100:1980]), piece(2120, x[1980:]))
	var spans []uint64
	var lost uint64
	for _, e := range es {
		if lost += e.Lost; e.Type == Confirmed {
			spans = append(spans, e.Start, e.End)
		}
	}
	// 7 + 33 + 100 samples were lost: the second sound is at 2140, its pre-roll of 50
	// begins before the last gap, at 1950 + 40.
	if want := []uint64{450, 1000, 1990, 2640}; !slices.Equal(spans, want) || lost != 140 {
		t.Errorf("segments %v, want %v; %d lost", spans, want, lost)
	}
}

// Steps of the trailing hold give running events but do not count as the segment's.
func TestTrailingHoldDoesNotCount(t *testing.T) {
	x := make([]float32, 2000)
	tone(x, 500, 1000, 0.5)
	m := randomModel(t, 3, feature.Config{Kind: feature.KindRaw, Samples: 10}, 1000, 1, 1, model.RunningEvidence, true)
	es := script(t, m, &Options{Segment: &segment.Config{Kind: segment.Activity, PreRoll: 0.05}}, capture.Block{Format: capture.Format{Rate: 1000, Channels: 1}, Samples: x})
	most, at := 0, ""
	for _, e := range es {
		if e.Type == Running {
			most = max(most, e.Step)
			if e.Step == 55 {
				at = e.Label
			}
		}
		if e.Type == Confirmed && (e.Steps != 55 || e.End != 1000 || most != 75 || e.Running != at) {
			t.Errorf("%d steps of %d to %d, running %s, at step 55 it was %s", e.Steps, most, e.End, e.Running, at)
		}
	}
}

// A collector finds exactly the segments of a classifier whose frames are single
// samples, for every segmenter and any split into blocks. A second stream after End is
// cut like the first.
func TestCollectorFindsWhatTheClassifierFinds(t *testing.T) {
	pieces := 0
	rapid.Check(t, func(t *rapid.T) {
		channels, rate := rapid.IntRange(1, 2).Draw(t, "channels"), 1000.0
		seg := segment.Config{Kind: rapid.SampledFrom([]segment.Kind{segment.Activity, segment.Fixed, segment.Whole}).Draw(t, "kind"),
			Steps: 123, MaxDuration: rapid.SampledFrom([]float64{0.3, 60}).Draw(t, "maximum"), PreRoll: rapid.SampledFrom([]float64{0, 0.04}).Draw(t, "pre-roll")}
		f := capture.Format{Rate: rate, Channels: channels}
		n := rapid.IntRange(1, 3000).Draw(t, "n")
		x := bursts(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)), n, channels, rate)
		m := randomModel(t, 1, feature.Config{Kind: feature.KindRaw, Samples: 1}, rate, channels, 1, model.RunningSoftmax, true)
		c, err := NewClassifier(m, &Options{Segment: &seg, Emit: Emit{Confirmed: true}})
		if err != nil {
			t.Fatal(err)
		}
		k, err := segment.NewCollector(seg, rate, channels)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Feed(&capture.Block{Format: f, Samples: x}); err != nil {
			t.Fatal(err)
		}
		var want [][]float32
		for _, e := range c.End(nil, segment.ByEOF) {
			if e.Type == Confirmed {
				want = append(want, x[int(e.Start)*channels:int(e.End)*channels])
			}
		}
		for range 2 {
			var got [][]float32
			found := func(p []float32) error {
				got = append(got, p)
				return nil
			}
			for rest := x; len(rest) > 0; {
				size := min(rapid.IntRange(1, 900).Draw(t, "block")*channels, len(rest))
				if err := k.Feed(rest[:size], found); err != nil {
					t.Fatal(err)
				}
				rest = rest[size:]
			}
			if err := k.End(found); err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got, want, slices.Equal) {
				t.Fatalf("%d pieces, %d segments, or other samples", len(got), len(want))
			}
			pieces += len(got)
		}
	})
	if pieces < 50 {
		t.Errorf("only %d pieces were compared", pieces)
	}
}
