package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
	"unsafe"

	"inkling/capture"
)

// queueLength bounds the events that wait for a sink, unless the source is live and they
// must not be lost.
const queueLength = 4096

// A fan sends events to sinks, each of which has a goroutine and a queue of its own. A
// sink that takes nothing is waited for. If the source is not live it waits too. If it
// is live, the oldest running events of a full queue are dropped and counted; events
// that must not be lost are kept, up to a bound in bytes, beyond which the sink has
// failed.
type fan struct {
	outlets []*outlet
	drain   time.Duration

	mu    sync.Mutex
	timer *time.Timer // since limit
}

func newFan(sinks []Sink, live bool, keep int, drain time.Duration) *fan {
	f := &fan{drain: drain}
	for _, s := range sinks {
		ctx, cancel := context.WithCancel(context.Background())
		o := &outlet{sink: s, live: live, keep: keep, done: make(chan struct{}), cancel: cancel}
		o.gone = make(chan struct{})
		o.leave = sync.OnceFunc(func() { close(o.gone) })
		o.changed = sync.NewCond(&o.mu)
		f.outlets = append(f.outlets, o)
		go o.run(ctx)
	}
	return f
}

// send sends an event. The first event that is kept for a sink that takes nothing makes
// a status event.
func (f *fan) send(e *Event) {
	stalled := false
	for _, o := range f.outlets {
		stalled = o.put(e) || stalled
	}
	if !stalled {
		return
	}
	for _, o := range f.outlets {
		status := NewStatus(Header{Session: e.Session, Time: e.Time}, capture.Slow, fmt.Sprintf(
			"a sink takes nothing: events that must not be lost are kept for it, up to %s", megabytes(o.keep)))
		o.put(&status)
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

// limit gives the sinks the time of drain, from now, to take what there is for them.
func (f *fan) limit() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer == nil {
		f.timer = time.AfterFunc(f.drain, f.abandon)
	}
}

func (f *fan) abandon() {
	for _, o := range f.outlets {
		o.abandon(f.drain)
	}
}

// close waits for the sinks to take the last events.
func (f *fan) close() (err error) {
	for _, o := range f.outlets {
		o.finish()
	}
	for _, o := range f.outlets {
		err = errors.Join(err, o.close())
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer != nil {
		f.timer.Stop()
	}
	return err
}

type outlet struct {
	sink Sink
	live bool
	keep int // bytes

	mu        sync.Mutex
	changed   *sync.Cond
	queue     []held
	spare     []held // memory of what has been written
	small     int    // times in a row that little of it was needed
	bytes     int    // of the queue, about
	running   int    // replaceable events in the queue
	lost      uint64 // replaceable events dropped and not yet told
	lostEver  uint64 // replaceable events dropped
	lostType  Type   // of the last of them
	stalled   bool   // it was reported that the queue is longer than queueLength
	writing   int    // events taken out of the queue, and not flushed yet
	finished  bool   // nothing more comes
	abandoned bool   // nobody waits any more
	failed    error
	done      chan struct{} // closed when run has returned
	gone      chan struct{} // closed when the sink has failed or is abandoned
	leave     func()        // closes gone, once
	cancel    context.CancelFunc
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

// size returns about how many bytes h keeps in memory, without the names that streams and
// labels share.
func (h *held) size() int {
	n := int(unsafe.Sizeof(*h)) + len(h.Event.Reason) + 4*(len(h.Values)+len(h.Errors)+len(h.Ahead)+len(h.Quantiles)) + 64*len(h.Why) + 24*len(h.Counts)
	if h.n == 0 {
		n += 24 * len(h.Top)
	}
	return n
}

func (o *outlet) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

// put queues an event, and reports whether it is the first that is kept beyond
// queueLength since the sink last took one.
func (o *outlet) put(e *Event) (stalled bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.live && len(o.queue) >= queueLength && o.failed == nil && !o.abandoned {
		o.changed.Wait()
	}
	if o.live && len(o.queue) >= queueLength {
		if o.dropRunning(); len(o.queue) >= queueLength && e.Type.MayBeLost() {
			o.lose(e.Type)
			return false
		}
	}
	if o.failed != nil {
		return false
	}
	h := hold(e)
	if o.bytes += h.size(); o.live && o.bytes > o.keep && len(o.queue) >= queueLength {
		o.fail(fmt.Errorf("a sink takes nothing, and %d events that must not be lost wait for it, more than the %s of RunOptions.Keep", len(o.queue)+o.writing+1, megabytes(o.keep)))
		return false
	}
	if e.Type.MayBeLost() {
		o.running++
	}
	o.queue = append(o.queue, h)
	o.changed.Broadcast()
	if stalled = len(o.queue) > queueLength && !o.stalled; stalled {
		o.stalled = true
	}
	return stalled
}

func (o *outlet) lose(t Type) {
	o.lost++
	o.lostEver++
	o.lostType = t
}

// fewRunning is the number of replaceable events below which dropRunning does nothing:
// looking for them would cost more than they take.
const fewRunning = queueLength / 8

// dropRunning drops the oldest replaceable events, as many as fewRunning at once so that a
// full queue costs little per event.
func (o *outlet) dropRunning() {
	if o.running < fewRunning {
		return
	}
	n := 0
	o.queue = slices.DeleteFunc(o.queue, func(q held) bool {
		if !q.Type.MayBeLost() || n == fewRunning {
			return false
		}
		n++
		o.bytes -= q.size()
		o.lose(q.Type)
		return true
	})
	o.running -= n
}

// run writes queued events, and flushes whenever the queue has run empty.
func (o *outlet) run(ctx context.Context) {
	defer close(o.done)
	for {
		batch, finished := o.take()
		for i := range batch {
			if err := o.sink.Write(ctx, batch[i].event()); err != nil {
				o.end(err)
				return
			}
		}
		if len(batch) > 0 || finished {
			if err := o.sink.Flush(ctx); err != nil {
				o.end(err)
				return
			}
		}
		if finished {
			o.taken()
			return
		}
	}
}

// take waits for events and returns all of them, valid until the next call. What it
// returned before has been delivered.
func (o *outlet) take() (batch []held, finished bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = 0
	for len(o.queue) == 0 && !o.finished {
		o.changed.Wait()
	}
	batch, o.queue = o.queue, o.spare[:0]
	o.bytes, o.running, o.stalled = 0, 0, false
	if o.lost > 0 && len(batch) > 0 {
		last, what := &batch[len(batch)-1], "running events"
		if o.lostType == Forecast {
			what = "forecasts"
		}
		batch = append(batch, held{Event: NewStatus(Header{Session: last.Session, Time: last.Time}, capture.Slow,
			fmt.Sprintf("a sink is too slow: %d %s dropped", o.lost, what))})
		o.lost = 0
	}
	if o.spare = batch; len(batch) >= cap(batch)/8 {
		o.small = 0
	} else if o.small++; o.small >= 64 && cap(batch) > 64 {
		o.spare, o.small = nil, 0 // the memory of an outage, or of a crowd that has gone
	}
	o.writing = len(batch)
	o.changed.Broadcast()
	return batch, o.finished && len(batch) == 0
}

// taken notes that everything has been delivered.
func (o *outlet) taken() {
	o.mu.Lock()
	o.writing = 0
	o.mu.Unlock()
}

// end notes that the sink has failed.
func (o *outlet) end(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail(err)
}

// fail makes err how the sink has failed, unless it has before, and ends its call. The
// caller holds o.mu.
func (o *outlet) fail(err error) {
	if o.failed == nil {
		o.failed = err
	}
	o.queue, o.bytes, o.running = nil, 0, 0
	o.changed.Broadcast()
	o.cancel()
	o.leave()
}

// finish says that nothing more comes.
func (o *outlet) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.finished = true
	o.changed.Broadcast()
}

// abandon ends the wait for a sink that has not taken everything.
func (o *outlet) abandon(after time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.abandoned = true
	if n := len(o.queue) + o.writing; n > 0 {
		o.fail(fmt.Errorf("a sink has not taken its last %d events within the %s of RunOptions.Drain", n, after))
	}
	o.changed.Broadcast()
	o.leave()
}

// leaveAfter is how long a sink may take to return after its context has ended.
const leaveAfter = time.Second

// close waits until the sink has taken everything, has failed or is abandoned. A sink that
// does not return from its call then is left running.
func (o *outlet) close() error {
	defer o.cancel()
	select {
	case <-o.done:
	case <-o.gone:
		if o.returns(leaveAfter) {
			break
		}
		o.end(errors.New("a sink has not taken its last events"))
		if !o.returns(leaveAfter) {
			return o.err()
		}
	}
	return errors.Join(o.err(), o.sink.Close())
}

func (o *outlet) returns(within time.Duration) bool {
	select {
	case <-o.done:
		return true
	case <-time.After(within):
		return false
	}
}

// megabytes writes n bytes.
func megabytes(n int) string { return fmt.Sprintf("%.4g MB", float64(n)/1e6) }

func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
