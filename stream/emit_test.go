package stream

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/model/decide"
)

func TestParseEmitRefusesBadIntervals(t *testing.T) {
	if e, err := ParseEmit("every=100ms"); err != nil || e.Every != 100*time.Millisecond {
		t.Error(e, err)
	}
	for _, bad := range []string{"x", "every=", "every=-1s"} {
		if _, err := ParseEmit(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// Emit.Every keeps the first step, then each step at least the interval after the last.
func TestEmitEveryKeepsItsInterval(t *testing.T) {
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

// Emit leaves every event other than running as it is.
func TestEmitThinsOnlyRunningEvents(t *testing.T) {
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

// With Options.Aside every event that Emit leaves out comes, marked; without those that are
// marked the events are the same, also after a resume.
func TestAsideIsWhatEmitLeavesOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSetting(t)
		s.disturb(t, false)
		play := func(e Emit, aside bool) (out []Event) {
			s.o.Emit, s.o.Aside = e, aside
			return s.play(t, classifier(t, &s), func() int { return 500 }, nil)
		}
		every := play(Emit{}, false)
		for _, e := range []Emit{{Change: true}, {Confirmed: true}, {Every: 50 * time.Millisecond}} {
			thin, all := play(e, false), play(e, true)
			same(t, "what Emit lets pass", slices.DeleteFunc(slices.Clone(all), func(e Event) bool { return e.Aside }), thin)
			for i := range all {
				all[i].Aside = false
			}
			same(t, "everything", slices.DeleteFunc(all, func(e Event) bool { return e.Type == Detector }), every)
		}
	})
}

// Probs has the probability of each label, also of those that are not in the top list.
func TestProbsAreOfAllLabels(t *testing.T) {
	n := 0
	for _, e := range script(t, signModel(t, decide.Config{}), &Options{Probs: true, Top: 1}, block(0, make([]float32, 10)...)) {
		if e.Type != Running && e.Type != Confirmed || e.Type == Running && !e.Warm {
			continue
		}
		n++
		if len(e.Probs) != 2 || slices.Max(e.Probs) != e.Top[0].P || e.Probs[0]+e.Probs[1] < 0.999 {
			t.Errorf("%s: %v beside %v", e.Type, e.Probs, e.Top)
		}
	}
	if n == 0 {
		t.Error("no event has a label")
	}
}
