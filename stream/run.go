package stream

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/segment"
)

// RunOptions say how Run drives its streams.
type RunOptions struct {
	Options               // of every stream; Session and Stream are Run's to set
	Session string        // [random]
	Version string        // of the program, for the status up
	Idle    time.Duration // a stream without blocks for so long ends its segment [5 s]
	Forget  time.Duration // and is dropped after so long [1 min]
	Finite  bool          // the source ends: a summary follows
	Live    bool          // the source cannot wait: sinks may lose running events
	Deliver time.Duration // how long a sink may hold up what must not be lost [10 s]

	// Steps of many streams are run together. None waits longer than Gather for
	// others to come [2 ms]; negative: each stream by itself.
	Gather  time.Duration
	Workers int // that share the streams [GOMAXPROCS]

	// Both are called by one goroutine at a time.
	Annotate func(*Event)         // may change an event before the sinks see it
	Progress func(*capture.Block) // after a block has been worked off

	now  func() time.Time // the reader's alone: a block is then worked off before the next
	most int              // lanes a batch
}

// Run labels every stream of src until it ends or ctx does, and sends the events
// to the sinks. It owns every clock. It returns nil at the end of the source
// and when ctx ended (the open segments are then confirmed, ended by
// interrupt); otherwise what the source, or a sink that could not deliver, said.
//
// Blocks are worked off by several workers. The events of a stream come in
// order, and are the same whatever the workers do; those of several streams come
// between each other as it happens. A stream that is Done has ended before the
// next block is read: files come out one after another.
func Run(ctx context.Context, src capture.Source, m *model.Model, opts *RunOptions, sinks ...Sink) error {
	r, err := newRunner(m, opts, sinks)
	if err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	r.stop = stop
	err = r.loop(reading, src)
	why := segment.ByEOF
	if ctx.Err() != nil {
		why, err = segment.ByInterrupt, nil
	}
	r.endAll(why)
	r.sched.close()
	if err == nil {
		err = r.failure
	}
	if r.o.Finite && err == nil {
		r.send(r.summary())
	}
	if failed := r.fan.close(); err == nil {
		err = failed
	}
	return err
}

// runner is the state of one Run. What is not said to be shared belongs to the
// goroutine that reads.
type runner struct {
	m       *model.Model
	o       RunOptions
	sched   *sched
	fan     *fan
	streams map[string]*live
	names   []string // scratch
	began   time.Time
	swept   time.Time         // when idle streams were looked for
	past    map[string]uint64 // last segments of streams that are gone
	least   uint64            // that of those no longer in past
	limited context.Context   // of the source's reads
	cancel  context.CancelFunc

	mu      sync.Mutex // guards what workers share: these, the callbacks, the fan's order
	counts  counts
	failure error
	stop    func() // ends reading
}

// live is one stream and when it was last heard of.
type live struct {
	lane
	heard time.Time
	idle  bool
}

type counts struct {
	streams, segments, confirmed, rejected, dropped, overturned, early, forecasts, gaps, lost float64
}

func newRunner(m *model.Model, opts *RunOptions, sinks []Sink) (*runner, error) {
	r := &runner{m: m, streams: map[string]*live{}, past: map[string]uint64{}}
	if opts != nil {
		r.o = *opts
	}
	if r.o.Session == "" {
		var b [8]byte
		rand.Read(b[:])
		r.o.Session = hex.EncodeToString(b[:])
	}
	setDefault(&r.o.Idle, 5*time.Second)
	setDefault(&r.o.Forget, time.Minute)
	setDefault(&r.o.Deliver, 10*time.Second)
	if _, err := NewClassifier(m, &r.o.Options); err != nil {
		return nil, err
	}
	r.sched = newSched(m, &r.o)
	r.sched.deliver, r.sched.refuse = r.deliver, r.refuse
	r.sched.start()
	r.began = r.now()
	r.fan = newFan(sinks, r.o.Live, r.o.Deliver)
	up := NewStatus(Header{Time: r.began}, capture.Up, "started")
	up.Version, up.Model = r.o.Version, m.Hash()
	r.send(up)
	return r, nil
}

func (r *runner) now() time.Time { return r.sched.now() }

func setDefault(d *time.Duration, v time.Duration) {
	if *d == 0 {
		*d = v
	}
}

// loop reads blocks and hands them to the workers. A source that has nothing for
// a while is left by a deadline, so that idle streams end.
func (r *runner) loop(ctx context.Context, src capture.Source) error {
	ready := func() bool { return false }
	if s, ok := src.(capture.Readier); ok {
		ready = s.Ready
	}
	defer func() {
		if r.cancel != nil {
			r.cancel()
		}
	}()
	var b capture.Block
	for {
		if err := r.fan.err(); err != nil {
			return err
		}
		err := r.read(ctx, src, &b)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, context.DeadlineExceeded):
			r.expire()
			continue
		case err != nil:
			return err
		}
		if err := r.block(&b, ready()); err != nil {
			return err
		}
		if !r.o.Finite && r.now().Sub(r.swept) >= min(r.o.Idle, time.Second)/4 {
			r.expire() // other streams may be idle
		}
	}
}

// read reads a block, with a deadline unless the source ends. One deadline serves
// as many reads as come before it.
func (r *runner) read(ctx context.Context, src capture.Source, b *capture.Block) error {
	if r.o.Finite {
		return src.Read(ctx, b)
	}
	if r.limited == nil || r.limited.Err() != nil {
		if r.cancel != nil {
			r.cancel()
		}
		r.limited, r.cancel = context.WithTimeout(ctx, min(r.o.Idle, time.Second))
	}
	return src.Read(r.limited, b)
}

// block hands a block to its stream; more tells that there is another right now.
func (r *runner) block(b *capture.Block, more bool) error {
	now := r.now()
	if b.Fault != nil && b.Stream == "" {
		r.send(NewStatus(Header{Time: now}, b.Fault.State, b.Fault.Reason))
		r.progress(b)
		return nil
	}
	s, err := r.stream(b.Stream)
	if err != nil {
		return err
	}
	s.heard, s.idle = now, false
	if !b.Done {
		r.give(s, b, "", now, more)
		return nil
	}
	r.give(s, b, segment.ByEOF, now, false)
	r.retire(b.Stream, s)
	return nil
}

// give hands a block to a stream, or its end for a reason, or both. A clock that is
// the reader's alone must not be looked at while it reads.
func (r *runner) give(s *live, b *capture.Block, end segment.Ending, now time.Time, more bool) {
	r.sched.put(&s.lane, b, end, now, len(r.streams), more)
	if r.o.now != nil {
		r.sched.settle(&s.lane)
	}
}

// refuse takes a block that a stream cannot take: an error of a source that ends,
// a status of another.
func (r *runner) refuse(it *item, err error) (e Event, tell bool) {
	if !r.o.Finite {
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

func (r *runner) progress(b *capture.Block) {
	if r.o.Progress != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.o.Progress(b)
	}
}

// deliver takes what a worker has done.
func (r *runner) deliver(events []Event, done []*item) {
	if len(events) == 0 && r.o.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range events {
		r.sendOne(&events[i])
	}
	for _, it := range done {
		if it.feed && r.o.Progress != nil {
			r.o.Progress(&it.block)
		}
	}
}

func (r *runner) stream(name string) (*live, error) {
	if s := r.streams[name]; s != nil {
		return s, nil
	}
	o := r.o.Options
	o.Session, o.Stream = r.o.Session, name
	c, err := NewClassifier(r.m, &o)
	if err != nil {
		return nil, err
	}
	id, again := r.past[name]
	c.follower.where().id = max(id, r.least)
	s := &live{lane: lane{c: c}}
	r.streams[name] = s
	if !again {
		r.counts.streams++
	}
	return s, nil
}

// expire ends the segments of idle streams and drops streams long unheard of.
func (r *runner) expire() {
	now := r.now()
	r.swept = now
	r.names = r.names[:0]
	for name, s := range r.streams {
		if quiet := now.Sub(s.heard); quiet >= r.o.Idle && !s.idle || quiet >= r.o.Forget {
			r.names = append(r.names, name)
		}
	}
	slices.Sort(r.names)
	for _, name := range r.names {
		if s := r.streams[name]; !s.idle {
			s.idle = true
			r.give(s, nil, segment.ByIdle, now, false)
		} else {
			r.retire(name, s)
		}
	}
}

// mostPast bounds the streams whose last segment is remembered by name.
const mostPast = 1 << 16

// retire drops a stream when all of it is worked off. Should it come back, its
// segments are counted on, so that no id of a session is given twice.
func (r *runner) retire(name string, s *live) {
	r.sched.settle(&s.lane)
	delete(r.streams, name)
	if len(r.past) == mostPast {
		for _, id := range r.past {
			r.least = max(r.least, id)
		}
		clear(r.past)
	}
	r.past[name] = s.c.follower.where().id
}

func (r *runner) endAll(why segment.Ending) {
	for _, name := range sortedNames(r.streams) {
		r.give(r.streams[name], nil, why, r.now(), false)
	}
	clear(r.streams)
}

// send hands on an event that is no worker's.
func (r *runner) send(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sendOne(&e)
}

// sendOne annotates, counts and hands on an event; r.mu is held.
func (r *runner) sendOne(e *Event) {
	e.Session = r.o.Session
	if r.o.Annotate != nil {
		r.o.Annotate(e)
	}
	r.counts.add(e)
	r.fan.send(e)
}

func (n *counts) add(e *Event) {
	switch e.Type {
	case Confirmed:
		n.segments++
		n.confirmed++
		if e.Rejected {
			n.rejected++
		}
		if e.Running != "" && !e.Agrees {
			n.overturned++
		}
	case Dropped:
		if e.Segment > 0 { // else it is no more than a candidate
			n.segments++
			n.dropped++
		}
	case Early:
		n.early++
	case Forecast:
		n.forecasts++
	case Gap:
		n.gaps++
		n.lost += float64(e.Lost)
	}
}

func (r *runner) summary() Event {
	n := &r.counts
	seconds := Count{"seconds", r.now().Sub(r.began).Seconds()}
	if r.m.HasNext() {
		return NewSummary(Header{}, Count{"streams", n.streams}, Count{"forecasts", n.forecasts}, Count{"gaps", n.gaps}, Count{"lost", n.lost}, seconds)
	}
	return NewSummary(Header{}, Count{"streams", n.streams}, Count{"segments", n.segments}, Count{"confirmed", n.confirmed}, Count{"rejected", n.rejected},
		Count{"dropped", n.dropped}, Count{"overturned", n.overturned}, Count{"early", n.early}, Count{"gaps", n.gaps}, Count{"lost", n.lost}, seconds)
}
