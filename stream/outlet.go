package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
	"unsafe"

	"inkling/capture"
	"inkling/internal/spool"
)

// An outlet is one sink of a fan, with what waits for it: a queue; then, of a sink with a
// log, what is on the disk alone; then what the log did not take.
type outlet struct {
	sink Sink
	at   int // in the fan
	live bool
	keep int // bytes

	mu        sync.Mutex
	changed   *sync.Cond
	queue     []held
	spare     []held     // memory of what has been written
	small     int        // times in a row that little of it was needed
	bytes     int        // of the queue, about
	running   int        // replaceable events in the queue
	lost      uint64     // replaceable events dropped and not yet told
	lostEver  uint64     // replaceable events dropped
	lostType  Type       // of the last of them
	stalled   bool       // it was reported that the queue is longer than queueLength
	writing   int        // events taken out of the queue, and not flushed yet
	finished  bool       // nothing more comes
	abandoned bool       // nobody waits any more
	log       *spool.Log // nil: nothing is kept on the disk
	behind    int        // records of log that are not in the queue, and come after it
	from      uint64     // the first of them
	tail      []held     // comes after them: log did not take it
	tailBytes int        // of tail, about
	logged    int        // events taken out of the queue, or of log, that are in log, and not flushed yet
	unlogged  int        // events of the queue and of tail that must not be lost and are not in log
	unsafe    int        // of them, those taken out and not flushed yet
	refused   time.Time  // when log last took nothing
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
	top  [3]Score
	n    int
	mark *barrier // not nil: no event, but a place between two

	logged bool // it is in the outlet's log
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

// put queues an event, and returns what there is to tell: that this is the first one kept
// beyond queueLength, or beyond memory, since the sink last took one.
func (o *outlet) put(e *Event) (note string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.live && max(len(o.queue), len(o.tail)) >= queueLength && o.failed == nil && !o.abandoned {
		o.changed.Wait()
	}
	if o.live && len(o.queue) >= queueLength {
		if o.dropRunning(); len(o.queue) >= queueLength && e.Type.MayBeLost() {
			o.lose(e.Type)
			return ""
		}
	}
	if o.failed != nil {
		return ""
	}
	if o.behind > 0 || len(o.tail) > 0 {
		return o.putBehind(e)
	}
	if o.log != nil && !e.Type.MayBeLost() {
		var spilled bool
		if note, spilled = o.putLogged(hold(e)); spilled {
			return note
		}
	} else {
		o.push(hold(e))
	}
	if o.bytes > o.keep && o.live && len(o.queue) > queueLength {
		o.failFull()
		return ""
	}
	if len(o.queue) > queueLength && !o.stalled {
		o.stalled = true
		return cmp.Or(note, fmt.Sprintf("a sink takes nothing: events that must not be lost are kept for it, up to %s", megabytes(o.keep)))
	}
	return note
}

// putLogged records an event in the log, and queues it as well unless the queue is full:
// then it is spilled.
func (o *outlet) putLogged(h held) (note string, spilled bool) {
	number, note := o.record(&h)
	if note == "" && h.logged && o.live && o.bytes+h.size() > o.keep && len(o.queue) >= queueLength {
		o.behind, o.from = 1, number
		return fmt.Sprintf("a sink takes nothing: events that must not be lost are kept in %s", o.log.Dir()), true
	}
	o.push(h)
	return note, false
}

// push adds an event to the queue.
func (o *outlet) push(h held) {
	o.bytes += h.size()
	if h.Type.MayBeLost() {
		o.running++
	}
	o.queue = append(o.queue, h)
	o.changed.Broadcast()
}

func (o *outlet) failFull() {
	o.fail(fmt.Errorf("a sink takes nothing, and %d events that must not be lost wait for it, more than the %s of RunOptions.Keep", o.waiting(), megabytes(o.keep)))
}

// waiting returns how many events wait for the sink in memory.
func (o *outlet) waiting() int { return len(o.queue) + o.writing + len(o.tail) }

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
			if err := o.write(ctx, &batch[i]); err != nil {
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

// write writes an event, or passes a barrier.
func (o *outlet) write(ctx context.Context, h *held) error {
	if h.mark != nil {
		return h.mark.pass(ctx, o)
	}
	return o.sink.Write(ctx, h.event())
}

// take waits for events and returns all of them, valid until the next call. What it
// returned before has been delivered.
func (o *outlet) take() (batch []held, finished bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.delivered()
	for len(o.queue)+o.behind+len(o.tail) == 0 && !o.finished {
		o.changed.Wait()
	}
	caughtUp := o.catchUp()
	batch, o.queue = o.queue, o.spare[:0]
	o.bytes, o.running, o.stalled = 0, 0, false
	if len(batch) > 0 {
		last := batch[len(batch)-1].Header
		tell := func(state capture.Health, reason string) {
			batch = append(batch, held{Event: NewStatus(Header{Session: last.Session, Time: last.Time}, state, reason)})
		}
		if o.lost > 0 {
			what := "running events"
			if o.lostType == Forecast {
				what = "forecasts"
			}
			tell(capture.Slow, fmt.Sprintf("a sink is too slow: %d %s dropped", o.lost, what))
			o.lost = 0
		}
		if caughtUp {
			tell(capture.Up, fmt.Sprintf("everything that was kept in %s has been sent", o.log.Dir()))
		}
	}
	if o.spare = batch; len(batch) >= cap(batch)/8 {
		o.small = 0
	} else if o.small++; o.small >= 64 && cap(batch) > 64 {
		o.spare, o.small = nil, 0 // the memory of an outage, or of a crowd that has gone
	}
	o.writing = len(batch)
	for i := range batch {
		if batch[i].logged {
			o.logged++
		} else if o.log != nil && !batch[i].Type.MayBeLost() && batch[i].mark == nil {
			o.unsafe++
		}
	}
	o.changed.Broadcast()
	return batch, o.finished && len(batch) == 0 && o.behind == 0
}

// taken notes that everything has been delivered.
func (o *outlet) taken() {
	o.mu.Lock()
	o.delivered()
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
	o.queue, o.tail, o.behind, o.bytes, o.tailBytes, o.running = nil, nil, 0, 0, 0, 0
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
	if n := o.waiting() + o.behind; n > 0 {
		err := fmt.Errorf("a sink has not taken its last %d events within the %s of RunOptions.Drain", n, after)
		if o.log != nil {
			err = fmt.Errorf("%w: %d that must not be lost wait in %s for the next start", err, o.log.Len(), o.log.Dir())
		}
		o.fail(err)
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
	defer o.closeLog()
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
