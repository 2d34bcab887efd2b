package stream

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/model/stem"
)

// Property tests draw 50 cases unless -rapid.checks or RAPID_CHECKS says otherwise:
// their counts of what they saw hold from there on; .ci/run draws more.
func init() {
	if os.Getenv("RAPID_CHECKS") == "" {
		if err := flag.Set("rapid.checks", "50"); err != nil {
			panic(err)
		}
	}
}

// randomModel has random weights: what it says means nothing, but must be the same
// on every way.
func randomModel(t interface{ Fatal(...any) }, seed uint64, front feature.Config, rate float64, channels, layers int, running model.RunningHead, confirm bool) *model.Model {
	c := model.Config{Version: 1, Labels: []string{"a", "b", "c"}, Rate: rate, Channels: channels, Hidden: 5, Layers: layers,
		Running: running, Confirm: confirm, Segment: segment.Config{Kind: segment.Whole},
		Decision: decide.Config{State: "reset", Gap: "reset", Warm: 1, EarlyP: 0.4, EarlySteps: 2}}
	if running == model.RunningNone {
		c.Decision.EarlyP, c.Decision.EarlySteps = 0, 0
	}
	var err error
	if c.Front, err = front.Normalize(rate, channels); err != nil {
		t.Fatal(err)
	}
	x, err := feature.New(c.Front, rate, channels)
	if err != nil {
		t.Fatal(err)
	}
	p := model.NewParams(&c, x.Dim())
	p.Init(rand.New(rand.NewPCG(seed, 1)))
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// withDetector is m with a detector of random weights.
func withDetector(t interface{ Fatal(...any) }, m *model.Model, seed uint64) *model.Model {
	c := m.Config
	c.Detector = &model.DetectorConfig{Hidden: 3}
	p := model.NewParams(&c, m.Dim())
	p.Init(rand.New(rand.NewPCG(seed, 3)))
	heard, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return heard
}

// overStem is m's network over a stem of random weights.
func overStem(t interface{ Fatal(...any) }, m *model.Model, text string, seed uint64) *model.Model {
	c := m.Config
	s, err := stem.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if c.Stem, err = s.Normalize(c.Front, c.Rate, c.Channels); err != nil {
		t.Fatal(err)
	}
	p := model.NewParams(&c, m.Dim())
	p.Init(rand.New(rand.NewPCG(seed, 2)))
	over, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return over
}

// bursts is noise that comes and goes, so that activity has something to find.
func bursts(rng *rand.Rand, n, channels int, rate float64) []float32 {
	x := make([]float32, n*channels)
	loud := false
	for left, i := 0, 0; i < n; i++ {
		if left--; left <= 0 {
			left, loud = int(rate*(0.02+0.3*rng.Float64())), !loud
		}
		level := 1e-4
		if loud {
			level = 0.3
		}
		for c := range channels {
			x[i*channels+c] = float32(level * rng.NormFloat64())
		}
	}
	return x
}

// setting is one drawn combination of model, segmenter and source.
type setting struct {
	m        *model.Model
	o        Options
	format   capture.Format
	channels int
	samples  []float32
	breaks   []disturbance // ascending
}

// disturbance is what happens to a stream before sample at.
type disturbance struct {
	at   int
	jump int     // of the offset
	end  bool    // End is called
	rate float64 // another from here on
}

// disturb adds jumps, runs of no numbers, and, when the stream need not be read
// again, ends, steps back and other rates.
func (s *setting) disturb(t *rapid.T, again bool) {
	n := len(s.samples) / s.channels
	s.o.Gap = rapid.SampledFrom([]decide.Gap{decide.GapReset, decide.GapHold, decide.GapFill}).Draw(t, "gap")
	for _, at := range rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 0, 4, rapid.ID).Draw(t, "breaks") {
		d := disturbance{at: at}
		switch kind := rapid.IntRange(0, 4).Draw(t, "kind"); {
		case kind == 0:
			d.jump = rapid.IntRange(1, 80).Draw(t, "lost")
		case kind == 1:
			bad := rapid.IntRange(1, 1500).Draw(t, "bad")
			for i := at; i < min(at+bad, n); i++ {
				s.samples[i*s.channels] = float32(math.NaN())
			}
		case again:
		case kind == 2:
			d.end = true
		case kind == 3 && at > 0:
			d.jump = -rapid.IntRange(1, 400).Draw(t, "back")
		case kind == 4:
			d.rate = rapid.SampledFrom([]float64{800, 1600, 2000}).Draw(t, "other rate")
		}
		s.breaks = append(s.breaks, d)
	}
	slices.SortFunc(s.breaks, func(a, b disturbance) int { return a.at - b.at })
}

func drawSetting(t *rapid.T) setting {
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
	rate := rapid.SampledFrom([]float64{800, 1000, 1600}).Draw(t, "rate")
	source := rapid.SampledFrom([]float64{800, 1000, 1600, 2000}).Draw(t, "source rate")
	channels := rapid.IntRange(1, 2).Draw(t, "channels")
	front := rapid.SampledFrom([]feature.Config{{Kind: feature.KindRaw, Samples: 7, Deltas: 1}, {Kind: feature.KindRaw, Samples: 3, Decimate: 4},
		{Kind: feature.KindLogMel, WindowMS: 40, HopMS: 15, Bands: 4}, {Kind: feature.KindMFCC, WindowMS: 40, HopMS: 20, Bands: 5, Coefficients: 3},
		{Kind: feature.KindMFCC, WindowMS: 40, HopMS: 15, Bands: 5, Coefficients: 3, Deltas: 1, MeanPrior: 2.5, MeanMemory: 12}}).Draw(t, "front")
	running := rapid.SampledFrom([]model.RunningHead{model.RunningSoftmax, model.RunningEvidence}).Draw(t, "running")
	kind := rapid.SampledFrom([]segment.Kind{segment.Activity, segment.Label, segment.Fixed, segment.Message, segment.Whole}).Draw(t, "segment")
	s := setting{format: capture.Format{Rate: source, Channels: channels}, channels: channels}
	s.m = randomModel(t, rng.Uint64(), front, rate, channels, rapid.IntRange(1, 2).Draw(t, "layers"), running, rapid.Bool().Draw(t, "confirm"))
	if kind == segment.Label {
		s.m = withDetector(t, s.m, rng.Uint64())
	} else if rapid.Bool().Draw(t, "stem") {
		s.m = overStem(t, s.m, rapid.SampledFrom([]string{"conv:4/2x6,3/1x3", "conv:5/3x4"}).Draw(t, "layers of the stem"), rng.Uint64())
	}
	s.o = Options{Stream: "s", Segment: &segment.Config{Kind: kind, Steps: 9, MaxDuration: rapid.SampledFrom([]float64{0.4, 60}).Draw(t, "maximum"),
		MinDuration: 0.03, PreRoll: 0.04, Hold: 0.06}, State: "reset"}
	if kind == segment.Label {
		s.o.Segment.DetectOn, s.o.Segment.DetectOff = 0.52, 0.48
		s.o.Why, s.o.Emit.Detector = rapid.Bool().Draw(t, "why"), rapid.Bool().Draw(t, "emit detector")
	}
	if kind == segment.Label || kind == segment.Activity {
		s.o.Listen = rapid.SampledFrom([]time.Duration{0, 0, 150 * time.Millisecond, 700 * time.Millisecond}).Draw(t, "listen")
	}
	if running == model.RunningSoftmax {
		s.o.State = rapid.SampledFrom([]decide.State{decide.Reset, decide.Carry}).Draw(t, "state")
	}
	s.samples = bursts(rng, rapid.IntRange(1, 4000).Draw(t, "n"), channels, source)
	return s
}

// messages gives the marks of segmenter message: each 500 samples a segment, every
// third left out.
func messages(at, n int) (mark capture.Mark, size int) {
	k := at / 500
	size = min(500-at%500, n-at)
	if k%3 == 2 {
		return 0, size
	}
	if at%500 == 0 {
		mark |= capture.MarkBegin
	}
	if at+size == (k+1)*500 {
		mark |= capture.MarkEnd
	}
	return mark, size
}

// play feeds samples in blocks that cut says, through hooks after each block.
func (s *setting) play(t interface{ Fatal(...any) }, c *Classifier, cut func() int, after func(c *Classifier, at uint64) *Classifier) (events []Event) {
	keep := func(es []Event) {
		for _, e := range es {
			events = append(events, e.Clone())
		}
	}
	n := len(s.samples) / s.channels
	format, offset, breaks := s.format, 1000, s.breaks
	for at := 0; at < n; {
		mark, limit := messages(at, n)
		for len(breaks) > 0 && breaks[0].at == at {
			d := breaks[0]
			offset, breaks = offset+d.jump, breaks[1:]
			if d.rate > 0 {
				format.Rate = d.rate
			}
			if d.end {
				keep(c.End(nil, segment.ByIdle))
			}
		}
		full := limit
		if len(breaks) > 0 {
			limit = min(limit, breaks[0].at-at)
		}
		size := min(cut(), limit)
		if size < full {
			mark &^= capture.MarkEnd
		}
		b := capture.Block{Stream: "s", Format: format, Offset: uint64(offset + at), Mark: mark, Samples: s.samples[at*s.channels : (at+size)*s.channels]}
		if err := c.Feed(&b); err != nil {
			t.Fatal(err)
		}
		at += size
		if cut()%2 == 0 {
			keep(c.Advance(nil))
		}
		if after != nil {
			c = after(c, uint64(at))
		}
	}
	keep(c.End(nil, segment.ByEOF))
	return events
}

func describeEvents(es []Event) (out []string) {
	for _, e := range es {
		out = append(out, fmt.Sprintf("%s %08x", AppendJSON(nil, &e), math.Float32bits(e.P)))
	}
	return out
}

// same fails unless got and want read the same as JSON, with P equal to the bit.
func same(t interface{ Fatalf(string, ...any) }, what string, got, want []Event) {
	var a, b []byte
	for i := range max(len(got), len(want)) {
		if i < min(len(got), len(want)) {
			a, b = AppendJSON(a[:0], &got[i]), AppendJSON(b[:0], &want[i])
			if bytes.Equal(a, b) && math.Float32bits(got[i].P) == math.Float32bits(want[i].P) {
				continue
			}
		}
		g, w := describeEvents(got), describeEvents(want)
		t.Fatalf("%s: event %d of %d and %d:\n got %s\nwant %s", what, i, len(g), len(w), at(g, i), at(w, i))
	}
}

func at(s []string, i int) string {
	if i < len(s) {
		return s[i]
	}
	return "nothing"
}

func classifier(t interface{ Fatal(...any) }, s *setting) *Classifier {
	c, err := NewClassifier(s.m, &s.o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
