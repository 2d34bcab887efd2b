package stream

import (
	"fmt"
	"time"

	"inkling/capture"
	"inkling/internal/codec"
)

// A Repeater is a Store that may have kept events which the state does not have yet, and leaves
// them out when they come again.
//
// So that they do come again, between two commits all streams go on with the same models: what a
// Switch says counts from the next commit on, which says so. A Run that goes on from it begins
// with those models, and follows its Switch once Repeats reports false.
type Repeater interface {
	Store
	// Repeats reports whether events are still to come again.
	Repeats() bool
}

// longestRecall is for how long a Run goes on with the models that a state had, because events
// are to come again. They come at once; on another kind of arithmetic one of them might not.
const longestRecall = time.Minute

// lineup says with which models streams go on.
type lineup struct {
	next   string // hash
	canary string // hash of that of a share of the streams; "": none
	share  float64
}

func (u *lineup) visit(k *codec.Codec) {
	k.String(&u.next)
	k.String(&u.canary)
	k.Float64(&u.share)
}

// lineup returns what streams of a Run go on with; own is the plan of the Run.
func (s *Switch) lineup(own *plan) (u lineup) {
	u.next = own.identity().model
	if s == nil {
		return u
	}
	if p := s.next.Load(); p != nil {
		u.next = p.identity().model
	}
	if c := s.canary.Load(); c != nil {
		u.canary, u.share = c.identity().model, c.share
	}
	return u
}

// set does what To or Canary says, now or at the next commit.
func (s *Switch) set(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		s.later = append(s.later, do)
	} else {
		do()
	}
}

// waits reports whether there is something to do at the next commit.
func (s *Switch) waits() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.later) > 0
}

// apply does what waits.
func (s *Switch) apply() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, do := range s.later {
		do()
	}
	s.later = nil
}

// recall has streams go on with other plans first, and at the next commit with those that there
// are.
func (s *Switch) recall(own, next *plan, of *canary) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, c := s.next.Load(), s.canary.Load()
	if n == nil {
		n = own
	}
	s.later = append([]func(){func() { s.next.Store(n); s.canary.Store(c) }}, s.later...)
	s.next.Store(next)
	s.canary.Store(of)
	s.early = true
}

// recall has the streams go on with the models that the state had, if events are to come again.
func (k *keeper) recall() error {
	if !k.repeats() {
		return nil
	}
	k.recalled = k.r.now() // whatever the Switch says from now on
	was := k.saved.lineup
	if was == nil || *was == k.r.o.Switch.lineup(k.r.plan) {
		return nil
	}
	next, err := k.planOfModel(was.next)
	if err != nil || next == nil {
		return err
	}
	var of *canary
	if was.canary != "" {
		p, err := k.planOfModel(was.canary)
		if err != nil || p == nil {
			return err
		}
		of = &canary{p, was.share}
	}
	if k.r.o.Switch == nil {
		k.r.o.Switch = &Switch{}
	}
	k.r.o.Switch.recall(k.r.plan, next, of)
	return nil
}

// planOfModel returns the plan of the model of this hash; nil: its streams are to begin anew.
func (k *keeper) planOfModel(hash string) (*plan, error) {
	r := k.r
	if s := r.o.Switch; s != nil {
		if p := s.next.Load(); p != nil && p.identity().model == hash {
			return p, nil
		}
		if c := s.canary.Load(); c != nil && c.identity().model == hash {
			return c.plan, nil
		}
	}
	if r.plan.identity().model == hash {
		return r.plan, nil
	}
	if r.o.Former == nil {
		return nil, nil
	}
	m, o, err := r.o.Former(hash)
	if err != nil || m == nil {
		return nil, err
	}
	p, err := newPlan(m, o)
	if err != nil {
		return nil, err
	}
	k.plans[p.key()] = p
	return p, nil
}

func (k *keeper) repeats() bool {
	s, ok := k.r.o.Store.(Repeater)
	return ok && s.Repeats()
}

// switches reports whether the next commit is one from which on streams go on with other models.
func (k *keeper) switches() bool {
	if k.store == nil || !k.r.o.Switch.waits() {
		return false
	}
	return k.recalled.IsZero() || !k.repeats() || k.r.now().Sub(k.recalled) > longestRecall
}

// turn has streams go on with what the Switch says, from the commit on that is being made.
func (k *keeper) turn() {
	if !k.switches() {
		return
	}
	if !k.recalled.IsZero() && k.repeats() {
		k.r.send(NewStatus(Header{Time: k.r.now()}, capture.Doubtful, fmt.Sprintf("events that were stored before this start have not come again within %v: the next ones of those streams are taken for them, and are not stored", longestRecall)))
	}
	k.recalled = time.Time{}
	k.r.o.Switch.apply()
}
