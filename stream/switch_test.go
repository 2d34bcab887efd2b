package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/segment"
)

// soundsAndSilence is a signal of sounds with silence between.
func soundsAndSilence(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		if i/150%2 == 1 {
			x[i] = float32(math.Sin(float64(i) * 0.7))
		} else {
			x[i] = float32(math.Sin(float64(i))) * 1e-4
		}
	}
	return x
}

// switching is a source of one signal in several streams that calls do before a block.
type switching struct {
	x       []float32
	streams int
	size    int
	at, n   int // block to call do before, blocks read
	do      func()
	offset  []int
}

func (s *switching) Read(_ context.Context, b *capture.Block) error {
	if s.offset == nil {
		s.offset = make([]int, s.streams)
	}
	if s.n == s.at {
		s.do()
	}
	i := s.n % s.streams
	s.n++
	from := s.offset[i]
	if from == len(s.x) {
		return io.EOF
	}
	to := min(from+s.size, len(s.x))
	s.offset[i] = to
	*b = capture.Block{Stream: fmt.Sprint("s", i), Format: capture.Format{Rate: 1000, Channels: 1}, Offset: uint64(from), Samples: s.x[from:to]}
	return nil
}

func (s *switching) Close() error { return nil }

// spans returns the segments of a stream, "start-end label", by their ids.
func spans(t *testing.T, events []Event, stream string) (all []string) {
	t.Helper()
	var last uint64
	for _, e := range events {
		if e.Stream != stream || e.Type != Confirmed && e.Type != Dropped {
			continue
		}
		if e.Segment != last+1 {
			t.Errorf("%s: segment %d follows %d", stream, e.Segment, last)
		}
		last = e.Segment
		all = append(all, fmt.Sprint(e.Start, "-", e.End, " ", e.Label, " ", e.P))
	}
	return all
}

// A run that switches at any block gives the segments of the first model up to some
// segment, and from there on those of the second: none is missing, none is there twice.
func TestSwitch(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	c := testmodel.Labels(1000, 1, "a", "b", "c")
	first, second := testmodel.New(t, c, rng), testmodel.New(t, c, rng)
	x := soundsAndSilence(2400)
	for _, s := range []*segment.Config{{Kind: segment.Fixed, Steps: 7}, {Kind: segment.Activity, MinDuration: 0.01, Hold: 0.05}} {
		o := Options{Segment: s, Threshold: -1}
		run := func(m *model.Model, at, size int) []Event {
			sw, out := &Switch{}, &kept{}
			src := &switching{x: x, streams: 2, size: size, at: at, do: func() {
				if err := sw.To(second, &o); err != nil {
					t.Error(err)
				}
			}}
			err := Run(t.Context(), src, m, &RunOptions{Options: o, Finite: true, Switch: sw, now: time.Now}, out)
			if err != nil {
				t.Fatal(err)
			}
			return out.events
		}
		before, after := spans(t, run(first, -1, 300), "s0"), spans(t, run(second, -1, 300), "s0")
		if len(before) < 5 || len(before) != len(after) || before[2] == after[2] {
			t.Fatalf("%s: %d and %d segments, the third %s and %s", s.Kind, len(before), len(after), before[2], after[2])
		}
		mixed := 0
		for range 8 {
			size := 20 + rng.IntN(300)
			events := run(first, rng.IntN(2*(len(x)/size+1)), size)
			for i := range 2 {
				got, turned := spans(t, events, fmt.Sprint("s", i)), false
				if len(got) != len(before) {
					t.Fatalf("%s: %d segments, want %d", s.Kind, len(got), len(before))
				}
				for k := range got {
					if turned = turned || got[k] != before[k]; turned && got[k] != after[k] {
						t.Errorf("%s, blocks of %d: segment %d is %s, want %s or %s", s.Kind, size, k+1, got[k], before[k], after[k])
					}
				}
				if turned && got[0] == before[0] {
					mixed++
				}
			}
		}
		if mixed < 5 {
			t.Errorf("%s: %d streams switched within", s.Kind, mixed)
		}
	}
}

// With another segmenter every sample is of a segment of one or the other.
func TestSwitchOfSegments(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	c := testmodel.Labels(1000, 1, "a", "b", "c")
	first, second := testmodel.New(t, c, rng), testmodel.New(t, c, rng)
	x := soundsAndSilence(2400)
	for range 8 {
		sw, out := &Switch{}, &kept{}
		size := 20 + rng.IntN(300)
		src := &switching{x: x, streams: 2, size: size, at: rng.IntN(2 * len(x) / size), do: func() {
			if err := sw.To(second, &Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 5}}); err != nil {
				t.Error(err)
			}
		}}
		if err := Run(t.Context(), src, first, &RunOptions{Options: Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 9}}, Finite: true, Switch: sw, now: time.Now}, out); err != nil {
			t.Fatal(err)
		}
		for _, stream := range []string{"s0", "s1"} {
			var end uint64
			for _, e := range out.events {
				if e.Stream != stream || e.Type != Confirmed && e.Type != Dropped {
					continue
				}
				if e.Start != end {
					t.Errorf("blocks of %d: a segment begins at %d, the one before ended at %d", size, e.Start, end)
				}
				end = e.End
			}
			if end != uint64(len(x)) {
				t.Errorf("the last segment ends at %d of %d", end, len(x))
			}
			spans(t, out.events, stream)
		}
	}
}

func TestSwitchRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	labels := testmodel.New(t, testmodel.Labels(1000, 1, "a", "b"), rng)
	next := testmodel.New(t, testmodel.Next(1000, 1, 10, nil), rng)
	sw := &Switch{}
	src := &switching{x: soundsAndSilence(100), streams: 1, size: 100, do: func() {
		if err := sw.To(next, nil); err == nil {
			t.Error("a model of labels became one of what comes next")
		}
		if err := sw.To(labels, &Options{Ahead: 3}); err == nil {
			t.Error("options that do not fit are taken")
		}
	}}
	if err := Run(t.Context(), src, labels, &RunOptions{Finite: true, Switch: sw, now: time.Now}); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}

// doing is an interrupted source that calls do before a Read.
type doing struct {
	interrupted
	at int
	do func()
}

func (d *doing) Read(ctx context.Context, b *capture.Block) error {
	if d.at--; d.at == 0 {
		d.do()
	}
	return d.interrupted.Read(ctx, b)
}

// Streams that go on from a saved state switch as others do, and what is saved after that is
// the second model's, with which the next run goes on.
func TestSwitchAfterARestart(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	c := testmodel.Labels(1000, 1, "a", "b", "c")
	first, second := testmodel.New(t, c, rng), testmodel.New(t, c, rng)
	x := soundsAndSilence(2400)
	o := Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 7}, Threshold: -1}
	var blocks []capture.Block
	for at := 0; at < len(x); at += 60 {
		for _, name := range []string{"s0", "s1"} {
			blocks = append(blocks, capture.Block{Stream: name, Format: capture.Format{Rate: 1000, Channels: 1}, Offset: uint64(at), Samples: x[at : at+60]})
		}
	}
	run := func(m *model.Model, state string, n, at int) []Event {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		sw, out := &Switch{}, &kept{}
		src := &doing{interrupted{capture.NewMemory(blocks...), n, cancel}, at, func() {
			if err := sw.To(second, &o); err != nil {
				t.Error(err)
			}
		}}
		if err := Run(ctx, src, m, &RunOptions{Options: o, Finite: true, Switch: sw, State: state, Save: time.Nanosecond, now: time.Now}, out); err != nil {
			t.Fatal(err)
		}
		return out.events
	}
	before, after := spans(t, run(first, "", 0, 0), "s0"), spans(t, run(second, "", 0, 0), "s0")
	state := filepath.Join(t.TempDir(), "state")
	events := run(first, state, 20, 0)
	events = append(events, run(first, state, 30, 9)...)
	events = append(events, run(second, state, 0, 0)...)
	for _, e := range events {
		if e.Type == Status && e.State == capture.Doubtful {
			t.Error(e.Reason)
		}
	}
	for i := range 2 {
		got, turned := spans(t, events, fmt.Sprint("s", i)), false
		if len(got) != len(before) {
			t.Fatalf("%d segments, want %d", len(got), len(before))
		}
		for k := range got {
			if turned = turned || got[k] != before[k]; turned && got[k] != after[k] {
				t.Errorf("segment %d is %s, want %s or %s", k+1, got[k], before[k], after[k])
			}
		}
		if !turned || got[0] != before[0] {
			t.Error("the stream did not switch within")
		}
	}
}
