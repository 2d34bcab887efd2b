package stream

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// signModel answers high or low by the sign of the samples, one a step.
func signModel(t testing.TB, d decide.Config, labels ...string) *model.Model {
	if labels == nil {
		labels = []string{"high", "low"}
	}
	d.State, d.Gap = cmp.Or(d.State, decide.Reset), cmp.Or(d.Gap, decide.GapReset)
	c := model.Config{Version: 1, Labels: labels, Channels: 1, Front: feature.Config{Kind: feature.KindRaw, Samples: 1}, Hidden: 1,
		Layers: 1, Running: model.RunningSoftmax, Confirm: true, Segment: segment.Config{Kind: segment.Whole}, Decision: d}
	p := model.NewParams(&c, 1)
	p.Forward.IH[2], p.Reverse.IH[2] = 4, 4
	copy(p.RunningW, []float32{4, -4})
	copy(p.ConfirmW, []float32{4, 4, -4, -4})
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// script feeds blocks and returns every event.
func script(t *testing.T, m *model.Model, o *Options, blocks ...capture.Block) (events []Event) {
	t.Helper()
	c, err := NewClassifier(m, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range blocks {
		if err := c.Feed(&blocks[i]); err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Advance(nil) {
			events = append(events, e.Clone())
		}
	}
	return append(events, c.End(nil, segment.ByEOF)...)
}

func block(offset uint64, x ...float32) capture.Block {
	return capture.Block{Format: capture.Format{Channels: 1}, Offset: offset, Samples: x}
}

// gist is an event in a few words.
func gist(es []Event) string {
	var out []string
	for _, e := range es {
		switch e.Type {
		case Running:
			if !e.Warm {
				out = append(out, "cold")
				continue
			}
			out = append(out, "run:"+e.Label)
		case Confirmed:
			out = append(out, strings.TrimSpace("conf:"+e.Label+" "+string(e.EndedBy)))
		case Dropped:
			out = append(out, "drop:"+string(e.Rule))
		case Gap:
			out = append(out, "gap")
		default:
			out = append(out, string(e.Type)+":"+cmp.Or(e.Label, string(e.State)))
		}
	}
	return strings.Join(out, ", ")
}

func expect(t *testing.T, what string, es []Event, want string) {
	t.Helper()
	if got := gist(es); got != want {
		t.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

func TestDecisions(t *testing.T) {
	nan := float32(math.NaN())
	early := decide.Config{EarlyP: 0.55, EarlySteps: 2}
	expect(t, "warm-up", script(t, signModel(t, decide.Config{Warm: 2}), nil, block(0, 1, 1, 1)),
		"cold, cold, run:high, conf:high eof")
	expect(t, "early, once", script(t, signModel(t, early), nil, block(0, 1, 1, 1, 1)),
		"run:high, run:high, early:high, run:high, run:high, conf:high eof")
	expect(t, "rejection", script(t, signModel(t, decide.Config{Threshold: 1}), nil, block(0, 0.01)), "run:high, conf: eof")
	expect(t, "no rejection", script(t, signModel(t, decide.Config{Threshold: 1}), &Options{Threshold: -1}, block(0, 0.01)), "run:high, conf:high eof")
	back := signModel(t, decide.Config{Background: "low"})
	expect(t, "background", script(t, back, nil, block(0, -1)), "run:low, drop:background")
	expect(t, "background asked for", script(t, back, &Options{Background: true}, block(0, -1)), "run:low, conf:low eof")
	expect(t, "emit change", script(t, signModel(t, early), &Options{Emit: Emit{Change: true}}, block(0, 1, 1, -1, -1, -1)),
		"run:high, early:high, run:low, conf:low eof")
	expect(t, "emit confirmed", script(t, signModel(t, early), &Options{Emit: Emit{Confirmed: true}}, block(0, 1, 1, 1)), "early:high, conf:high eof")
	plain := signModel(t, decide.Config{})
	expect(t, "maximum", script(t, plain, &Options{Segment: &segment.Config{Kind: segment.Whole, MaxDuration: 2, PreRoll: 1, MinDuration: 1}, Emit: Emit{Confirmed: true}},
		block(0, 1, 1, -1, -1, 1)), "conf:high maximum, conf:low maximum, conf:high eof")
	expect(t, "fixed", script(t, plain, &Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 2, MaxDuration: 100}, Emit: Emit{Confirmed: true}},
		block(0, 1, 1, -1, -1, 1)), "conf:high fixed, conf:low fixed, conf:high eof")
	expect(t, "not a number", script(t, plain, &Options{Emit: Emit{Confirmed: true}}, block(0, 1, 1, nan, nan, -1, -1)),
		"conf:high gap, gap, conf:low eof")
	expect(t, "a fault", script(t, plain, nil, capture.Block{Fault: &capture.Fault{State: "silent", Reason: "mute"}}), "status:silent")
	expect(t, "format", script(t, plain, &Options{Emit: Emit{Confirmed: true}}, block(0, 1),
		capture.Block{Format: capture.Format{Rate: 7, Channels: 1}, Offset: 1, Samples: []float32{-1}}), "conf:high gap, gap, conf:low eof")
	message := &Options{Segment: &segment.Config{Kind: segment.Message, MaxDuration: 100}, Emit: Emit{Confirmed: true}}
	b := []capture.Block{block(0, 9, 9), block(2, 1, 1), block(4, 1), block(5, -1), block(6, -1)}
	b[1].Mark, b[3].Mark, b[4].Mark = capture.MarkBegin, capture.MarkBegin, capture.MarkEnd
	expect(t, "messages", script(t, plain, message, b...), "conf:high message, conf:low message")
}

func TestGaps(t *testing.T) {
	m := signModel(t, decide.Config{})
	quiet := Emit{Confirmed: true}
	find := func(es []Event) *Event {
		for i := range es {
			if es[i].Type == Gap {
				return &es[i]
			}
		}
		t.Fatalf("no gap in %s", gist(es))
		return nil
	}
	es := script(t, m, &Options{Emit: quiet}, block(100, 1, 1), block(110, -1))
	expect(t, "reset", es, "conf:high gap, gap, conf:low eof")
	if g := find(es); g.Lost != 8 || g.Sample != 110 || es[0].Start != 100 || es[0].End != 102 || es[2].Start != 110 {
		t.Errorf("reset: %+v", es)
	}
	es = script(t, m, &Options{Emit: quiet, Gap: "hold"}, block(0, 1, 1), block(10, 1))
	expect(t, "hold", es, "gap, conf:high eof")
	if c := es[1]; c.Steps != 3 || c.Start != 0 || c.End != 11 {
		t.Errorf("hold: %+v", c)
	}
	at100 := func(offset uint64, x ...float32) capture.Block {
		b := block(offset, x...)
		b.Format.Rate = 100
		return b
	}
	es = script(t, m, &Options{Emit: quiet, Gap: "fill"}, at100(0, 1, 1), at100(4, 1))
	if c := es[1]; c.Steps != 5 || c.End != 5 || find(es).Policy != "fill" {
		t.Errorf("fill: %+v", es)
	}
	es = script(t, m, &Options{Emit: quiet}, block(10, 1), block(3, -1))
	if g := find(es); g.Lost != 0 || g.Reason != "restarted" {
		t.Errorf("backwards: %+v", g)
	}
}

// activityAt is the activity segmenter of a model at 1000 Hz over x.
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

func TestActivity(t *testing.T) {
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

// A gap that is held does not move what lies before it: neither the end of a sound
// whose trailing silence it is in, nor a pre-roll.
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

// Trailing hold steps emit running, but do not count.
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

func TestParseEmit(t *testing.T) {
	if e, err := ParseEmit("every=100ms"); err != nil || e.Every != 100*time.Millisecond {
		t.Error(e, err)
	}
	for _, bad := range []string{"x", "every=", "every=-1s"} {
		if _, err := ParseEmit(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// A collector's pieces are, to the sample, the segments of a classifier whose frames
// are single samples, for every segmenter and in whatever blocks; and a second
// stream after End is cut like the first.
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

// Emit every=… thins by samples: the first step, and then none nearer than that.
func TestEmitEvery(t *testing.T) {
	b := block(0, make([]float32, 10)...)
	b.Format.Rate = 10
	var got []uint64
	for _, e := range script(t, signModel(t, decide.Config{}), &Options{Emit: Emit{Every: 300 * time.Millisecond}}, b) {
		if e.Type == Running {
			got = append(got, e.Sample)
		}
	}
	if want := []uint64{1, 4, 7, 10}; !slices.Equal(got, want) {
		t.Errorf("running at %v, want %v", got, want)
	}
}

// Thinning changes nothing but the running events.
func TestEmitThinsNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.disturb(t, false)
		others := func(e Emit) (out []Event) {
			s.o.Emit = e
			for _, e := range s.play(t, classifier(t, &s), func() int { return 500 }, nil) {
				if e.Type != Running {
					out = append(out, e)
				}
			}
			return out
		}
		all := others(Emit{})
		for _, e := range []Emit{{Change: true}, {Confirmed: true}, {Every: 50 * time.Millisecond}} {
			same(t, "thinned", others(e), all)
		}
	})
}

// A hole that never ends is told every second, or every 1,000 samples.
func TestLongHole(t *testing.T) {
	x := make([]float32, 2600)
	for i := 100; i < len(x); i++ {
		x[i] = float32(math.Inf(1))
	}
	for _, size := range []int{2600, 7} {
		var blocks []capture.Block
		for at := 0; at < len(x); at += size {
			blocks = append(blocks, block(uint64(at), x[at:min(at+size, len(x))]...))
		}
		es := script(t, signModel(t, decide.Config{}), &Options{Emit: Emit{Confirmed: true}}, blocks...)
		expect(t, "a long hole", es, "conf:high gap, gap, gap, gap")
		if len(es) == 4 && (es[1].Lost != 1000 || es[2].Lost != 1000 || es[3].Lost != 500 || es[3].Sample != 2600 || es[1].Reason != "not a number") {
			t.Errorf("%+v", es)
		}
	}
	nan := float32(math.NaN())
	es := script(t, signModel(t, decide.Config{}), &Options{Emit: Emit{Confirmed: true}}, block(500, nan, nan, 1))
	if len(es) != 2 || es[0].Lost != 2 || es[0].Sample != 502 || es[1].Start != 502 {
		t.Errorf("a stream that begins with a hole: %+v", es)
	}
}

// With state carry the running head goes on, from segment to segment; the confirmed
// label is that of the segment alone.
func TestCarryConfirmsFromZero(t *testing.T) {
	m := randomModel(t, 9, feature.Config{Kind: feature.KindRaw, Samples: 1}, 10, 1, 2, model.RunningSoftmax, true)
	x := bursts(rand.New(rand.NewPCG(2, 2)), 8, 1, 10)
	twice := append(slices.Clone(x), x...)
	o := &Options{State: "carry", Segment: &segment.Config{Kind: segment.Fixed, Steps: 8, MaxDuration: 99}}
	es := script(t, m, o, capture.Block{Format: capture.Format{Rate: 10, Channels: 1}, Samples: twice})
	confirmed, last := map[uint64]float32{}, map[uint64]float32{}
	for _, e := range es {
		switch e.Type {
		case Confirmed:
			confirmed[e.Segment] = e.P
		case Running:
			last[e.Segment] = e.P
		}
	}
	want := m.Predict(x).Confirm
	if p := want[f32.Argmax(want)]; confirmed[1] != p || confirmed[2] != p {
		t.Errorf("confirmed %v, alone %v", confirmed, p)
	}
	if last[1] == last[2] {
		t.Error("the running head began anew")
	}
}
