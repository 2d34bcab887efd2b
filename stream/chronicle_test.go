package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
)

// chronicle is a Memory whose blocks came at the times that they have. It rests, as a source
// that waits, before some blocks.
type chronicle struct {
	*capture.Memory
	reached time.Time
	rest    func() bool
	rested  bool
	n       int // of the Read that ends the context; 0: none
	cancel  func()
}

func (c *chronicle) Reached() time.Time { return c.reached }

func (c *chronicle) Read(ctx context.Context, b *capture.Block) error {
	if c.n--; c.n == 0 {
		c.cancel()
		return ctx.Err()
	}
	if c.rest() && !c.rested {
		c.rested = true
		return context.DeadlineExceeded
	}
	c.rested = false
	if err := c.Memory.Read(ctx, b); err != nil {
		return err
	}
	c.reached = b.Time
	b.Arrived = time.Time{}
	return nil
}

func (c *chronicle) Seek(ctx context.Context, position []byte) error {
	if err := c.Memory.Seek(ctx, position[8:]); err != nil {
		return err
	}
	c.reached = time.UnixMilli(int64(position[0])<<24 | int64(position[1])<<16 | int64(position[2])<<8 | int64(position[3]))
	return nil
}

func (c *chronicle) AppendPosition(dst []byte) []byte {
	ms := c.reached.UnixMilli()
	return c.Memory.AppendPosition(append(dst, byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms), 0, 0, 0, 0))
}

// Segments end, and streams are dropped, by the clock of a source that has one, at whatever
// speed it is read, however often it is interrupted.
func TestStreamsAreIdleByTheClockOfTheSource(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var blocks []capture.Block
	offsets := map[string]uint64{}
	now := time.UnixMilli(1000)
	for range 300 {
		now = now.Add(time.Duration(rng.IntN(1500)) * time.Millisecond)
		b := block(0, float32(rng.IntN(2)*2-1), 1)
		b.Stream, b.Time = fmt.Sprint(rng.IntN(5)), now
		if rng.IntN(20) == 0 {
			now = now.Add(time.Duration(rng.IntN(90)) * time.Second)
		}
		b.Offset = offsets[b.Stream]
		offsets[b.Stream] += 2
		blocks = append(blocks, b)
	}
	m := signModel(t, decide.Config{})
	run := func(state string, rest func() bool, n int) []Event {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var k kept
		o := RunOptions{Session: "s", State: state, Streams: 4, Options: Options{Emit: Emit{Confirmed: true}, Segment: &segment.Config{Kind: segment.Fixed, Steps: 50, MaxDuration: 99}}}
		src := &chronicle{Memory: capture.NewMemory(blocks...), rest: rest, n: n, cancel: cancel}
		if err := Run(ctx, src, m, &o, &k); err != nil {
			t.Fatal(err)
		}
		return k.events
	}
	sorted := func(events []Event) []string {
		lines := said(events)
		slices.Sort(lines)
		return lines
	}
	never := func() bool { return false }
	want := sorted(run("", never, 0))
	if len(want) < 60 {
		t.Fatalf("%d events", len(want))
	}
	idle := 0
	for _, e := range run("", never, 0) {
		if e.EndedBy == segment.ByIdle {
			idle++
		}
	}
	if idle < 40 {
		t.Errorf("%d segments ended as their stream was idle", idle)
	}
	some := func() bool { return rng.IntN(3) == 0 }
	if got := sorted(run("", some, 0)); !slices.Equal(got, want) {
		t.Error("with rests the events differ")
	}
	state := filepath.Join(t.TempDir(), "state")
	var got []Event
	for _, n := range []int{1, 20, 2, 70, 50, 90, 0} {
		got = append(got, run(state, some, n)...)
	}
	lines := sorted(got)
	if !slices.Equal(lines, want) {
		for i := range min(len(lines), len(want)) {
			if lines[i] != want[i] {
				t.Fatalf("line %d after interruptions:\n got %s\nwant %s", i, lines[i], want[i])
			}
		}
		t.Fatalf("%d lines, want %d", len(lines), len(want))
	}
}
