package stream

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/internal/ecgtest"
	"inkling/internal/qrs"
	"inkling/internal/testkit"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
)

// beatModel has random weights over a beat's samples and its context.
func beatModel(t interface{ Fatal(...any) }, rate float64, wait float64) *model.Model {
	m := randomModel(t, 3, feature.Config{Kind: feature.KindRaw, Samples: 5, Deltas: 1}, rate, 1, 1, model.RunningEvidence, true)
	c := m.Config
	c.Front.Context = qrs.Features
	c.Segment = segment.Config{Kind: segment.Beat, Wait: wait}
	p := model.NewParams(&c, m.Dim()+qrs.Features)
	p.Init(rand.New(rand.NewPCG(3, 1)))
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func beatSetting(t interface{ Fatal(...any) }, source, rate, wait float64, seconds float64, seed uint64) (setting, []ecgtest.Beat) {
	s := setting{m: beatModel(t, rate, wait), o: Options{Stream: "s"}, format: capture.Format{Rate: source, Channels: 1}, channels: 1}
	var beats []ecgtest.Beat
	s.samples, beats = ecgtest.Signal(ecgtest.Options{Rate: source, Seconds: seconds, Seed: seed, Atrial: 0.1, Ventric: 0.1, Noise: 0.05, Drift: 0.2})
	return s, beats
}

// Beats and their labels are the same to the bit for any split into blocks and after
// any save and restore.
func TestSplitDoesNotChangeBeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, _ := beatSetting(t, rapid.SampledFrom([]float64{128, 250}).Draw(t, "source"), 128, rapid.SampledFrom([]float64{0, 1}).Draw(t, "wait"), 12,
			rapid.Uint64().Draw(t, "seed"))
		if rapid.Bool().Draw(t, "disturbed") {
			s.disturb(t, false)
			for i := range s.breaks {
				s.breaks[i].rate = 0
			}
		}
		want := s.play(t, classifier(t, &s), func() int { return 5000 }, nil)
		cut := func() int { return rapid.IntRange(1, 900).Draw(t, "block") }
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
		same(t, "blocks and saved states", moved, want)
		checkIDs(t, want)
	})
}

func TestResumedBeatsAreTheSame(t *testing.T) {
	s, _ := beatSetting(t, 250, 128, 0, 12, 4)
	s.o.Resumable = true
	n := len(s.samples)
	want := s.play(t, classifier(t, &s), func() int { return 5000 }, nil)
	feed := func(c *Classifier, from, to int) (events []Event) {
		for at := from; at < to; at += 77 {
			b := capture.Block{Stream: "s", Format: s.format, Offset: uint64(1000 + at), Samples: s.samples[at:min(at+77, to)]}
			if err := c.Feed(&b); err != nil {
				t.Fatal(err)
			}
			for _, e := range c.Advance(nil) {
				events = append(events, e.Clone())
			}
		}
		return events
	}
	c := classifier(t, &s)
	got := feed(c, 0, n/2)
	state := c.AppendState(nil, false)
	c = classifier(t, &s)
	if err := c.Restore(state); err != nil {
		t.Fatal(err)
	}
	got = append(got, feed(c, int(c.Resume())-1000, n)...)
	same(t, "resumed", append(got, c.End(nil, segment.ByEOF)...), want)
}

// A confirmed beat names its R peak as a sample of the source, and its segment surrounds
// the peak.
func TestConfirmedBeatNamesItsPeak(t *testing.T) {
	s, beats := beatSetting(t, 360, 250, 0, 30, 6)
	found := 0
	for _, e := range s.play(t, classifier(t, &s), func() int { return 36 }, nil) {
		if e.Type != Confirmed {
			continue
		}
		if e.EndedBy != segment.ByBeat || e.Peak < e.Start || e.Peak >= e.End || e.End-e.Start > 253 || e.Steps < 20 {
			t.Errorf("%+v", e)
		}
		if slices.ContainsFunc(beats, func(b ecgtest.Beat) bool { return math.Abs(float64(b.Sample)+1000-float64(e.Peak)) <= 8 }) {
			found++
		}
	}
	if found < len(beats)-1 {
		t.Errorf("%d of %d beats", found, len(beats))
	}
}

// A model with beat context works with the beat segmenter alone, and that segmenter
// refuses a rate that is too low for it.
func TestUnfitBeatSegmentersAreRefused(t *testing.T) {
	m := beatModel(t, 250, 0)
	if _, err := NewClassifier(m, &Options{Segment: &segment.Config{Kind: segment.Whole}}); err == nil {
		t.Error("whole was taken")
	}
	slow := randomModel(t, 1, feature.Config{Kind: feature.KindRaw}, 50, 1, 1, model.RunningSoftmax, true)
	if _, err := NewClassifier(slow, &Options{Segment: &segment.Config{Kind: segment.Beat}}); err == nil {
		t.Error("50 Hz were taken")
	}
}

func TestBeatsAllocateNothing(t *testing.T) {
	testkit.SkipPools(t)
	s, _ := beatSetting(t, 360, 250, 0, 30, 6)
	c := classifier(t, &s)
	b := capture.Block{Format: s.format}
	var events []Event
	seen := 0
	pass := func() {
		for at := 0; at+36 <= len(s.samples); at += 36 {
			b.Samples = s.samples[at : at+36]
			if err := c.Feed(&b); err != nil {
				t.Fatal(err)
			}
			b.Offset += 36
			events = c.Advance(events[:0])
			seen += len(events)
		}
	}
	pass()
	if n := testing.AllocsPerRun(2, pass); n != 0 || seen < 1000 {
		t.Errorf("%v allocations, %d events", n, seen)
	}
}
