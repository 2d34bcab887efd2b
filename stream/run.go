package stream

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"inkling/capture"
	"inkling/model"
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

	Annotate func(*Event)         // may change an event before the sinks see it
	Progress func(*capture.Block) // after a block has been worked off
	now      func() time.Time
}

// Run labels every stream of src until it ends or ctx does, and sends the events
// to the sinks. It owns every clock. It returns nil at the end of the source
// and when ctx ended (the open segments are then confirmed, ended by
// interrupt); otherwise what the source, or a sink that could not deliver, said.
func Run(ctx context.Context, src capture.Source, m *model.Model, opts *RunOptions, sinks ...Sink) error {
	r, err := newRunner(m, opts, sinks)
	if err != nil {
		return err
	}
	err = r.loop(ctx, src)
	why := ByEOF
	if ctx.Err() != nil {
		why, err = ByInterrupt, nil
	}
	r.endAll(why)
	if r.o.Finite && err == nil {
		r.send([]Event{r.summary()})
	}
	if failed := r.fan.close(); err == nil {
		err = failed
	}
	return err
}

// runner is the state of one Run.
type runner struct {
	m       *model.Model
	o       RunOptions
	fan     *fan
	streams map[string]*live
	events  []Event
	began   time.Time
	swept   time.Time // when idle streams were looked for
	counts  counts
	past    map[string]uint64 // last segments of streams that are gone
	least   uint64            // that of those no longer in past
}

// live is one stream and when it was last heard of.
type live struct {
	c       *Classifier
	heard   time.Time
	idle    bool
	arrived time.Time // of the block being worked off
}

type counts struct{ streams, segments, confirmed, rejected, dropped, overturned, early, gaps, lost float64 }

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
	if r.o.now == nil {
		r.o.now = time.Now
	}
	setDefault(&r.o.Idle, 5*time.Second)
	setDefault(&r.o.Forget, time.Minute)
	setDefault(&r.o.Deliver, 10*time.Second)
	if _, err := NewClassifier(m, &r.o.Options); err != nil {
		return nil, err
	}
	r.began = r.o.now()
	r.fan = newFan(sinks, r.o.Live, r.o.Deliver)
	r.send([]Event{{Type: Status, State: "up", Reason: "started", Version: r.o.Version, Model: m.Hash(), Time: r.began}})
	return r, nil
}

func setDefault(d *time.Duration, v time.Duration) {
	if *d == 0 {
		*d = v
	}
}

// loop reads and works off blocks. A source that has nothing for a while is
// left by a deadline, so that idle streams end.
func (r *runner) loop(ctx context.Context, src capture.Source) error {
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
		if err := r.block(&b); err != nil {
			return err
		}
		if r.o.Progress != nil {
			r.o.Progress(&b)
		}
		if !r.o.Finite && r.o.now().Sub(r.swept) >= min(r.o.Idle, time.Second)/4 {
			r.expire() // other streams may be idle
		}
	}
}

func (r *runner) read(ctx context.Context, src capture.Source, b *capture.Block) error {
	if r.o.Finite {
		return src.Read(ctx, b)
	}
	limited, cancel := context.WithTimeout(ctx, min(r.o.Idle, time.Second))
	defer cancel()
	return src.Read(limited, b)
}

// block works off one block.
func (r *runner) block(b *capture.Block) error {
	now := r.o.now()
	if b.Fault != nil && b.Stream == "" {
		r.send([]Event{{Type: Status, State: b.Fault.State, Reason: b.Fault.Reason, Time: now}})
		return nil
	}
	s, err := r.stream(b.Stream)
	if err != nil {
		return err
	}
	s.heard, s.idle, s.arrived = now, false, now
	if err := s.c.Feed(b); err != nil {
		if r.o.Finite {
			return fmt.Errorf("%s: %w", b.Stream, err)
		}
		r.send([]Event{{Type: Status, Stream: b.Stream, State: "down", Reason: err.Error(), Time: now}})
		return nil
	}
	r.events = s.c.Advance(r.events[:0])
	if b.Done {
		r.events = s.c.End(r.events, ByEOF)
		r.retire(b.Stream, s)
	}
	r.timed(s)
	return nil
}

// timed sends r.events with their latency: from the arrival of the block that
// ended the segment to here.
func (r *runner) timed(s *live) {
	for i := range r.events {
		if r.events[i].Type == Confirmed {
			r.events[i].LatencyMS = float64(r.o.now().Sub(s.arrived).Microseconds()) / 1000
		}
	}
	r.send(r.events)
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
	c.walker.id = max(id, r.least)
	s := &live{c: c}
	r.streams[name] = s
	if !again {
		r.counts.streams++
	}
	return s, nil
}

// expire ends the segments of idle streams and drops streams long unheard of.
func (r *runner) expire() {
	now := r.o.now()
	r.swept = now
	for _, name := range sortedNames(r.streams) {
		s := r.streams[name]
		if quiet := now.Sub(s.heard); quiet >= r.o.Idle && !s.idle {
			s.idle, s.arrived = true, now
			r.events = s.c.End(r.events[:0], ByIdle)
			r.timed(s)
		} else if quiet >= r.o.Forget {
			r.retire(name, s)
		}
	}
}

// mostPast bounds the streams whose last segment is remembered by name.
const mostPast = 1 << 16

// retire drops a stream. Should it come back, its segments are counted on, so that
// no id of a session is given twice.
func (r *runner) retire(name string, s *live) {
	delete(r.streams, name)
	if len(r.past) == mostPast {
		for _, id := range r.past {
			r.least = max(r.least, id)
		}
		clear(r.past)
	}
	r.past[name] = s.c.walker.id
}

func (r *runner) endAll(why Reason) {
	for _, name := range sortedNames(r.streams) {
		s := r.streams[name]
		s.arrived = r.o.now()
		r.events = s.c.End(r.events[:0], why)
		r.timed(s)
	}
	clear(r.streams)
}

// send annotates, counts and hands on events.
func (r *runner) send(events []Event) {
	for i := range events {
		e := &events[i]
		e.Session = r.o.Session
		if r.o.Annotate != nil {
			r.o.Annotate(e)
		}
		r.counts.add(e)
		r.fan.send(e)
	}
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
		n.segments++
		n.dropped++
	case Early:
		n.early++
	case Gap:
		n.gaps++
		n.lost += float64(e.Lost)
	}
}

func (r *runner) summary() Event {
	n := &r.counts
	return Event{Type: Summary, Counts: []Count{{"streams", n.streams}, {"segments", n.segments}, {"confirmed", n.confirmed},
		{"rejected", n.rejected}, {"dropped", n.dropped}, {"overturned", n.overturned}, {"early", n.early}, {"gaps", n.gaps},
		{"lost", n.lost}, {"seconds", r.o.now().Sub(r.began).Seconds()}}}
}
