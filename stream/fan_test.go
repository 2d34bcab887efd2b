package stream

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"inkling/capture"
	"inkling/internal/testkit"
	"inkling/model/decide"
	"inkling/model/segment"
)

// stuck is a sink that takes nothing until it is let.
type stuck struct {
	kept
	let chan struct{}
}

func (s *stuck) Write(ctx context.Context, e *Event) error {
	select {
	case <-s.let:
		return s.kept.Write(ctx, e)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// deaf is a sink that returns from no call, not even when its context ends, as a full pipe.
type deaf struct{ let chan struct{} }

func (d *deaf) Write(context.Context, *Event) error {
	<-d.let
	return nil
}
func (d *deaf) Flush(context.Context) error { return nil }
func (d *deaf) Close() error                { return nil }

func confirmed(i int) *Event { return &Event{Type: Confirmed, Header: Header{Segment: uint64(i)}} }

// A sink behind a live source that takes nothing for an hour loses the oldest running
// events, which are counted, and gets everything else in order.
func TestLiveSinkLosesOnlyRunningEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{let: make(chan struct{})}
		f := newFan([]Sink{s}, true, 1<<30, time.Minute)
		const n = 3 * queueLength
		for i := range n {
			f.send(&Event{Type: Running, Header: Header{Step: i}, Answer: Answer{Warm: true}})
			f.send(confirmed(i + 1))
		}
		time.Sleep(time.Hour)
		if err := f.err(); err != nil {
			t.Fatal(err)
		}
		close(s.let)
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
		running, last, kept, dropped := 0, uint64(0), 0, 0
		for _, e := range s.events {
			switch e.Type {
			case Running:
				running++
			case Confirmed:
				if e.Segment != last+1 {
					t.Fatalf("segment %d after %d", e.Segment, last)
				}
				last = e.Segment
			case Status:
				if strings.Contains(e.Reason, "takes nothing") {
					kept++
					break
				}
				var more int
				if _, err := fmt.Sscanf(e.Reason, "a sink is too slow: %d running events dropped", &more); err != nil {
					t.Error(e.Reason)
				}
				dropped += more
			}
		}
		if last != n || running+dropped != n || running > queueLength+1 || kept != 1 {
			t.Errorf("%d of %d confirmed, %d running and %d told as dropped, told %d times that events are kept", last, n, running, dropped, kept)
		}
	})
}

// What is kept for a sink that takes nothing is bounded; beyond the bound the sink has
// failed.
func TestKeptEventsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{let: make(chan struct{})}
		f := newFan([]Sink{s}, true, 10e6, time.Minute)
		sent := 0
		for f.err() == nil && sent < 1<<20 {
			sent++
			f.send(confirmed(sent))
			synctest.Wait() // the first is being written
		}
		if sent < queueLength {
			t.Errorf("%d events fill 10 MB", sent)
		}
		testkit.Message(t, "10 MB", f.close(), fmt.Sprintf("a sink takes nothing, and %d events that must not be lost wait for it, more than the 10 MB of RunOptions.Keep", sent+1)) // and the status
	})
}

// A sink behind a finite source holds it up, however long, and then gets everything.
func TestFiniteSinkIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{let: make(chan struct{})}
		f := newFan([]Sink{s}, false, 1, time.Minute)
		time.AfterFunc(24*time.Hour, func() { close(s.let) })
		const n = 3 * queueLength
		for i := range n {
			f.send(&Event{Type: Running, Header: Header{Step: i}, Answer: Answer{Warm: true}})
		}
		if err := f.close(); err != nil || len(s.events) != n {
			t.Errorf("%d of %d events: %v", len(s.events), n, err)
		}
	})
}

// At the end of the context a sink has the time of Drain, whether or not it returns.
func TestSinkHasTheTimeOfDrain(t *testing.T) {
	for name, never := range map[string]bool{"stuck": false, "deaf": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				let := make(chan struct{})
				defer close(let)
				var sink Sink = &stuck{let: let}
				if never {
					sink = &deaf{let}
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				began := time.Now()
				o := &RunOptions{Live: true, Drain: 7 * time.Second, Options: Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}}}
				err := Run(ctx, &endless{blocks: []capture.Block{block(0, 1, 1, 1)}}, signModel(t, decide.Config{}), o, sink)
				if err == nil || !strings.HasPrefix(err.Error(), "a sink has not taken its last ") {
					t.Errorf("Run returned %v", err)
				}
				if took := time.Since(began) - time.Hour; took < 7*time.Second || took > 10*time.Second {
					t.Errorf("Run took %v after the end of its context", took)
				}
			})
		})
	}
}

// arrived is a Drainer with a backlog: it gives a block every 900 ms, no multiple of which
// is a deadline of the test, and what is abandoned at once.
type arrived struct {
	endless
	next      uint64 // samples given or dropped
	left      uint64 // waiting
	draining  bool
	abandoned bool
}

func (a *arrived) Drain() { a.draining = true }

func (a *arrived) Abandon() { a.abandoned = true }

func (a *arrived) Read(ctx context.Context, b *capture.Block) error {
	if !a.draining {
		return a.endless.Read(ctx, b)
	}
	if !a.abandoned {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(900 * time.Millisecond):
		}
	}
	if a.left == 0 {
		return io.EOF
	}
	*b = block(a.next, 1)
	n := uint64(1)
	if a.abandoned {
		n, *b = a.left, block(a.next+a.left)
	}
	a.next, a.left = a.next+n, a.left-n
	return nil
}

// At the end of its context Run labels what has arrived; what it has no time for is a gap
// and an error.
func TestRunDrainsItsSource(t *testing.T) {
	for left, want := range map[uint64]string{
		3: "status:up, conf:high interrupt",
		9: "status:up, conf:high gap, gap",
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			var k kept
			o := &RunOptions{Live: true, Idle: 2 * time.Hour, Forget: 2 * time.Hour, Drain: 5 * time.Second, Options: Options{Emit: Emit{Confirmed: true}, Segment: &segment.Config{Kind: segment.Fixed, Steps: 99, MaxDuration: 99}}}
			src := &arrived{endless: endless{[]capture.Block{block(0, 1)}}, next: 1, left: left}
			err := Run(ctx, src, signModel(t, decide.Config{}), o, &k)
			expect(t, fmt.Sprint(left), k.events, want)
			lost := uint64(0)
			for _, e := range k.events {
				lost += e.Lost
			}
			if left == 3 && (err != nil || lost != 0) {
				t.Errorf("%d samples were told as lost, Run returned %v", lost, err)
			}
			if left == 9 {
				testkit.Message(t, "a backlog", err, "not everything that had arrived could be labelled within the 5s of RunOptions.Drain: gaps say what is missing")
				if lost == 0 || src.left != 0 {
					t.Errorf("%d samples were told as lost, and %d left", lost, src.left)
				}
			}
		})
	}
}

// last ends the context while it gives its only block.
type last struct {
	endless
	cancel func()
}

func (l *last) Read(ctx context.Context, b *capture.Block) error {
	err := l.endless.Read(ctx, b)
	l.cancel()
	return err
}

// A block that comes as the context ends is labelled.
func TestBlockOfTheLastMomentIsLabelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var k kept
	o := &RunOptions{Live: true, Options: Options{Emit: Emit{Confirmed: true}, Segment: &segment.Config{Kind: segment.Fixed, Steps: 99, MaxDuration: 99}}}
	if err := Run(ctx, &last{endless{[]capture.Block{block(0, 1)}}, cancel}, signModel(t, decide.Config{}), o, &k); err != nil {
		t.Error(err)
	}
	expect(t, "one block", k.events, "status:up, conf:high interrupt")
}
