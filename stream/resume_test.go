package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/lockfile"
	"inkling/internal/testkit"
	"inkling/model/decide"
	"inkling/model/segment"
)

// interrupted is a source that ends a context at its n-th Read.
type interrupted struct {
	*capture.Memory
	n      int
	cancel func()
}

func (s *interrupted) Read(ctx context.Context, b *capture.Block) error {
	if s.n--; s.n == 0 {
		s.cancel()
	}
	return s.Memory.Read(ctx, b)
}

// live hides that a source can be read again.
type liveSource struct{ capture.Source }

// runPart runs src until its n-th Read; 0: to its end.
func runPart(t *testing.T, w *savedStream, src *capture.Memory, n int, o RunOptions) []Event {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var k kept
	o.Options = w.o
	if err := Run(ctx, &interrupted{src, n, cancel}, w.m, &o, &k); err != nil {
		t.Fatal(err)
	}
	return k.events
}

// said returns what events say, but for status, without what depends on the run.
func said(events []Event) (lines []string) {
	for _, e := range events {
		if e.Type == Status {
			continue
		}
		if e.Type == Summary {
			e.Counts, e.Time, e.Number = e.Counts[:len(e.Counts)-1], time.Time{}, 0
		}
		e.Session, e.LatencyMS = "", 0
		lines = append(lines, fmt.Sprint(e.Number, " ", string(AppendJSON(nil, &e))))
	}
	return lines
}

// Runs that are interrupted and go on give together what one gives that is not.
func TestInterruptedRunsGoOn(t *testing.T) {
	for name, w := range savedStreams(t) {
		t.Run(name, func(t *testing.T) {
			var blocks []capture.Block
			for i, b := range w.blocks {
				for _, stream := range []string{"a", "b"} {
					b.Stream, b.Done = stream, i == len(w.blocks)-1
					blocks = append(blocks, b)
				}
			}
			o := RunOptions{Finite: true}
			want := said(runPart(t, &w, capture.NewMemory(blocks...), 0, o))
			o.State = filepath.Join(t.TempDir(), "state")
			var got []Event
			for _, n := range []int{11, 1, 30, 20, 0} {
				got = append(got, runPart(t, &w, capture.NewMemory(blocks...), n, o)...)
			}
			slices.Sort(want) // of two streams
			lines := said(got)
			slices.Sort(lines)
			if !slices.Equal(lines, want) {
				for i := range min(len(lines), len(want)) {
					if lines[i] != want[i] {
						t.Fatalf("line %d:\n got %s\nwant %s", i, lines[i], want[i])
					}
				}
				t.Fatalf("%d lines, want %d", len(lines), len(want))
			}
			if again := said(runPart(t, &w, capture.NewMemory(blocks...), 0, o)); len(again) > 0 {
				t.Errorf("a source at its end gives %v", again)
			}
			for _, e := range got {
				if e.Session != got[0].Session {
					t.Fatal("the session has changed")
				}
			}
		})
	}
}

// liveRun runs blocks of a live source of two labels, and returns what was said.
func liveRun(t *testing.T, state string, blocks ...capture.Block) []Event {
	t.Helper()
	w := savedStream{m: signModel(t, decide.Config{}), o: Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit: Emit{Confirmed: true}}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	src := &interrupted{capture.NewMemory(blocks...), len(blocks) + 1, cancel}
	var k kept
	if err := Run(ctx, liveSource{src}, w.m, &RunOptions{Options: w.o, State: state, Live: true}, &k); err != nil {
		t.Fatal(err)
	}
	return k.events
}

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// liveBlock is a block of 100 samples a second.
func liveBlock(offset uint64, at time.Time, x ...float32) capture.Block {
	b := block(offset, x...)
	b.Stream, b.Time, b.Format.Rate = "s", at, 100
	return b
}

// A live source that counts from 0 again, and one that counts on, have a gap of exactly the
// time in between. If that cannot be known the stream begins anew.
func TestLiveRunGoesOnAfterAGap(t *testing.T) {
	for _, c := range []struct {
		name   string
		offset uint64
		later  time.Duration // since the last sample
		lost   uint64
		sample uint64 // where the gap ends
	}{
		{"it counts anew", 0, 7 * time.Second, 700, 705},
		{"it counts on", 12, 70 * time.Second, 7, 12},
		{"for a moment", 0, 12 * time.Millisecond, 1, 6},
		{"the clock was set back", 0, -time.Hour, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := filepath.Join(t.TempDir(), "state")
			first := liveRun(t, state, liveBlock(0, noon, 1, 1, 1, -1, -1)) // a segment, and two steps of the next one
			second := liveRun(t, state, liveBlock(c.offset, noon.Add(50*time.Millisecond+c.later), 1, 1, 1), liveBlock(c.offset+3, noon, -1, -1, -1))
			expect(t, "first", first, "status:up, conf:high fixed")
			expect(t, "second", second, "status:up, status:up, conf:low gap, gap, conf:high fixed, conf:low fixed")
			for _, e := range second {
				if e.Session != first[0].Session {
					t.Fatalf("another session: %+v", e)
				}
			}
			if g := second[3]; g.Lost != c.lost || g.Reason != "away" || g.Sample != c.sample {
				t.Errorf("%+v", g)
			}
			if second[2].Segment != 2 || second[5].Segment != 4 || second[5].Start != c.sample+3 {
				t.Errorf("%+v", second[5])
			}
		})
	}
}

// A live run that did not end by itself has segments that the state does not know of: the
// next one has another session, so that no id is given twice.
func TestCrashedLiveRunHasAnotherSession(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	one := liveBlock(0, noon, 1, 1, 1, -1, -1)
	first := liveRun(t, state, one)
	for i := range 2 {
		data := testkit.ReadFile(t, state)
		s, err := parseState(data)
		if err != nil {
			t.Fatal(err)
		}
		s.ended = false
		writeState(t, state, s)
		second := liveRun(t, state, liveBlock(0, noon.Add(time.Duration(i+1)*time.Minute), 1))
		if got, want := second[0].Session, fmt.Sprint(first[0].Session, ".", i+2); got != want {
			t.Errorf("session %s, want %s", got, want)
		}
		expect(t, "what follows", second[:2], "status:up, status:up")
		if !strings.Contains(second[1].Reason, "did not end by itself") {
			t.Errorf("%+v", second[1])
		}
	}
}

// writeState writes a state file as a keeper does.
func writeState(t *testing.T, path string, s *savedRun) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := s.write(newStateWriter(f)); err != nil {
		t.Fatal(err)
	}
}

// Whatever a state file has become, the run begins anew, says why, and keeps the file.
func TestStateThatCannotBeUsedIsKeptBeside(t *testing.T) {
	dir := t.TempDir()
	state := filepath.Join(dir, "state")
	one := liveBlock(0, noon, 1, 1, 1, -1, -1)
	liveRun(t, state, one)
	good := testkit.ReadFile(t, state)
	flipped := slices.Clone(good)
	flipped[len(flipped)/2] ^= 1
	older := []byte(strings.Replace(string(good), stateMagic, "inkling state 1\n", 1))
	s, err := parseState(good)
	if err != nil {
		t.Fatal(err)
	}
	changed := func(change func(*savedRun)) []byte {
		s, _ := parseState(good)
		change(s)
		writeState(t, state, s)
		return testkit.ReadFile(t, state)
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"cut off", good[:len(good)-1], "it is cut off or damaged"},
		{"cut off early", good[:len(stateMagic)], "it is cut off or damaged"},
		{"a flipped bit", flipped, "it is cut off or damaged"},
		{"empty", nil, "it is no state file"},
		{"something else", []byte("{}"), "it is no state file"},
		{"another version", older, fmt.Sprintf("it is written as \"inkling state 1\", this program reads %q", strings.TrimSpace(stateMagic))},
		{"another model", changed(func(s *savedRun) { s.identity.model = "0123" }),
			"the saved state is of the model 0123, this stream has " + s.identity.model + ": restore it with its own model, or begin anew"},
		{"another source", changed(func(s *savedRun) { s.again = true }), "the saved state is of a source of another kind"},
		{"a damaged stream", changed(func(s *savedRun) { s.streams[0].state = s.streams[0].state[1:] }), "the saved state is cut off or damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			testkit.WriteFile(t, dir, "state", c.data)
			os.Remove(state + ".old")
			events := liveRun(t, state, one)
			want := state + ": " + c.want + ": begun anew, and the old file kept as " + state + ".old"
			if e := events[1]; e.State != capture.Doubtful || e.Reason != want {
				t.Errorf("told %q\n want %q", e.Reason, want)
			}
			if string(testkit.ReadFile(t, state+".old")) != string(c.data) {
				t.Error("the old file was changed")
			}
			expect(t, "labels", events[2:], "conf:high fixed")
			if _, err := parseState(testkit.ReadFile(t, state)); err != nil {
				t.Errorf("the new file: %v", err)
			}
		})
	}
	liveRun(t, state, one)
	testkit.WriteFile(t, dir, "state", nil)
	events := liveRun(t, state, one)
	if !strings.HasSuffix(events[1].Reason, "kept as "+state+".old-2") {
		t.Errorf("a second one: %q", events[1].Reason)
	}
}

// Two runs do not write one state file.
func TestStateIsLocked(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	release, err := lockfile.Take(state)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	var inUse *lockfile.InUseError
	if err := Run(t.Context(), capture.NewMemory(), signModel(t, decide.Config{}), &RunOptions{State: state}); !errors.As(err, &inUse) {
		t.Error(err)
	}
}

// What stands in a state file is refused or taken, but brings nothing down.
func FuzzStateFile(f *testing.F) {
	ways := damagedWays(f)
	for i, w := range ways {
		p, err := newPlan(w.m, w.o)
		if err != nil {
			f.Fatal(err)
		}
		for _, state := range realStates(f, w)[:3] {
			s := &savedRun{identity: *p.identity(), session: "s", past: newPast(), position: []byte{3}, outputs: [][]byte{{1}}, streams: []savedOf{{name: "a", state: state}}}
			s.past.add("b", lastOf{1, 2, 3, true})
			var b strings.Builder
			if err := s.write(newStateWriter(&b)); err != nil {
				f.Fatal(err)
			}
			f.Add(byte(i), []byte(b.String()[len(stateMagic):b.Len()-32]))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		w := ways[int(which)%len(ways)]
		s, err := parseFields(data)
		if err != nil {
			return
		}
		p, err := newPlan(w.m, w.o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.streams {
			if c, err := p.restoreStream("s", &s.streams[i]); err == nil {
				feedSome(c, c.input.format.Rate, c.input.next)
				c.End(nil, segment.ByEOF)
			}
		}
		capture.NewMemory(block(0, 1)).Seek(t.Context(), s.position)
	})
}
