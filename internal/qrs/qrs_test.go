package qrs

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/ecgtest"
)

func segmenter(rate float64, channels int) *Segmenter {
	return New(Config{Rate: rate, Channels: channels, Before: 0.25, After: 0.4})
}

// beatsOf is every beat of a signal of one channel, with memory of its own.
func beatsOf(s *Segmenter, x []float32) (list []Beat) {
	var b Beat
	keep := func() {
		for s.Next(&b) {
			c := b
			c.Samples = slices.Clone(b.Samples)
			list = append(list, c)
		}
	}
	for i := range x {
		s.Push(x[i : i+1])
		keep()
	}
	s.Finish()
	keep()
	return list
}

// scored counts the beats within 20 ms of an annotation, and those without one.
func scored(list []Beat, truth []ecgtest.Beat, rate float64) (hits, alarms int) {
	used := map[int]bool{}
	for _, b := range list {
		at := slices.IndexFunc(truth, func(t ecgtest.Beat) bool {
			return math.Abs(float64(t.Sample)-float64(b.Peak)) <= 0.02*rate
		})
		if at < 0 || used[at] {
			alarms++
			continue
		}
		used[at] = true
		hits++
	}
	return hits, alarms
}

// Beats are found at any rate, either way up, under noise and drift, and when the
// amplitude falls to a fifth and rises again.
func TestFindsBeats(t *testing.T) {
	for _, rate := range []float64{100, 128, 250, 360, 1000} {
		for _, up := range []float32{1, -1, 1e-3} {
			x, truth := ecgtest.Signal(ecgtest.Options{Rate: rate, Seconds: 90, Seed: 3, Atrial: 0.05, Ventric: 0.05, Noise: 0.03, Drift: 0.3})
			for i := range x {
				if x[i] *= up; i > len(x)/3 && i < 2*len(x)/3 {
					x[i] /= 5
				}
			}
			list := beatsOf(segmenter(rate, 1), x)
			hits, alarms := scored(list, truth, rate)
			if missed := len(truth) - hits; missed > 4 || alarms > 2 {
				t.Errorf("%v Hz, times %v: of %d beats %d are missed, %d are false", rate, up, len(truth), missed, alarms)
			}
		}
	}
}

func TestNothingInSilence(t *testing.T) {
	for _, level := range []float32{0, 0.7} {
		x := make([]float32, 360*20)
		for i := range x {
			x[i] = level
		}
		if list := beatsOf(segmenter(360, 1), x); len(list) > 0 {
			t.Errorf("%d beats in a signal that stands at %v", len(list), level)
		}
	}
	if list := beatsOf(segmenter(360, 1), nil); len(list) > 0 {
		t.Error("beats of no samples")
	}
}

// A beat is told Delay after its R peak, and segments lie round that.
func TestToldAfterDelay(t *testing.T) {
	x, _ := ecgtest.Signal(ecgtest.Options{Rate: 360, Seconds: 30, Seed: 1, Noise: 0.01})
	s := segmenter(360, 1)
	var b Beat
	n := 0
	for i := range x {
		s.Push(x[i : i+1])
		for s.Next(&b) {
			peak, from := int(b.Peak), int(b.Start)
			if late := i + 1 - peak; i > 4*360 && (late < s.Delay()-22 || late > s.Delay()+22) {
				t.Errorf("the beat at %d was told %d samples later, want %d", peak, late, s.Delay())
			}
			if int(b.End)-from != len(b.Samples) || peak-from > 90 || int(b.End)-peak != 144 {
				t.Errorf("peak %d in [%d, %d), %d samples", peak, from, b.End, len(b.Samples))
			}
			n++
		}
	}
	if n < 25 {
		t.Errorf("%d beats", n)
	}
}

// A premature beat has a short interval before, and with Wait a long one after it; a
// ventricular one is unlike the usual and broad.
func TestContext(t *testing.T) {
	x, truth := ecgtest.Signal(ecgtest.Options{Rate: 360, Seconds: 120, Seed: 5, Ventric: 0.1, Noise: 0.01})
	list := beatsOf(New(Config{Rate: 360, Channels: 1, Before: 0.25, After: 0.4, Wait: 1.5}), x)
	seen := 0
	for _, b := range list[15:] {
		at := slices.IndexFunc(truth, func(t ecgtest.Beat) bool { return math.Abs(float64(t.Sample)-float64(b.Peak)) < 20 })
		if at < 0 {
			continue
		}
		c := &b.Context
		ventricular := truth[at].Symbol == "V"
		if early := c[Prematurity] < -0.25; early != ventricular || (c[Likeness] < 0.7) != ventricular || (c[Broadening] > 0.4) != ventricular {
			t.Errorf("%s at %d: prematurity %v, likeness %v, broadening %v", truth[at].Symbol, b.Peak, c[Prematurity], c[Likeness], c[Broadening])
		}
		if ventricular {
			if seen++; c[Pause] < 0.15 {
				t.Errorf("after the beat at %d: %v", b.Peak, c[Pause])
			}
		}
	}
	if seen < 5 {
		t.Errorf("%d ventricular beats", seen)
	}
}

func same(t interface{ Fatalf(string, ...any) }, got, want []Beat) {
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		t.Fatalf("%d beats, want %d, or they differ", len(got), len(want))
	}
}

// A segmenter goes on to the bit from its saved state, whenever that was, and a state
// that is cut off is refused.
func TestSavedState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, _ := ecgtest.Signal(ecgtest.Options{Rate: 128, Seconds: 12, Seed: rapid.Uint64().Draw(t, "seed"), Atrial: 0.1, Ventric: 0.1, Noise: 0.1})
		c := Config{Rate: 128, Channels: 1, Before: 0.25, After: 0.4, Wait: rapid.SampledFrom([]float64{0, 1}).Draw(t, "wait")}
		want := beatsOf(New(c), x)
		s := New(c)
		s.Push(x[:1]) // something to forget
		s.Forget()
		s.Reset()
		at := rapid.IntRange(0, len(x)).Draw(t, "at")
		var got []Beat
		var b Beat
		for i := range x[:at] {
			s.Push(x[i : i+1])
			for s.Next(&b) {
				c := b
				c.Samples = slices.Clone(b.Samples)
				got = append(got, c)
			}
		}
		state := s.AppendState(nil)
		other := New(c)
		if rest, err := other.Restore(append(slices.Clone(state), 7)); err != nil || len(rest) != 1 {
			t.Fatal(err, len(rest))
		}
		same(t, append(got, beatsOf(other, x[at:])...), want)
		if _, err := other.Restore(state[:len(state)-1]); err == nil {
			t.Fatal("a state that is cut off was taken")
		}
	})
}

func TestAllocatesNothing(t *testing.T) {
	x, _ := ecgtest.Signal(ecgtest.Options{Rate: 360, Seconds: 20, Seed: 1, Atrial: 0.1, Ventric: 0.1, Noise: 0.02})
	s := segmenter(360, 1)
	var b Beat
	n := 0
	if a := testing.AllocsPerRun(3, func() {
		for i := range x {
			s.Push(x[i : i+1])
			for s.Next(&b) {
				n++
			}
		}
	}); a != 0 || n < 40 {
		t.Errorf("%v allocations, %d beats", a, n)
	}
}

// After a gap levels and rhythm are still known, but no interval spans it.
func TestResetKeepsWhatWasLearned(t *testing.T) {
	x, _ := ecgtest.Signal(ecgtest.Options{Rate: 360, Seconds: 20, Seed: 1, Noise: 0.01})
	s := segmenter(360, 1)
	beatsOf(s, x)
	s.Reset()
	list := beatsOf(s, x)
	if c := list[0].Context; c[Interval] != 0 || c[Likeness] < 0.9 || list[0].Peak > 360 {
		t.Errorf("the first beat after a gap, at %d: %v", list[0].Peak, c)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []Config{{}, {Rate: 50, Channels: 1, Before: 0.2, After: 0.3}, {Rate: 360, Before: 0.2, After: 0.3},
		{Rate: 360, Channels: 1, After: 0.3}, {Rate: 360, Channels: 1, Before: 0.2, After: 9}, {Rate: 360, Channels: 1, Before: 0.2, After: 0.3, Wait: math.NaN()}} {
		if c.Check() == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func FuzzRestore(f *testing.F) {
	x, _ := ecgtest.Signal(ecgtest.Options{Rate: 100, Seconds: 6, Seed: 1, Noise: 0.02})
	s := segmenter(100, 1)
	beatsOf(s, x)
	f.Add(s.AppendState(nil))
	s.Reset()
	for i := range x {
		s.Push(x[i : i+1])
	}
	f.Add(s.AppendState(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := segmenter(100, 1)
		if _, err := s.Restore(data); err == nil {
			beatsOf(s, x)
		}
	})
}
