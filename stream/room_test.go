package stream

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
)

// statuses returns the reasons of the status events but the first.
func statuses(es []Event) (out []string) {
	for _, e := range es {
		if e.Type == Status && e.Reason != "started" {
			out = append(out, e.Reason)
		}
	}
	return out
}

// Another stream than there is room for is turned away, and told; once a stream is idle
// the one that has been so for longest makes room.
func TestStreamsAreBounded(t *testing.T) {
	o := RunOptions{Streams: 2, Idle: 5 * time.Second}
	c := on("c", block(0, 1, 1, 1))
	es := runScript(t, 0, o, on("a", block(0, 1)), on("b", block(0, -1)), c, c, quiet(4*time.Second), on("a", block(1, 1)), quiet(4*time.Second), c, on("d", block(0, 1)))
	want(t, es, "b 1 conf:low idle", "c 1 conf:high fixed", "a 1 conf:high eof")
	reason := "there are 2 streams, and the most that RunOptions.Streams allows is 2: %q is not labelled until one of them is idle (%d blocks of such streams so far)"
	if got, w := statuses(es), []string{fmt.Sprintf(reason, "c", 1), fmt.Sprintf(reason, "d", 3)}; !slices.Equal(got, w) {
		t.Errorf("got  %q\nwant %q", got, w)
	}
}

// However many names come, there are no more streams than the bound, and those that were
// there first go on.
func TestManyNames(t *testing.T) {
	var steps []scriptStep
	for i := range 1000 {
		steps = append(steps, on(fmt.Sprint("x", i), block(0, 1, 1)), on("good", block(uint64(i), 1)))
	}
	es := runScript(t, time.Millisecond, RunOptions{Streams: 10}, append([]scriptStep{on("good", block(0))}, steps...)...)
	confirmed := 0
	for _, e := range es {
		if e.Type == Confirmed && e.Stream == "good" {
			confirmed++
		}
		if e.Type == Gap {
			t.Errorf("a gap of %s", e.Stream)
		}
	}
	if confirmed != 334 { // 333 of three steps, and the rest
		t.Errorf("%d segments of the good stream were confirmed, want 334", confirmed)
	}
}

// When the heap is full no stream begins unless an idle one makes room.
func TestNoStreamBeginsInAFullHeap(t *testing.T) {
	o := RunOptions{Idle: 5 * time.Second, Memory: 5e6, heavy: func() bool { return true }}
	es := runScript(t, 0, o, on("a", block(0, 1, 1, 1)), on("b", block(0, 1, 1, 1)), quiet(6*time.Second), on("c", block(0, 1, 1, 1)))
	want(t, es, "a 1 conf:high fixed", "c 1 conf:high fixed")
	if got := statuses(es); len(got) != 1 || !strings.HasPrefix(got[0], `there are 1 streams, and they take the 5 MB of RunOptions.Memory: "b" is not labelled`) {
		t.Errorf("%q", got)
	}
}

// The heap is full when it holds more than the bound of what is in use, not of garbage.
func TestHeapGauge(t *testing.T) {
	const most = 64 << 20
	full := heapGauge(most)
	if full() || heapGauge(0)() {
		t.Error("an empty heap is full")
	}
	for range 200 {
		garbage = make([]byte, 1<<20)
	}
	if full() {
		t.Error("a heap of garbage is full")
	}
	garbage = make([]byte, 2*most)
	if !full() {
		t.Error("a full heap is not full")
	}
	garbage = nil
}

var garbage []byte

// holder notes which streams are held.
type holder struct{ held []string }

func (h *holder) Hold(stream string) { h.held = append(h.held, stream) }
func (h *holder) Release(stream string) {
	h.held = slices.DeleteFunc(h.held, func(s string) bool { return s == stream })
}

// A stream with enough waiting is held, so that it cannot fill the room of all, and
// released when that is done.
func TestAStreamDoesNotFillTheRoom(t *testing.T) {
	m, h := signModel(t, decide.Config{}), &holder{}
	s := newSched(&RunOptions{Workers: 1})
	s.deliver, s.holder = func([]Event, []*item) {}, h
	c, err := NewClassifier(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &lane{c: c}
	put := func(n int) {
		b := block(0, make([]float32, n)...)
		b.Stream = "a"
		s.put(l, &b, "", time.Now(), 1, true)
	}
	for range laneItems {
		put(1)
	}
	if len(h.held) != 0 {
		t.Errorf("%v are held too early", h.held)
	}
	put(1)
	if !slices.Equal(h.held, []string{"a"}) {
		t.Errorf("%v are held, want a", h.held)
	}
	s.start()
	s.settle(l)
	if len(h.held) != 0 || l.waiting != 0 || l.samples != 0 {
		t.Errorf("%v are held, %d blocks and %d samples wait", h.held, l.waiting, l.samples)
	}
	put(1)
	put(laneSamples) // one block that is large enough by itself
	put(1)
	s.settle(l)
	if len(h.held) != 0 || l.waiting != 0 || l.samples != 0 {
		t.Errorf("%v are held, %d blocks and %d samples wait", h.held, l.waiting, l.samples)
	}
	s.close()
}

// A flood is a source of two streams, each of many blocks, that leaves out those held.
type flood struct {
	mu     sync.Mutex
	next   map[string]uint64
	held   map[string]bool
	wake   chan struct{}
	blocks uint64 // of each stream
	peak   int
}

func (f *flood) Hold(stream string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held[stream] = true
	f.peak = max(f.peak, len(f.held))
}

func (f *flood) Release(stream string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.held, stream)
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *flood) take() (b capture.Block, ok, done bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	done = true
	for _, stream := range []string{"a", "b"} {
		if f.next[stream] == f.blocks {
			continue
		}
		if done = false; f.held[stream] {
			continue
		}
		b = block(3*f.next[stream], 1, 1, 1)
		b.Stream = stream
		f.next[stream]++
		return b, true, false
	}
	return b, false, done
}

func (f *flood) Read(ctx context.Context, b *capture.Block) error {
	for {
		got, ok, done := f.take()
		if done {
			return io.EOF
		}
		if ok {
			*b = got
			return nil
		}
		select {
		case <-f.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *flood) Close() error { return nil }

// Every stream that was held is released again, so that Run labels all of it.
func TestHeldStreamsAreReleased(t *testing.T) {
	src := &flood{next: map[string]uint64{}, held: map[string]bool{}, wake: make(chan struct{}, 1), blocks: 2000}
	o := RunOptions{Options: Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit: Emit{Confirmed: true}}, Idle: time.Hour}
	var k kept
	if err := Run(t.Context(), src, signModel(t, decide.Config{}), &o, &k); err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, e := range k.events {
		if e.Type == Confirmed {
			n[e.Stream]++
		}
	}
	if n["a"] != 2000 || n["b"] != 2000 || len(src.held) > 0 || src.peak == 0 {
		t.Errorf("%v segments; %v are held, at most %d were", n, src.held, src.peak)
	}
}

// latency_ms counts from the arrival at the process, where the source knows it.
func TestLatencyCountsFromArrival(t *testing.T) {
	b := block(0, 1, 1, 1)
	b.Arrived = time.Unix(1000, 0).Add(-3 * time.Second)
	es := runScript(t, time.Millisecond, RunOptions{}, on("a", b))
	for _, e := range es {
		if e.Type == Confirmed && (e.LatencyMS < 3000 || e.LatencyMS > 3100) {
			t.Errorf("%v ms, want 3000 and the time of labelling", e.LatencyMS)
		}
	}
	want(t, es, "a 1 conf:high fixed")
}

var _ capture.Holder = (*holder)(nil)
