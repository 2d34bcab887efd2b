package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"inkling/capture"
)

// queueLength bounds the events that wait for a sink.
const queueLength = 4096

// A fan sends events to sinks, each of which has a goroutine and a bounded queue of its
// own. When a queue is full and the source is live, the oldest running events are dropped
// and counted. Events that must not be lost wait for room, and if there is none within
// the time allowed the sink has failed. A source that is not live waits for its sinks.
type fan struct {
	outlets []*outlet
}

type outlet struct {
	sink    Sink
	live    bool
	deliver time.Duration

	mu      sync.Mutex
	changed *sync.Cond
	queue   []held
	spare   []held // memory of what has been written
	lost    uint64 // running events, or forecasts, dropped
	closed  bool
	failed  error
	since   time.Time // when the call of the sink that is in progress began; zero: none is
	done    chan struct{}
	cancel  context.CancelFunc
}

// A held is a copy of an event with memory of its own, for short top lists without
// allocation.
type held struct {
	Event
	top [3]Score
	n   int
}

func hold(e *Event) held {
	h := held{Event: *e}
	if h.n = copy(h.top[:], e.Top); h.n < len(e.Top) || len(e.Why) > 0 || e.Type == Forecast {
		h.Event, h.n = e.Clone(), 0
	}
	return h
}

// event returns the event, valid as long as h.
func (h *held) event() *Event {
	if h.n > 0 {
		h.Top = h.top[:h.n]
	}
	return &h.Event
}

func newFan(sinks []Sink, live bool, deliver time.Duration) *fan {
	f := new(fan)
	for _, s := range sinks {
		ctx, cancel := context.WithCancel(context.Background())
		o := &outlet{sink: s, live: live, deliver: deliver, done: make(chan struct{}), cancel: cancel}
		o.changed = sync.NewCond(&o.mu)
		f.outlets = append(f.outlets, o)
		go o.run(ctx)
	}
	return f
}

func (f *fan) send(e *Event) {
	for _, o := range f.outlets {
		o.put(e)
	}
}

func (f *fan) err() error {
	for _, o := range f.outlets {
		if err := o.err(); err != nil {
			return err
		}
	}
	return nil
}

// err returns how the sink has failed, or nil. The sink of a live source also fails when
// one call takes longer than the time allowed.
func (o *outlet) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed == nil && o.live && !o.since.IsZero() && time.Since(o.since) > o.deliver {
		o.stuck()
	}
	return o.failed
}

// stuck marks the sink as failed. The caller holds o.mu.
func (o *outlet) stuck() {
	o.failed = fmt.Errorf("a sink has taken nothing for %s: events that must not be lost cannot be delivered", o.deliver)
	o.cancel()
}

func (o *outlet) begin(t time.Time) {
	o.mu.Lock()
	o.since = t
	o.mu.Unlock()
}

func (f *fan) close() (err error) {
	for _, o := range f.outlets {
		err = errors.Join(err, o.close())
	}
	return err
}

func (o *outlet) put(e *Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) >= queueLength && o.live && !o.dropRunning() && replaceable(e.Type) {
		o.lost++
		return
	}
	if len(o.queue) >= queueLength && !o.waitForRoom() {
		return
	}
	o.queue = append(o.queue, hold(e))
	o.changed.Broadcast()
}

// replaceable reports whether the next event of type t makes up for the loss of one.
func replaceable(t Type) bool { return t == Running || t == Forecast }

// dropRunning drops the oldest running events, up to an eighth of the queue at once so
// that a full queue costs little per event. It reports whether there were any.
func (o *outlet) dropRunning() bool {
	before := o.lost
	o.queue = slices.DeleteFunc(o.queue, func(q held) bool {
		if !replaceable(q.Type) || o.lost-before == queueLength/8 {
			return false
		}
		o.lost++
		return true
	})
	return o.lost > before
}

// waitForRoom waits for the sink to take an event and reports whether it did in time.
func (o *outlet) waitForRoom() bool {
	late := false
	timer := time.AfterFunc(o.deliver, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		late = true
		o.changed.Broadcast()
	})
	defer timer.Stop()
	for len(o.queue) >= queueLength && o.failed == nil && !late {
		o.changed.Wait()
	}
	if late && o.failed == nil && len(o.queue) >= queueLength {
		o.stuck()
	}
	return o.failed == nil
}

// run writes queued events, and flushes whenever the queue has run empty.
func (o *outlet) run(ctx context.Context) {
	defer close(o.done)
	for {
		batch, closed := o.take()
		for i := range batch {
			o.begin(time.Now())
			if err := o.sink.Write(ctx, batch[i].event()); err != nil {
				o.fail(err)
				return
			}
		}
		if len(batch) > 0 || closed {
			if err := o.sink.Flush(ctx); err != nil {
				o.fail(err)
				return
			}
		}
		if closed {
			return
		}
		o.begin(time.Time{})
	}
}

// take waits for events and returns all of them, valid until the next call.
func (o *outlet) take() (batch []held, closed bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) == 0 && !o.closed {
		o.changed.Wait()
	}
	batch, o.queue = o.queue, o.spare[:0]
	if o.lost > 0 && len(batch) > 0 {
		last, what := &batch[len(batch)-1], "running events"
		if last.Type == Forecast {
			what = "forecasts"
		}
		batch = append(batch, held{Event: NewStatus(Header{Session: last.Session, Time: last.Time}, capture.Slow,
			fmt.Sprintf("a sink is too slow: %d %s dropped", o.lost, what))})
		o.lost = 0
	}
	o.spare = batch
	o.changed.Broadcast()
	return batch, o.closed && len(batch) == 0
}

func (o *outlet) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed == nil {
		o.failed = err
	}
	o.queue = nil
	o.changed.Broadcast()
}

// leaveAfter is how long a sink may take to return after its context has ended.
const leaveAfter = time.Second

// close waits for the last events to be delivered. A sink that does not return is left
// running.
func (o *outlet) close() error {
	defer o.cancel()
	o.mu.Lock()
	o.closed = true
	wait := o.deliver
	if o.failed != nil {
		wait = 0
	}
	o.changed.Broadcast()
	o.mu.Unlock()
	if !o.ended(wait) {
		o.fail(fmt.Errorf("a sink did not deliver its last events within %s", o.deliver))
		o.cancel()
		if !o.ended(min(leaveAfter, o.deliver)) {
			return o.err()
		}
	}
	return errors.Join(o.failed, o.sink.Close())
}

func (o *outlet) ended(within time.Duration) bool {
	select {
	case <-o.done:
		return true
	case <-time.After(within):
		return false
	}
}

func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
