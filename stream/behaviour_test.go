package stream

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/capture"
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// signModel labels each sample high or low by its sign; a step is one sample.
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

func TestEventsFollowOptions(t *testing.T) {
	nan := float32(math.NaN())
	plain, early := signModel(t, decide.Config{}), signModel(t, decide.Config{EarlyP: 0.55, EarlySteps: 2})
	strict, back := signModel(t, decide.Config{Threshold: 1}), signModel(t, decide.Config{Background: "low"})
	confirmed := Emit{Confirmed: true}
	segments := func(c segment.Config) *Options { return &Options{Segment: &c, Emit: confirmed} }
	of := func(x ...float32) []capture.Block { return []capture.Block{block(0, x...)} }
	messages := []capture.Block{block(0, 9, 9), block(2, 1, 1), block(4, 1), block(5, -1), block(6, -1)}
	messages[1].Mark, messages[3].Mark, messages[4].Mark = capture.MarkBegin, capture.MarkBegin, capture.MarkEnd
	fault := capture.Block{Fault: &capture.Fault{State: "silent", Reason: "mute"}}
	otherRate := capture.Block{Format: capture.Format{Rate: 7, Channels: 1}, Offset: 1, Samples: []float32{-1}}
	for _, c := range []struct {
		name   string
		m      *model.Model
		o      *Options
		blocks []capture.Block
		want   string
	}{
		{"warm-up", signModel(t, decide.Config{Warm: 2}), nil, of(1, 1, 1), "cold, cold, run:high, conf:high eof"},
		{"early, once", early, nil, of(1, 1, 1, 1), "run:high, run:high, early:high, run:high, run:high, conf:high eof"},
		{"rejection", strict, nil, of(0.01), "run:high, conf: eof"},
		{"no rejection", strict, &Options{Threshold: -1}, of(0.01), "run:high, conf:high eof"},
		{"background", back, nil, of(-1), "run:low, drop:background"},
		{"background asked for", back, &Options{Background: true}, of(-1), "run:low, conf:low eof"},
		{"emit change", early, &Options{Emit: Emit{Change: true}}, of(1, 1, -1, -1, -1), "run:high, early:high, run:low, conf:low eof"},
		{"emit confirmed", early, &Options{Emit: confirmed}, of(1, 1, 1), "early:high, conf:high eof"},
		{"maximum", plain, segments(segment.Config{Kind: segment.Whole, MaxDuration: 2, PreRoll: 1, MinDuration: 1}), of(1, 1, -1, -1, 1),
			"conf:high maximum, conf:low maximum, conf:high eof"},
		{"fixed", plain, segments(segment.Config{Kind: segment.Fixed, Steps: 2, MaxDuration: 100}), of(1, 1, -1, -1, 1),
			"conf:high fixed, conf:low fixed, conf:high eof"},
		{"not a number", plain, &Options{Emit: confirmed}, of(1, 1, nan, nan, -1, -1), "conf:high gap, gap, conf:low eof"},
		{"fault", plain, nil, []capture.Block{fault}, "status:silent"},
		{"format", plain, &Options{Emit: confirmed}, append(of(1), otherRate), "conf:high gap, gap, conf:low eof"},
		{"messages", plain, segments(segment.Config{Kind: segment.Message, MaxDuration: 100}), messages, "conf:high message, conf:low message"},
	} {
		t.Run(c.name, func(t *testing.T) { expect(t, c.name, script(t, c.m, c.o, c.blocks...), c.want) })
	}
}

func TestGapPolicyDecidesWhatContinues(t *testing.T) {
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

// A run of invalid samples is reported every second, or every 1,000 samples without a rate.
func TestLongGapIsReportedEverySecond(t *testing.T) {
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

// With state carry the running head continues from segment to segment, while the
// confirmed label depends on its own segment alone.
func TestCarryDoesNotReachConfirmedLabel(t *testing.T) {
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
