package train

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The share counts the work of all parts, and the time left follows from the pace.
func TestLedgerTellsShareAndTimeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		final := l.add(part{name: "final model", work: 60})
		first := l.add(part{fold: 1, work: 20})
		second := l.add(part{fold: 2, work: 20})
		l.begin()
		time.Sleep(time.Second)
		if p := l.note(final, 1, 10, 0.5); p.Share != 0.06 || p.Left != 0 || p.Part != "final model" || p.Update != 1 || p.Updates != 10 || p.Loss != 0.5 {
			t.Errorf("%+v: after a second nothing is known of the time left", p)
		}
		time.Sleep(29 * time.Second)
		if p := l.note(final, 10, 10, 0.5); p.Share != 0.6 || p.Left != 20*time.Second {
			t.Errorf("%+v, want 20 s left", p)
		}
		l.plan(final, 20) // it ended early: the folds will too
		if p := l.note(first, 5, 10, 0); p.Part != "fold 1 of 2" || p.Share != 0.5 {
			t.Errorf("%+v", p)
		}
		if p := l.note(second, 5, 10, 0); p.Part != "folds 1 and 2 of 2" {
			t.Errorf("%+v", p)
		}
		l.note(first, 10, 10, 0)
		if p := l.note(second, 10, 10, 0); p.Part != "fold 2 of 2" || p.Share != 1 || p.Left != 0 {
			t.Errorf("%+v", p)
		}
	})
}

// A training that goes on after an interruption counts its pace from there.
func TestLedgerOfAResumedTraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &ledger{}
		l.add(part{name: "final model", work: 100})
		l.note(0, 50, 100, 0)
		l.begin()
		time.Sleep(10 * time.Second)
		if p := l.note(0, 60, 100, 0); p.Left != 40*time.Second {
			t.Errorf("%+v, want 40 s left", p)
		}
	})
}

// Every part is named, and the share of the work rises to 1.
func TestProgressNamesEveryPart(t *testing.T) {
	t.Parallel()
	o := toyOptions()
	o.Folds, o.Epochs = 3, 2
	last, seen := 0.0, map[string]bool{}
	fitBytes(t, toySet(70, 1), o, Hooks{Progress: func(p Progress) {
		if p.Share < last || p.Updates == 0 || p.Update > p.Updates || math.IsNaN(p.Loss) {
			t.Errorf("%+v after %v", p, last)
		}
		last = p.Share
		seen[p.Part] = true
	}}, nil)
	if last < 1-1e-9 {
		t.Errorf("the share ends at %v", last)
	}
	parts := ""
	for p := range seen {
		parts += p + ";"
	}
	for _, want := range []string{"final model", "1", "2", "3 of 3"} {
		if !strings.Contains(parts, want) {
			t.Errorf("%s: no %s", parts, want)
		}
	}
}
