package stream

import (
	"context"
	"io"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/testkit"
	"inkling/model/decide"
	"inkling/model/segment"
)

// scripted is a source with the clock that Run is given: a step is a block, or
// time in which nothing comes.
type scripted struct {
	steps []scriptStep
	now   time.Time
	each  time.Duration // that every look at the clock takes
}

type scriptStep struct {
	block capture.Block
	quiet time.Duration
}

func (s *scripted) Read(_ context.Context, b *capture.Block) error {
	if len(s.steps) == 0 {
		return io.EOF
	}
	step := s.steps[0]
	s.steps = s.steps[1:]
	s.now = s.now.Add(step.quiet)
	if step.quiet > 0 {
		return context.DeadlineExceeded
	}
	*b = step.block
	return nil
}

func (s *scripted) Close() error { return nil }

func (s *scripted) clock() time.Time {
	s.now = s.now.Add(s.each)
	return s.now
}

// runScript runs the steps and returns what a sink got.
func runScript(t *testing.T, each time.Duration, o RunOptions, steps ...scriptStep) []Event {
	t.Helper()
	src := &scripted{steps: steps, now: time.Unix(1000, 0), each: each}
	o.now, o.Emit.Confirmed, o.Session = src.clock, true, "s"
	if o.Segment == nil {
		o.Segment = &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}
	}
	var k kept
	if err := Run(context.Background(), src, signModel(t, decide.Config{}), &o, &k); err != nil {
		t.Fatal(err)
	}
	return k.events
}

func on(stream string, b capture.Block) scriptStep {
	b.Stream = stream
	return scriptStep{block: b}
}

func quiet(d time.Duration) scriptStep { return scriptStep{quiet: d} }

// each stream's events, in order: "a1 conf:high idle".
func streams(es []Event) (out []string) {
	for _, e := range es {
		if e.Stream != "" {
			out = append(out, strings.Join([]string{e.Stream, string('0' + rune(e.Segment)), gist([]Event{e})}, " "))
		}
	}
	return out
}

func want(t *testing.T, es []Event, want ...string) {
	t.Helper()
	if got := streams(es); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestIdleStreamEndsItsSegment(t *testing.T) {
	a, b := on("a", block(0, 1, 1)), on("b", block(0, -1))
	o := RunOptions{Idle: 5 * time.Second}
	want(t, runScript(t, 0, o, a, quiet(4999*time.Millisecond), on("a", block(2, 1))), "a 1 conf:high fixed")
	want(t, runScript(t, 0, o, a, quiet(5*time.Second), quiet(5*time.Second), on("a", block(2, -1, -1, -1))),
		"a 1 conf:high idle", "a 2 conf:low fixed")
	want(t, runScript(t, 0, o, a, b, quiet(3*time.Second), on("b", block(1, -1)), quiet(3*time.Second), on("b", block(2, -1))),
		"a 1 conf:high idle", "b 1 conf:low fixed")
	// Blocks of another stream, without a pause, do not keep a stream from being idle.
	steps := []scriptStep{a}
	for i := range 30 {
		steps = append(steps, on("b", block(uint64(i), -1)))
	}
	es := runScript(t, 100*time.Millisecond, o, steps...)
	if got := streams(es); !strings.Contains(strings.Join(got, ","), "a 1 conf:high idle,b") {
		t.Errorf("beside a busy stream: %q", got)
	}
}

// A stream that comes back after it was forgotten counts its segments on: an id is
// given once in a session.
func TestForgottenStreamKeepsCountingSegments(t *testing.T) {
	o := RunOptions{Idle: time.Second, Forget: 2 * time.Second}
	es := runScript(t, 0, o, on("a", block(0, 1, 1, 1, 1)), quiet(time.Second), quiet(time.Second), on("a", block(70, -1, -1, -1)), on("b", block(0, 1, 1, 1)))
	want(t, es, "a 1 conf:high fixed", "a 2 conf:high idle", "a 0 gap", "a 3 conf:low fixed", "b 1 conf:high fixed")
	done := block(0, 1)
	done.Done = true
	want(t, runScript(t, 0, RunOptions{Finite: true}, on("a", done), on("a", done)), "a 1 conf:high eof", "a 2 conf:high eof")
}

// What a stream lacks that comes back after it was forgotten is told, and so is that what was
// learned of it is gone.
func TestForgottenStreamHasAGap(t *testing.T) {
	still, away := on("a", capture.Block{Fault: &capture.Fault{State: capture.Silent, Reason: "?"}}), []scriptStep{quiet(time.Second), quiet(time.Second)}
	activity := &segment.Config{Kind: segment.Activity, MaxDuration: 99}
	ended := block(2, 1)
	ended.Done = true
	for _, c := range []struct {
		name  string
		o     RunOptions
		first capture.Block
		steps []scriptStep
		lost  []uint64 // of each gap
	}{
		{"samples are missing", RunOptions{}, block(0, 1, 1), []scriptStep{on("a", block(70, 1))}, []uint64{68}},
		{"twice", RunOptions{}, block(0, 1, 1), append(append([]scriptStep{on("a", block(70, 1))}, away...), on("a", block(80, 1))), []uint64{68, 9}},
		{"it is silent in between", RunOptions{}, block(0, 1, 1), append(append([]scriptStep{still}, away...), still, on("a", block(70, 1))), []uint64{68}},
		{"they are not numbers", RunOptions{}, block(0, 1, 1), []scriptStep{on("a", block(70, float32(math.NaN()), 1))}, []uint64{68, 1}},
		{"it counts anew", RunOptions{}, block(0, 1, 1), []scriptStep{on("a", block(0, 1))}, []uint64{0}},
		{"with the policy hold", RunOptions{Options: Options{Gap: decide.GapHold}}, block(0, 1, 1), []scriptStep{on("a", block(70, 1))}, []uint64{68}},
		{"nothing is missing or known", RunOptions{}, block(0, 1, 1), []scriptStep{on("a", block(2, 1))}, nil},
		{"the level is", RunOptions{Options: Options{Segment: activity}}, block(0, 1, 1), []scriptStep{on("a", block(2, 1))}, []uint64{0}},
		{"the state is", RunOptions{Options: Options{State: decide.Carry}}, block(0, 1, 1), []scriptStep{on("a", block(2, 1))}, []uint64{0}},
		{"it had ended", RunOptions{}, ended, []scriptStep{on("a", block(70, 1))}, nil},
		{"it had never begun", RunOptions{}, capture.Block{Fault: still.block.Fault}, []scriptStep{on("a", block(70, 1))}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.o.Idle, c.o.Forget = time.Second, 2*time.Second
			var lost []uint64
			for _, e := range runScript(t, 0, c.o, append(append([]scriptStep{on("a", c.first)}, away...), c.steps...)...) {
				if e.Type != Gap {
					continue
				}
				if lost = append(lost, e.Lost); e.Policy != decide.GapReset || e.Reason != "forgotten" && e.Reason != "not a number" {
					t.Errorf("%+v", e)
				}
			}
			if !slices.Equal(lost, c.lost) {
				t.Errorf("gaps of %d samples, want %d", lost, c.lost)
			}
		})
	}
}

// A stream that has made room for another one has a gap as well.
func TestStreamThatMadeRoomHasAGap(t *testing.T) {
	o := RunOptions{Streams: 1, Idle: time.Second}
	es := runScript(t, 0, o, on("a", block(0, 1, 1, 1)), quiet(time.Second), on("b", block(0, 1, 1, 1)), quiet(time.Second), on("a", block(5, 1, 1, 1)))
	want(t, es, "a 1 conf:high fixed", "b 1 conf:high fixed", "a 0 gap", "a 2 conf:high fixed")
}

// What was forgotten is told also after a restart.
func TestForgottenStreamHasAGapAfterARestart(t *testing.T) {
	w := savedStream{m: signModel(t, decide.Config{}), o: Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit: Emit{Confirmed: true}}}
	p, err := newPlan(w.m, &w.o)
	if err != nil {
		t.Fatal(err)
	}
	s := &savedRun{identity: *p.identity(), past: newPast()}
	s.past.add("s", lastOf{segment: 4, number: 9, next: 5, forgotten: true})
	var file strings.Builder
	if err := s.write(newStateWriter(&file)); err != nil {
		t.Fatal(err)
	}
	state := filepath.Join(t.TempDir(), "state")
	testkit.WriteFile(t, filepath.Dir(state), "state", []byte(file.String()))
	es := liveRun(t, state, liveBlock(12, noon, 1, 1, 1))
	expect(t, "restarted", es, "status:up, status:up, gap, conf:high fixed")
	if g := es[2]; g.Lost != 7 || g.Sample != 12 || g.Reason != "forgotten" || g.Number != 10 || es[3].Segment != 5 {
		t.Errorf("%+v, %+v", g, es[3])
	}
}

func TestRunReportsLatencyAndSummary(t *testing.T) {
	done := block(3, -1)
	done.Done = true
	nowhere := block(9, 1, 1)
	es := runScript(t, time.Millisecond, RunOptions{Finite: true}, on("a", block(0, 1, 1, 1)), on("b", nowhere), on("a", done), on("b", block(20, 1)))
	want(t, es, "a 1 conf:high fixed", "a 2 conf:low eof", "b 1 conf:high gap", "b 0 gap", "b 2 conf:high eof")
	for _, e := range es {
		if e.Type == Confirmed && e.LatencyMS != 1 {
			t.Errorf("segment %d of %s: a latency of %v ms, want 1", e.Segment, e.Stream, e.LatencyMS)
		}
	}
	last := es[len(es)-1]
	got := map[string]float64{}
	for _, c := range last.Counts {
		got[c.Name] = c.Value
	}
	seconds := got["seconds"]
	delete(got, "seconds")
	if w := map[string]float64{"streams": 2, "segments": 4, "confirmed": 4, "rejected": 0, "dropped": 0, "overturned": 0, "early": 0, "gaps": 1, "lost": 9}; !reflect.DeepEqual(got, w) || seconds <= 0 || last.Type != Summary {
		t.Errorf("summary %v, want %v, after %v s", got, w, seconds)
	}
}

// A fault without a stream is a status of the source; a format that the model
// cannot take is a status of a live stream and an error of a file.
func TestFaultsBecomeStatusEvents(t *testing.T) {
	two := capture.Block{Format: capture.Format{Channels: 2}, Samples: []float32{1, 1}}
	es := runScript(t, 0, RunOptions{}, scriptStep{block: capture.Block{Fault: &capture.Fault{State: "down", Reason: "unplugged"}}}, on("a", two), on("b", block(0, 1, 1, 1)))
	expect(t, "a live source", es, "status:up, status:down, status:down, conf:high fixed")
	two.Stream = "x.wav"
	err := Run(context.Background(), capture.NewMemory(two), signModel(t, decide.Config{}), &RunOptions{Finite: true}, &kept{})
	if err == nil || !strings.Contains(err.Error(), "x.wav") {
		t.Errorf("a file of two channels: %v", err)
	}
}
