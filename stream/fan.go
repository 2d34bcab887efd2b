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

// queueLength bounds the events that wait for a sink, unless the source is live and they
// must not be lost.
const queueLength = 4096

// A fan sends events to sinks, each of which has a goroutine and a queue of its own. A
// sink that takes nothing is waited for. If the source is not live it waits too. If it
// is live, the oldest running events of a full queue are dropped and counted; events
// that must not be lost are kept, up to a bound in bytes, beyond which a Spilled sink has
// them on the disk alone, and another one has failed.
type fan struct {
	outlets []*outlet
	drain   time.Duration
	tell    func(state capture.Health, reason string) // of an enduring sink; set before the first event

	mu    sync.Mutex
	timer *time.Timer // since limit
}

func newFan(sinks []Sink, live bool, keep int, drain time.Duration) *fan {
	f := &fan{drain: drain}
	for i, s := range sinks {
		ctx, cancel := context.WithCancel(context.Background())
		o := &outlet{at: i, live: live, keep: keep, done: make(chan struct{}), cancel: cancel}
		o.gone = make(chan struct{})
		o.leave = sync.OnceFunc(func() { close(o.gone) })
		o.changed = sync.NewCond(&o.mu)
		o.open(s)
		if e, ok := o.sink.(enduring); ok && live {
			e.endure(func(err error) { f.trouble(o, err) })
		}
		f.outlets = append(f.outlets, o)
		go o.run(ctx)
	}
	return f
}

// send sends an event. What there is to tell of a sink that takes nothing makes a status
// event.
func (f *fan) send(e *Event) {
	told := ""
	for _, o := range f.outlets {
		if note := o.put(e); note != "" {
			told = note
		}
	}
	if told == "" {
		return
	}
	status := NewStatus(Header{Session: e.Session, Time: e.Time}, capture.Slow, told)
	for _, o := range f.outlets {
		o.put(&status)
	}
}

// trouble tells that the disk of a sink takes nothing because of err, or takes events again.
func (f *fan) trouble(o *outlet, err error) {
	if err != nil {
		f.tell(capture.Slow, fmt.Sprintf("%v: events that must not be lost are kept in memory until there is room for them, up to %s", err, megabytes(o.keep)))
		return
	}
	o.mu.Lock()
	n := o.waiting()
	o.mu.Unlock()
	f.tell(capture.Up, fmt.Sprintf("the disk takes events again: %d had waited for it", n))
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

// megabytes writes n bytes.
func megabytes(n int) string { return fmt.Sprintf("%.4g MB", float64(n)/1e6) }

func sortedNames[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
