package stream

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/internal/testkit"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
)

// Events are the same to the bit for blocks of 1 to 5,000 samples, whenever Advance is
// called, and after a save and restore at any sample.
func TestSplitDoesNotChangeEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.drawRules(t)
		if rapid.Bool().Draw(t, "disturbed") {
			s.disturb(t, false)
		}
		want := s.play(t, classifier(t, &s), func() int { return 5000 }, nil)
		cut := func() int {
			if rapid.Bool().Draw(t, "small") {
				return rapid.IntRange(1, 40).Draw(t, "block")
			}
			return rapid.IntRange(1, 5000).Draw(t, "block")
		}
		same(t, "blocks", s.play(t, classifier(t, &s), cut, nil), want)
		moved := s.play(t, classifier(t, &s), cut, func(c *Classifier, _ uint64) *Classifier {
			if !rapid.Bool().Draw(t, "move") {
				return c
			}
			other := classifier(t, &s)
			if err := other.Restore(c.AppendState(nil, true)); err != nil {
				t.Fatal(err)
			}
			return other
		})
		same(t, "saved state", moved, want)
		checkIDs(t, want)
	})
}

// Every segment id ends in exactly one confirmed or dropped.
func checkIDs(t *rapid.T, es []Event) {
	ended := map[uint64]int{}
	var most uint64
	for _, e := range es {
		most = max(most, e.Segment)
		if e.Type == Confirmed || e.Type == Dropped {
			ended[e.Segment]++
		}
	}
	for id := uint64(1); id <= most; id++ {
		if ended[id] != 1 {
			t.Fatalf("segment %d ended %d times", id, ended[id])
		}
	}
}

// replay feeds the samples [from, to) in blocks of a size that never cross a jump
// or a mark, as a source does that can be read again.
func (s *setting) replay(t *rapid.T, c *Classifier, from, to, size int) (events []Event) {
	n := len(s.samples) / s.channels
	for at := from; at < to; {
		mark, limit := messages(at, n)
		full := limit
		for _, d := range s.breaks {
			if d.at > at {
				limit = min(limit, d.at-at)
			}
		}
		k := min(size, limit, to-at)
		if k < full {
			mark &^= capture.MarkEnd
		}
		b := capture.Block{Format: s.format, Offset: uint64(s.offset(at)), Mark: mark, Samples: s.samples[at*s.channels : (at+k)*s.channels]}
		if err := c.Feed(&b); err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Advance(nil) {
			events = append(events, e.Clone())
		}
		at += k
	}
	return events
}

// offset is that of sample at, after the jumps up to it.
func (s *setting) offset(at int) int {
	o := at
	for _, d := range s.breaks {
		if d.at <= at {
			o += d.jump
		}
	}
	return o
}

// A state saved without frames continues once the source is read again from Resume,
// any number of times.
func TestRereadingFromResumeGivesSameEvents(t *testing.T) {
	reread := 0
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.drawRules(t)
		s.o.Resumable = true
		if rapid.Bool().Draw(t, "disturbed") {
			s.disturb(t, true)
		}
		s.o.Emit = rapid.SampledFrom([]Emit{{}, {Change: true}, {Confirmed: true}, {Every: 20 * time.Millisecond}}).Draw(t, "emit")
		n := len(s.samples) / s.channels
		c := classifier(t, &s)
		want := s.replay(t, c, 0, n, 300)
		want = append(want, c.End(nil, segment.ByEOF)...)
		c = classifier(t, &s)
		var got []Event
		from := 0
		for _, stop := range slices.Sorted(slices.Values(rapid.SliceOfN(rapid.IntRange(0, n), 1, 3).Draw(t, "stops"))) {
			got = append(got, s.replay(t, c, from, max(stop, from), rapid.IntRange(1, 300).Draw(t, "block"))...)
			saved := c.AppendState(nil, false)
			c = classifier(t, &s)
			if err := c.Restore(saved); err != nil {
				t.Fatal(err)
			}
			from = 0
			for from < n && uint64(s.offset(from)) < c.Resume() {
				from++
			}
			if from < stop {
				reread++
			}
		}
		got = append(got, s.replay(t, c, from, n, rapid.IntRange(1, 300).Draw(t, "block"))...)
		got = append(got, c.End(nil, segment.ByEOF)...)
		same(t, "resumed", got, want)
	})
	if reread < 5 {
		t.Errorf("only %d states made the source be read again", reread)
	}
}

// Predict over the samples [start, end) of a confirmed event gives the stream's
// probabilities to the bit.
func TestSegmentsEqualOfflinePrediction(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.format.Rate = s.m.Config.Rate // no resampling: segments are cut from the source itself
		es := s.play(t, classifier(t, &s), func() int { return 997 }, nil)
		running := map[uint64][]Event{}
		for _, e := range es {
			if e.Type == Running && e.Warm {
				running[e.Segment] = append(running[e.Segment], e)
			}
			if e.Type == Confirmed {
				found++
				s.checkSegment(t, &e, running[e.Segment])
			}
		}
	})
	if found < 30 {
		t.Errorf("only %d segments were compared", found)
	}
}

func (s *setting) checkSegment(t *rapid.T, e *Event, running []Event) {
	front, err := s.m.Front()
	if err != nil {
		t.Fatal(err)
	}
	frames := front.Flush(front.Push(nil, s.samples[int(e.Start-1000)*s.channels:int(e.End-1000)*s.channels]))
	p := s.m.Predict(frames)
	if p.Steps != e.Steps {
		t.Fatalf("segment %d: %d steps, offline %d", e.Segment, e.Steps, p.Steps)
	}
	s.checkScores(t, e, p.Confirm)
	if s.o.State == "carry" {
		return // the running head goes on from the segment before
	}
	n := s.m.Classes()
	for i := range running {
		if r := &running[i]; r.Step <= e.Steps { // else of the trailing hold
			s.checkScores(t, r, p.Running[(r.Step-1)*n:r.Step*n])
		}
	}
}

// checkScores compares every class: there are as many as Top has.
func (s *setting) checkScores(t *rapid.T, e *Event, want []float32) {
	if len(e.Top) != len(want) || e.P != e.Top[0].P || e.Label != e.Top[0].Label {
		t.Fatalf("%+v", e)
	}
	for _, top := range e.Top {
		if w := want[slices.Index(s.m.Config.Labels, top.Label)]; math.Float32bits(top.P) != math.Float32bits(w) {
			t.Fatalf("%s of segment %d step %d: %s has p %v, offline %v", e.Type, e.Segment, e.Step, top.Label, top.P, w)
		}
	}
}

// The same holds at common audio rates, over log-mel frames and over a Gabor stem.
func TestSplitDoesNotChangeEventsAtRealRates(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds of audio")
	}
	for _, rate := range []float64{16000, 44100, 48000} {
		for _, kind := range []segment.Kind{segment.Activity, segment.Fixed, "gabor"} {
			m := randomModel(t, 4, feature.Config{Kind: feature.KindLogMel}, 16000, 1, 1, model.RunningEvidence, true)
			channels := 2
			if kind == "gabor" {
				m = randomModel(t, 4, feature.Config{Kind: feature.KindRaw}, 16000, 1, 1, model.RunningEvidence, true)
				m, kind, channels = overStem(t, m, "gabor:25/10x6", 1), segment.Activity, 1
			}
			s := setting{m: m, o: Options{Segment: &segment.Config{Kind: kind, Steps: 20}}, format: capture.Format{Rate: rate, Channels: channels}, channels: channels}
			s.samples = bursts(rand.New(rand.NewPCG(3, 3)), int(2*rate), channels, rate)
			want := s.play(t, classifier(t, &s), func() int { return 1 << 20 }, nil)
			rng := rand.New(rand.NewPCG(uint64(rate), 1))
			for _, most := range []int{40, 5000} {
				same(t, fmt.Sprint(kind, rate), s.play(t, classifier(t, &s), func() int { return 1 + rng.IntN(most) }, nil), want)
			}
			if n := len(want); n < 50 {
				t.Errorf("%s at %v Hz: only %d events", kind, rate, n)
			}
		}
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	testkit.SkipPools(t)
	for _, source := range []float64{16000, 44100, 48000} {
		for _, o := range []Options{
			{Segment: &segment.Config{Kind: segment.Whole, MaxDuration: 0.5}},
			{Segment: &segment.Config{Kind: segment.Fixed, Steps: 30}, State: "carry"},
			{Segment: &segment.Config{Kind: segment.Activity, MaxDuration: 0.5}, Gap: "hold", Resumable: true},
			{Segment: &segment.Config{Kind: segment.Whole, MaxDuration: 0.5}, Decision: everyRule("a", "b")},
		} {
			head := model.RunningEvidence
			if o.State == "carry" {
				head = model.RunningSoftmax
			}
			m := randomModel(t, 1, feature.Config{Kind: feature.KindLogMel}, 16000, 1, 1, head, true)
			c, err := NewClassifier(m, &o)
			if err != nil {
				t.Fatal(err)
			}
			x := bursts(rand.New(rand.NewPCG(1, 1)), int(source/50), 1, source)
			b := capture.Block{Format: capture.Format{Rate: source, Channels: 1}, Samples: x}
			var events []Event
			seen := 0
			step := func() {
				if err := c.Feed(&b); err != nil {
					t.Fatal(err)
				}
				b.Offset += uint64(len(x))
				if b.Offset%7 == 0 {
					b.Offset++ // a gap
				}
				events = c.Advance(events[:0])
				seen += len(events)
			}
			for range 300 {
				step()
			}
			seen = 0
			if n := testing.AllocsPerRun(100, step); n != 0 {
				t.Errorf("%s from %v Hz: a block allocates %v times", o.Segment.Kind, source, n)
			}
			if seen < 100 {
				t.Errorf("%s from %v Hz: only %d events", o.Segment.Kind, source, seen)
			}
		}
	}
}
