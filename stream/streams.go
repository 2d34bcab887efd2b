package stream

import (
	"slices"
	"time"

	"inkling/model/segment"
)

// stream returns a stream by name, which it begins if there is room; nil if there is none.
func (r *runner) stream(name string, now time.Time) (*live, error) {
	if s := r.streams[name]; s != nil {
		return s, nil
	}
	if !r.o.Finite && !r.room(now) {
		return nil, nil
	}
	c, err := r.o.Switch.now(r.plan, name).classifier(r.o.Session, name)
	if err != nil {
		return nil, err
	}
	c.switched = r.o.Switch
	last, again := r.past.of(name)
	c.follower.where().id, c.number = last.segment, last.number
	if last.forgotten {
		c.input.next, c.input.back = last.next, true
	}
	if !again {
		r.counts.streams++
	}
	return r.add(name, c, now), nil
}

func (r *runner) add(name string, c *Classifier, now time.Time) *live {
	s := &live{lane: lane{c: c}, name: name, lastBlock: now}
	c.shareWith(r.o.Shared.join(name))
	s.openTaps(r.o.Taps, name)
	s.recent = r.recent.PushBack(s)
	r.streams[name] = s
	r.alive.Store(int64(len(r.streams)))
	return s
}

// expire ends the segments of idle streams and drops streams idle for longer.
func (r *runner) expire() {
	now := r.streamTime()
	r.swept = now
	r.names = r.names[:0]
	for name, s := range r.streams {
		if quiet := now.Sub(s.lastBlock); quiet >= r.o.Idle && !s.idle || quiet >= r.o.Forget {
			r.names = append(r.names, name)
		}
	}
	slices.Sort(r.names)
	dropped := false
	for _, name := range r.names {
		if s := r.streams[name]; !s.idle {
			s.idle = true
			r.give(s, nil, segment.ByIdle, r.now(), false)
		} else {
			r.forget(name, s)
			dropped = true
		}
	}
	r.disperse(dropped)
}

// lapse ends the segment of a stream that has been idle until now, or drops it, by the clock
// of the source: expire may not have come to it.
func (r *runner) lapse(name string, now time.Time) {
	s := r.streams[name]
	if s == nil {
		return
	}
	quiet := now.Sub(s.lastBlock)
	if quiet >= r.o.Idle && !s.idle {
		s.idle = true
		r.give(s, nil, segment.ByIdle, r.now(), false)
	}
	if quiet >= r.o.Forget {
		r.forget(name, s)
	}
}

// forget drops a stream that has not ended: if it comes back, what it lacks is told.
func (r *runner) forget(name string, s *live) {
	r.sched.settle(&s.lane)
	last := s.c.last()
	last.forgotten = last.forgotten || s.c.input.known
	r.drop(name, s, last)
}

// retire drops a stream that has ended when all of its blocks are done.
func (r *runner) retire(name string, s *live) {
	r.sched.settle(&s.lane)
	r.drop(name, s, s.c.last())
}

func (r *runner) drop(name string, s *live, last lastOf) {
	s.closeTaps()
	r.o.Shared.leave(name)
	delete(r.streams, name)
	r.keeper.gone(name)
	r.alive.Store(int64(len(r.streams)))
	r.recent.Remove(s.recent)
	r.past.add(name, last)
}

func (r *runner) endAll(why segment.Ending) {
	for _, name := range sortedNames(r.streams) {
		r.give(r.streams[name], nil, why, r.now(), false)
	}
	r.sched.quiet()
	for name, s := range r.streams {
		s.closeTaps()
		r.keeper.gone(name)
		r.o.Shared.leave(name)
		r.past.add(name, s.c.last())
	}
	clear(r.streams)
	r.alive.Store(0)
	r.recent.Init()
}
