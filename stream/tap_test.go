package stream

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/segment"
)

// cutter is a Tap that keeps no more samples than it has to, and cuts segments out of them.
type cutter struct {
	t      *testing.T
	from   uint64 // of x
	x      []float32
	events []Event
	by     map[uint64]*model.Model
	spans  map[string][]float32
	closed int
}

func (c *cutter) Block(b *capture.Block, oldest uint64) {
	if len(c.x) == 0 {
		c.from = b.Offset
	}
	c.x = append(c.x, b.Samples...)
	if oldest > c.from {
		c.x = slices.Clone(c.x[min(oldest-c.from, uint64(len(c.x))):])
		c.from = oldest
	}
}

func (c *cutter) Event(e *Event, m *model.Model) {
	if e.Type == Confirmed {
		if e.Start < c.from || e.End > c.from+uint64(len(c.x)) {
			c.t.Errorf("segment [%d, %d) of what is there of [%d, %d)", e.Start, e.End, c.from, c.from+uint64(len(c.x)))
			return
		}
		c.spans[fmt.Sprint(e.Start, "-", e.End)] = slices.Clone(c.x[e.Start-c.from : e.End-c.from])
		c.by[e.Segment] = m
		e.Truth = "tapped"
	}
	c.events = append(c.events, e.Clone())
}

func (c *cutter) Close() { c.closed++ }

// A tap sees every sample before the events that it is part of, what it changes reaches the
// sinks, and a segment's samples are among those that it has to keep, at any rate.
func TestTapCutsSegments(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	x := soundsAndSilence(2400)
	for _, rate := range []float64{1000, 800} {
		c := testmodel.Labels(rate, 1, "a", "b", "c")
		m := testmodel.New(t, c, rng)
		for _, s := range []*segment.Config{{Kind: segment.Fixed, Steps: 7}, {Kind: segment.Activity, MinDuration: 0.01, Hold: 0.05, PreRoll: 0.03}, {Kind: segment.Whole}} {
			for range 4 {
				var mu sync.Mutex
				taps := map[string]*cutter{}
				open := func(name string) Tap {
					mu.Lock()
					defer mu.Unlock()
					taps[name] = &cutter{t: t, by: map[uint64]*model.Model{}, spans: map[string][]float32{}}
					return taps[name]
				}
				none := func(string) Tap { return nil }
				out := &kept{}
				src := &switching{x: x, streams: 2, size: 20 + rng.IntN(300), at: -1}
				o := &RunOptions{Options: Options{Segment: s, Threshold: -1}, Finite: true, Taps: []func(string) Tap{none, open}}
				if err := Run(t.Context(), src, m, o, out); err != nil {
					t.Fatal(err)
				}
				for name, tap := range taps {
					var sent []string
					for _, e := range out.events {
						if e.Stream == name {
							sent = append(sent, string(AppendJSON(nil, &e)))
						}
						if e.Type == Confirmed && e.Truth != "tapped" {
							t.Errorf("%+v reached the sink as if there were no tap", e)
						}
					}
					var seen []string
					for _, e := range tap.events {
						e.Session = out.events[0].Session
						seen = append(seen, string(AppendJSON(nil, &e)))
					}
					if !slices.Equal(seen, sent) {
						t.Errorf("%s: the tap saw %d events, the sink %d", name, len(seen), len(sent))
					}
					if len(tap.spans) == 0 || tap.closed != 1 {
						t.Errorf("%s: %d segments, closed %d times", name, len(tap.spans), tap.closed)
					}
					for span, got := range tap.spans {
						var from, to int
						fmt.Sscanf(span, "%d-%d", &from, &to)
						if !slices.Equal(got, x[from:to]) {
							t.Errorf("%s, %v Hz: %s is not the signal there", s.Kind, rate, span)
						}
					}
				}
				if len(taps) != 2 {
					t.Errorf("%d taps", len(taps))
				}
			}
		}
	}
}

// The signal of a segment, given to the model as a whole, gives the very probabilities that
// it had in its stream, whatever became of the stream: other rates, channels that are
// mixed, gaps that are held or filled, numbers that are none, blocks of any size.
func TestSegmentsSignalGivesItsAnswer(t *testing.T) {
	answers := 0
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.drawRules(t)
		if rapid.Bool().Draw(t, "disturbed") {
			s.disturb(t, false)
		}
		c := classifier(t, &s)
		c.keepSignal()
		whole := s.o
		whole.Listen = 0
		whole.Segment, whole.State, whole.Emit = &segment.Config{Kind: segment.Whole, MaxDuration: 86400}, "reset", Emit{Confirmed: true}
		whole.Listen = 0
		for _, e := range s.play(t, c, func() int { return rapid.IntRange(1, 700).Draw(t, "block") }, nil) {
			if e.Type != Confirmed {
				continue
			}
			answers++
			again, err := NewClassifier(s.m, &whole)
			if err != nil {
				t.Fatal(err)
			}
			b := capture.Block{Format: capture.Format{Rate: s.m.Config.Rate, Channels: s.m.Config.Channels}, Samples: e.signal}
			if err := again.Feed(&b); err != nil {
				t.Fatal(err)
			}
			got := again.End(nil, segment.ByEOF)
			last := got[len(got)-1]
			if last.Type != Confirmed || last.P != e.P || !slices.Equal(last.Top, e.Top) || last.Steps != e.Steps {
				t.Fatalf("of %d samples:\n got %q\nwant %s", len(e.signal), describeEvents(got), describeEvents([]Event{e}))
			}
		}
	})
	if answers < 50 {
		t.Errorf("%d answers", answers)
	}
}

// A tap gets each event with the model that made it, also when that is replaced meanwhile.
func TestTapKnowsModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	c := testmodel.Labels(1000, 1, "a", "b", "c")
	first, second := testmodel.New(t, c, rng), testmodel.New(t, c, rng)
	x := soundsAndSilence(2400)
	for _, s := range []*segment.Config{{Kind: segment.Fixed, Steps: 7}, {Kind: segment.Activity, MinDuration: 0.01, Hold: 0.05}} {
		o := Options{Segment: s, Threshold: -1}
		run := func(m *model.Model, at, size int) (*cutter, []string) {
			sw, out := &Switch{}, &kept{}
			tap := &cutter{t: t, by: map[uint64]*model.Model{}, spans: map[string][]float32{}}
			src := &switching{x: x, streams: 1, size: size, at: at, do: func() {
				if err := sw.To(second, &o); err != nil {
					t.Error(err)
				}
			}}
			if err := Run(t.Context(), src, m, &RunOptions{Options: o, Finite: true, Switch: sw, Taps: []func(string) Tap{func(string) Tap { return tap }}}, out); err != nil {
				t.Fatal(err)
			}
			return tap, spans(t, out.events, "s0")
		}
		_, before := run(first, -1, 300)
		_, after := run(second, -1, 300)
		turned := 0
		for range 8 {
			size := 20 + rng.IntN(300)
			tap, got := run(first, rng.IntN(len(x)/size+1), size)
			for i, s := range got {
				m := tap.by[uint64(i+1)]
				if m == nil {
					continue // dropped
				}
				if m == second {
					turned++
				}
				if want := map[*model.Model]string{first: before[i], second: after[i]}[m]; s != want {
					t.Errorf("segment %d is %s, which the tap's model does not say: %s", i+1, s, want)
				}
			}
		}
		if turned == 0 {
			t.Error("no segment of the second model")
		}
	}
}
