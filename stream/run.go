package stream

import (
	"cmp"
	"container/list"
	"context"
	"fmt"
	mrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/segment"
)

// RunOptions configure Run. A zero field takes the default in brackets.
type RunOptions struct {
	Options               // of every stream; Run sets their Session and Stream
	Session string        // [random]
	Version string        // of the program, for the status up
	Idle    time.Duration // without a block for this long, a stream's open segment ends [5 s]
	Forget  time.Duration // without a block for this long, a stream is dropped, and has a gap if it comes back [1 min]
	Finite  bool          // the source ends: a summary follows
	Live    bool          // the source cannot wait: sinks may lose running events
	Streams int           // at once, of a source that does not end [10000]; see Run
	Memory  int           // bytes of heap beyond those in use at first, at which no further stream begins [no bound]
	Drain   time.Duration // after the end of ctx: how long what has arrived is labelled and delivered [10 s]
	State   string        // file that keeps the state of all streams, from which the next Run goes on [none]; see Run
	Store   Store         // keeps it elsewhere, with the events, which it gets as a further sink [none]
	Save    time.Duration // how often the state is written if it has changed, at most a twentieth of the time [1 s]
	// SaveDaily, if not 0, is about how many bytes a day writing the state of a source that
	// cannot be read again may put on the disk, for the sake of cards. The state is then
	// written less often than Save, but every hour.
	SaveDaily int64
	Keep      int // bytes of events that must not be lost, kept for a sink that takes nothing [128 MB]

	// Gather bounds how long a step waits for steps of other streams, to be made
	// together with them [2 ms]. Negative: each stream is stepped by itself.
	Gather  time.Duration
	Workers int   // goroutines that share the streams [GOMAXPROCS]
	Pool    *Pool // of them, shared with other Runs [one of its own]

	// Annotate, if set, may change an event before the sinks get it. Progress, if set, is
	// called after a block is done. Calls of either do not overlap.
	Annotate func(*Event)
	Progress func(*capture.Block)
	Meter    Meter                     // if set, is told what happens
	Taps     []func(stream string) Tap // each is called when a stream begins, and returns the Tap that follows it, or nil
	Switch   *Switch                   // if set, can have the streams go on with another model
	Shared   *Shared                   // if set, does what other Runs on the same blocks do as well once for all

	// Former, if set, returns the model of this hash and its options, of which a Store has streams
	// that Run does not begin with: their open segments end with it, and they go on with the
	// model of the Run. Without a model those streams begin anew, with their segments counted
	// on. An error refuses the state [refused].
	Former func(hash string) (*model.Model, *Options, error)

	now   func() time.Time // test clock; if set, each block is done before the next is read
	most  int              // lanes a batch, for tests
	heavy func() bool      // whether the heap has reached Memory, for tests
}

// Run labels every stream of src, until src or ctx ends, and sends the events to the
// sinks. At the end of the source it waits for the sinks to deliver them.
//
// At the end of ctx it labels what has already arrived if src is a capture.Drainer,
// confirms the open segments, ended by interrupt, and waits for the sinks, all within
// Drain. Samples that are left then are told as gaps, and an error says so. If nothing is
// left it returns nil, as at the end of the source. Any other error of the source, and
// the error of a sink that could not deliver, is returned.
//
// A sink that takes nothing, as during an outage, is waited for. A source that is not live
// is read no further meanwhile. Of a live one running events and forecasts are dropped, the
// oldest first, and counted; all others are kept, up to Keep bytes, beyond which the sink
// has failed.
//
// Of a source that does not end there are at most Streams streams at once. If another one
// comes, or if the heap has reached Memory, it takes the place of the stream that has been
// idle for longest. If none has been idle for Idle its blocks are not labelled, and a
// status event says so.
//
// By the clock of a source that is a capture.Chronicler streams are idle, and dropped, so that
// it gives the same events at any speed, now and later.
//
// Several workers share the streams. The events of one stream come in order and do not
// depend on the workers; those of different streams are interleaved in no fixed order. A
// stream whose block is Done ends before the next block is read, so files come out one
// after another.
func Run(ctx context.Context, src capture.Source, m *model.Model, opts *RunOptions, sinks ...Sink) error {
	r, err := newRunner(m, opts)
	if err != nil {
		return err
	}
	r.clock, _ = src.(capture.Chronicler)
	if err := r.start(ctx, src, sinks); err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	r.stop = stop
	r.sched.holder, _ = src.(capture.Holder)
	defer context.AfterFunc(ctx, r.fan.limit)()
	if r.keeper != nil {
		err = r.keeper.begin(ctx)
	}
	why := segment.ByEOF
	if err == nil {
		err = r.loop(reading, src)
	}
	if ctx.Err() != nil {
		why, err = segment.ByInterrupt, r.drain(src)
	} else if err != nil {
		r.fan.limit()
	}
	return r.end(ctx, why, err)
}

// A runner is the state of one Run. Fields above mu belong to the goroutine that reads.
type runner struct {
	m       *model.Model
	o       RunOptions
	plan    *plan // of all streams
	sched   *sched
	fan     *fan
	streams map[string]*live
	alive   atomic.Int64 // streams, for others to read
	recent  list.List    // of *live, the one whose block came last at the back
	away    turnedAway
	most    int      // streams at once, since memory was given back
	names   []string // scratch
	began   time.Time
	swept   time.Time // when expire was last called
	past    past
	keeper  *keeper            // nil: there is no state file
	number  uint64             // of the last event of no classifier
	turn    uint64             // counts blocks of streams
	clock   capture.Chronicler // nil: streams are idle by the time of this machine
	limited context.Context    // of the source's reads
	cancel  context.CancelFunc

	mu      sync.Mutex // guards the fields below, the callbacks and the order of the fan
	counts  counts
	failure error
	stop    func() // ends reading
}

// A live is one stream and when its last block came.
type live struct {
	lane
	name      string
	recent    *list.Element
	lastBlock time.Time
	turn      uint64 // of its last block
	changed   bool   // since the last commit
	idle      bool   // its segment was ended since
	away      bool   // it goes on from a saved state, and no samples have come since
	moved     uint64 // what is added to the source's offsets
}

func newRunner(m *model.Model, opts *RunOptions) (*runner, error) {
	r := &runner{m: m, streams: map[string]*live{}, past: newPast(), number: uint64(mrand.Uint32()|1<<31) << 24}
	if opts != nil {
		r.o = *opts
	}
	r.o.Save = cmp.Or(r.o.Save, time.Second)
	r.o.Idle = cmp.Or(r.o.Idle, 5*time.Second)
	r.o.Forget = cmp.Or(r.o.Forget, time.Minute)
	r.o.Drain = cmp.Or(r.o.Drain, 10*time.Second)
	r.o.Keep = cmp.Or(r.o.Keep, 128e6)
	r.o.Streams = cmp.Or(r.o.Streams, 10_000)
	switch {
	case r.o.heavy != nil:
	case r.o.Pool != nil && r.o.Memory > 0:
		r.o.heavy = heapGaugeFrom(r.o.Pool.heap, r.o.Memory)
	default:
		r.o.heavy = heapGauge(r.o.Memory)
	}
	var err error
	if r.plan, err = newPlan(m, &r.o.Options); err != nil {
		return nil, err
	}
	r.sched = newSched(&r.o)
	r.sched.deliver, r.sched.refuse = r.deliver, r.refuse
	return r, nil
}

func (r *runner) now() time.Time { return r.sched.now() }

// streamTime returns the time by which streams are idle; zero: nothing has come yet.
func (r *runner) streamTime() time.Time {
	if r.clock != nil {
		return r.clock.Reached()
	}
	return r.now()
}

// block gives a block to its stream; more says that the source has another right now.
func (r *runner) block(b *capture.Block, more bool) error {
	now := r.streamTime()
	if r.keeper != nil {
		r.keeper.summed = false
	}
	if b.Fault != nil && b.Stream == "" {
		r.send(NewStatus(Header{Time: now}, b.Fault.State, b.Fault.Reason))
		r.progress(b)
		return nil
	}
	if r.clock != nil {
		r.lapse(b.Stream, now)
	}
	s, err := r.stream(b.Stream, now)
	if err != nil {
		return err
	}
	if s == nil {
		r.turnAway(b, now)
		r.progress(b)
		return nil
	}
	r.recent.MoveToBack(s.recent)
	r.turn++
	s.turn = r.turn
	s.lastBlock, s.idle = now, false
	s.shift(b)
	arrived := b.Arrived
	if arrived.IsZero() {
		arrived = r.now()
	}
	if !b.Done {
		r.give(s, b, "", arrived, more)
		return nil
	}
	r.give(s, b, segment.ByEOF, arrived, false)
	r.retire(b.Stream, s)
	return nil
}

// give gives a stream a block, or its end, or both. A test clock is not safe for
// concurrent use: the block is then done before give returns.
func (r *runner) give(s *live, b *capture.Block, end segment.Ending, now time.Time, more bool) {
	if r.keeper != nil {
		r.keeper.touch(s)
	}
	r.sched.put(&s.lane, b, end, now, len(r.streams), more)
	if r.o.now != nil {
		r.sched.settle(&s.lane)
	}
}

// refuse handles a block whose format a stream cannot take. A source that ends fails; for
// another one a status event is returned.
func (r *runner) refuse(it *item, err error) (e Event, report bool) {
	if !r.o.Finite || r.clock != nil {
		return NewStatus(Header{Stream: it.block.Stream, Time: it.arrived}, capture.Down, err.Error()), true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if first := r.sched.refused.Load(); first == 0 || it.number < first {
		r.failure = fmt.Errorf("%s: %w", it.block.Stream, err)
		r.sched.refused.Store(it.number)
	}
	r.stop()
	return Event{}, false
}

// fail ends the run with an error.
func (r *runner) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure = err
	r.stop()
}

func (r *runner) progress(b *capture.Block) {
	if r.o.Progress != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.o.Progress(b)
	}
}

// deliver sends the events of a worker and reports the progress of its blocks.
func (r *runner) deliver(events []Event, done []*item) {
	r.meter(done)
	if len(events) == 0 && r.o.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		if e := &events[i]; !e.Aside {
			e.Probs = nil // sinks keep events for longer than the classifier lends this
			r.sendOne(e)
		}
	}
	for _, it := range done {
		if it.feed && r.o.Progress != nil {
			r.o.Progress(&it.block)
		}
	}
}

// send sends an event that no worker made.
func (r *runner) send(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sendOne(&e)
}

// sendOne annotates, counts and sends an event. The caller holds r.mu.
func (r *runner) sendOne(e *Event) {
	e.Session = r.o.Session
	if e.Number == 0 && numbered(e) {
		r.number++
		e.Number = r.number
	}
	if r.o.Annotate != nil {
		r.o.Annotate(e)
	}
	r.counts.add(e)
	if r.o.Meter != nil {
		r.o.Meter.Event(e)
	}
	r.fan.send(e)
}
