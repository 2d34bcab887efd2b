package stream

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"inkling/capture"
	"inkling/internal/testkit"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// played is a live source by the clock of the bubble: each step is a block, or time
// in which nothing comes; it waits at its end.
type played struct{ steps []scriptStep }

func (s *played) Read(ctx context.Context, b *capture.Block) error {
	for {
		wait := time.Hour
		if len(s.steps) > 0 {
			if wait = s.steps[0].quiet; wait == 0 {
				*b, s.steps = s.steps[0].block, s.steps[1:]
				return nil
			}
		}
		began := time.Now()
		select {
		case <-time.After(wait):
			s.steps = s.steps[1:]
		case <-ctx.Done():
			if len(s.steps) > 0 {
				s.steps[0].quiet -= time.Since(began)
			}
			return ctx.Err()
		}
	}
}

func (s *played) Close() error { return nil }

// Streams that are idle, forgotten and back, and interrupted, with several workers
// and nobody's clock: each ends as it does with one.
func TestIdleForgottenAndInterruptedWithWorkers(t *testing.T) {
	const streamsEach = 40
	var steps []scriptStep
	each := func(x ...float32) {
		for i := range streamsEach {
			steps = append(steps, on(fmt.Sprint("s", i), block(0, x...)))
		}
	}
	each(1, 1)                                   // idle after 5 s
	steps = append(steps, quiet(90*time.Second)) // forgotten
	each(-1, -1, -1, 1, 1)                       // fixed; the rest is interrupted
	steps = append(steps, quiet(2*time.Second))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 94*time.Second)
		defer cancel()
		var k kept
		o := &RunOptions{Workers: 3, Live: true, most: 7}
		o.Emit.Confirmed, o.Segment = true, &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}
		if err := Run(ctx, &played{steps}, signModel(t, decide.Config{}), o, &k); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, e := range k.events {
			if e.Type == Confirmed {
				got[e.Stream] += fmt.Sprintf("%d %s %s, ", e.Segment, e.Label, e.EndedBy)
			}
		}
		for i := range streamsEach {
			if g, w := got[fmt.Sprint("s", i)], "1 high idle, 2 low fixed, 3 high interrupt, "; g != w {
				t.Errorf("s%d: %s, want %s", i, g, w)
			}
		}
	})
}

// quietAfter is a finite source that waits for ever when its blocks are through.
type quietAfter struct {
	blocks []capture.Block
	reads  atomic.Int64
}

func (s *quietAfter) Read(ctx context.Context, b *capture.Block) error {
	i := int(s.reads.Add(1)) - 1
	if i >= len(s.blocks) {
		<-ctx.Done()
		return ctx.Err()
	}
	*b = s.blocks[i]
	return nil
}

func (s *quietAfter) Close() error { return nil }

// A format that the model cannot take ends Run over a finite source at once, though
// the source is waiting; what was open is confirmed.
func TestRefusedBlockEndsReading(t *testing.T) {
	bad := capture.Block{Stream: "x.wav", Format: capture.Format{Channels: 2}, Samples: []float32{1, 1}}
	good := block(0, 1, 1)
	good.Stream = "y.wav"
	var k kept
	worked := 0
	o := &RunOptions{Finite: true, Progress: func(*capture.Block) { worked++ }}
	o.Emit.Confirmed = true
	err := Run(context.Background(), &quietAfter{blocks: []capture.Block{good, bad}}, signModel(t, decide.Config{}), o, &k)
	if err == nil || !strings.Contains(err.Error(), "x.wav") || errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	expect(t, "what was open", k.events, "status:up, conf:high eof")
	if worked != 1 {
		t.Errorf("%d blocks were worked off, want that before the refused one", worked)
	}
}

// What was read before a refused block is fed, what was read after it is not, in
// whatever order workers come to them; of several refused blocks the first is told.
func TestFirstRefusedBlockIsReported(t *testing.T) {
	m := signModel(t, decide.Config{})
	r := &runner{stop: func() {}}
	r.o.Finite = true
	r.sched = newSched(&RunOptions{Workers: 1})
	r.sched.refuse = r.refuse
	w := newWorker(r.sched.Pool)
	for i, format := range []int{1, 2, 1, 2, 1} {
		b := block(0, 1, 1)
		b.Stream, b.Format.Channels = fmt.Sprint(i), format
		r.sched.put(laneOf(t, m), &b, "", time.Now(), 5, true)
	}
	r.sched.turn(w)
	for _, i := range []int{3, 2, 1, 4, 0} {
		w.feed(w.lanes[i])
	}
	for i, want := range []bool{true, false, true, false, false} {
		if got := w.lanes[i].cur.feed; got != want {
			t.Errorf("block %d was fed: %v, want %v", i, got, want)
		}
	}
	if r.failure == nil || !strings.HasPrefix(r.failure.Error(), "1:") {
		t.Errorf("Run returns %v", r.failure)
	}
}

// A finite source is read no further than the queues have room while a sink is stuck;
// once the sink goes on, every event arrives.
func TestStuckSinkHoldsUpFiniteSource(t *testing.T) {
	const n = 20000
	src := &quietAfter{}
	for i := range n {
		b := block(uint64(i/50), 1)
		b.Stream = fmt.Sprint(i % 50)
		src.blocks = append(src.blocks, b)
	}
	s := &stuck{let: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	o := &RunOptions{Finite: true}
	go func() { done <- Run(ctx, src, signModel(t, decide.Config{}), o, s) }()
	before := int64(-1)
	for reads := int64(0); reads == 0 || reads != before; reads = src.reads.Load() {
		before = reads
		time.Sleep(50 * time.Millisecond)
	}
	// the sink's queue, what it was given, and all batches of all workers on top
	if most := int64(2*queueLength + maxItems + fullBatch*runtime.GOMAXPROCS(0)); before > most {
		t.Errorf("%d blocks were read while a sink was stuck, at most %d", before, most)
	}
	close(s.let)
	for src.reads.Load() <= n {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	running := 0
	for _, e := range s.events {
		if e.Type == Running {
			running++
		}
	}
	if running != n {
		t.Errorf("%d running events of %d steps", running, n)
	}
}

// counted counts the allocations of the program between two of its blocks.
type counted struct {
	many
	from, to      int
	before, after runtime.MemStats
}

func (s *counted) Read(ctx context.Context, b *capture.Block) error {
	switch s.n {
	case s.from:
		runtime.ReadMemStats(&s.before)
	case s.to:
		runtime.ReadMemStats(&s.after)
	}
	return s.many.Read(ctx, b)
}

// nothing is a sink that takes everything and keeps nothing.
type nothing struct{}

func (nothing) Write(context.Context, *Event) error { return nil }
func (nothing) Flush(context.Context) error         { return nil }
func (nothing) Close() error                        { return nil }

// Neither blocks nor steps nor events allocate once buffers have grown. How far they
// grow before depends on how the workers take turns, and on what else the machine does: of
// many runs one is enough.
func TestRunAllocatesNothing(t *testing.T) {
	testkit.SkipPools(t)
	m := randomModel(t, 1, feature.Config{Kind: feature.KindLogMel}, 16000, 1, 1, model.RunningSoftmax, true)
	x := bursts(rand.New(rand.NewPCG(1, 1)), 320, 1, 16000)
	const streams, rounds = 20, 200
	for _, sinks := range [][]Sink{nil, {nothing{}}} {
		n, bytes, blocks := uint64(math.MaxUint64), uint64(math.MaxUint64), uint64(0)
		within := func() bool { // of the runtime's own there are always some
			return n <= blocks/10 && (sinks != nil || bytes <= 32*blocks) // a block that allocated would take 100 and more
		}
		for range 40 {
			src := &counted{from: streams * 100, to: streams*rounds - 1}
			src.many = *newMany(streams, rounds, 0, capture.Block{Format: capture.Format{Rate: 16000, Channels: 1}, Samples: x})
			o := &RunOptions{Finite: sinks == nil, Workers: 2}
			o.Segment = &segment.Config{Kind: segment.Fixed, Steps: 50}
			if err := Run(context.Background(), src, m, o, sinks...); err != nil {
				t.Fatal(err)
			}
			blocks = uint64(src.to - src.from)
			n, bytes = min(n, src.after.Mallocs-src.before.Mallocs), min(bytes, src.after.TotalAlloc-src.before.TotalAlloc)
			if within() {
				break
			}
		}
		if !within() {
			t.Errorf("%d sinks: %d allocations and %d bytes in %d blocks", len(sinks), n, bytes, blocks)
		}
	}
}
