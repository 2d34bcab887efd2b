package stream

import (
	"testing"
	"time"

	"inkling/capture"
)

// beforeNTP is when a device without a battery believes to start.
var beforeNTP = time.Date(1970, 1, 1, 0, 0, 20, 0, time.UTC)

// A restart after which the clock stands years later or earlier goes on labelling: with one
// gap, as long as the clock says, or of unknown length where that cannot be.
func TestClockSetByYearsBetweenRuns(t *testing.T) {
	for _, c := range []struct {
		name          string
		before, after time.Time
	}{
		{"no time before NTP, then the time", beforeNTP, noon},
		{"the time, then none", noon, beforeNTP},
		{"set back by a year", noon, noon.AddDate(-1, 0, 0)},
		{"set forward by ten years", noon, noon.AddDate(10, 0, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := t.TempDir() + "/state"
			first := liveRun(t, state, liveBlock(0, c.before, 1, 1, 1), liveBlock(3, c.before.Add(30*time.Millisecond), 1, 1, 1))
			second := liveRun(t, state, liveBlock(0, c.after, 1, 1, 1), liveBlock(3, c.after.Add(30*time.Millisecond), 1, 1, 1))
			gaps, labels := 0, 0
			for _, e := range second {
				switch e.Type {
				case Gap:
					gaps++
					if want := max(c.after.Sub(c.before).Seconds()*100, 0); float64(e.Lost) > want || float64(e.Lost) < want-10 {
						t.Errorf("%d samples are missing, want about %v", e.Lost, want)
					}
				case Confirmed:
					labels++
					if late := e.Time.Sub(c.after); late < 0 || late > time.Second {
						t.Errorf("a label of %v, want one of %v", e.Time, c.after)
					}
				}
			}
			if gaps != 1 || labels != 2 {
				t.Errorf("%d gaps, want 1; %d labels", gaps, labels)
			}
			if first[0].Session == second[0].Session && c.after.Before(c.before) && second[len(second)-1].Segment <= first[len(first)-1].Segment {
				t.Error("segments have the names of earlier ones")
			}
		})
	}
}

// A clock that is set by years while a stream runs loses nothing: samples order it.
func TestClockSetByYearsWhileRunning(t *testing.T) {
	times := []time.Time{beforeNTP, noon, noon.AddDate(-3, 0, 0), noon.AddDate(40, 0, 0), beforeNTP, noon}
	var blocks []capture.Block
	for i, at := range times {
		blocks = append(blocks, liveBlock(uint64(3*i), at, 1, 1, 1))
	}
	var segments []uint64
	for _, e := range liveRun(t, t.TempDir()+"/state", blocks...) {
		switch e.Type {
		case Gap, Dropped:
			t.Errorf("%s: %d lost: %s", e.Type, e.Lost, e.Reason)
		case Confirmed:
			segments = append(segments, e.Segment)
			if i := len(segments) - 1; i < len(times) && (e.Start != uint64(3*i) || e.End != uint64(3*i+3)) {
				t.Errorf("segment %d is %d to %d", e.Segment, e.Start, e.End)
			}
		}
	}
	if len(segments) != len(times) {
		t.Errorf("segments %v, want %d", segments, len(times))
	}
}
