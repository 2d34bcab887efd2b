package stream

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"

	"inkling/capture"
	"inkling/model"
	"inkling/model/segment"
)

// A Switch has the streams of a Run go on with another model, or with other options. Each
// of them does so when its open segment has ended, and not a sample is lost: what follows
// the end of that segment belongs to the next one. Segments are counted on.
//
// If the segmenter, the rate and the channels are the same, what the stream knows of the
// signal stays, such as its noise floor and what may become a pre-roll. Otherwise the new
// segmenter begins where the old segment has ended.
//
// In a Run with a Store that counts from the next commit on; see Repeater.
type Switch struct {
	next   atomic.Pointer[plan]
	canary atomic.Pointer[canary]

	mu    sync.Mutex
	told  func(m *model.Model) // of the Run; nil: none goes on
	early bool                 // To was called before a Run has begun
	held  bool                 // what To and Canary say counts from the next commit on
	later []func()             // until then
}

// A canary is a plan that a share of the streams goes on with.
type canary struct {
	*plan
	share float64
}

// Canary has a share of the streams, 0 to 1, go on with m and o instead of what To says. A
// stream's name decides, so that it is the same share in every process. With a share of 0 those
// streams go on with the others again, and m may be nil. A Run with a State file, which is of
// one model, cannot have it.
func (s *Switch) Canary(m *model.Model, o *Options, share float64) error {
	if share <= 0 {
		s.set(func() { s.canary.Store(nil) })
		return nil
	}
	p, err := newPlan(m, o)
	if err != nil {
		return err
	}
	if old := s.next.Load(); old != nil && old.m.HasNext() != m.HasNext() {
		return errKinds
	}
	s.set(func() { s.canary.Store(&canary{p, share}) })
	return nil
}

// share returns where in 0 to 1 the name of a stream lies.
func share(stream string) float64 {
	sum := sha256.Sum256([]byte(stream))
	return float64(binary.LittleEndian.Uint64(sum[:])>>11) / (1 << 53)
}

var errKinds = errors.New("a model of labels and one of what comes next cannot follow one another in a run: end the run, and begin another")

// To makes m and o what streams go on with. Session and Stream of o do not count.
func (s *Switch) To(m *model.Model, o *Options) error {
	p, err := newPlan(m, o)
	if err != nil {
		return err
	}
	if old := s.next.Load(); old != nil && old.m.HasNext() != m.HasNext() {
		return errKinds
	}
	s.set(func() { s.next.Store(p) })
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.told != nil {
		s.told(m)
	} else {
		s.early = true
	}
	return nil
}

// begin makes p the first plan, unless there is a later one already, and tell what is told of
// others; nil ends that. With held the Run makes commits.
func (s *Switch) begin(p *plan, held bool, tell func(*model.Model)) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p != nil && !s.early {
		s.next.Store(p)
	}
	s.early = false
	s.told = tell
	if s.held = held; tell == nil { // what the Run did not come to counts for the next one
		for _, do := range s.later {
			do()
		}
		s.later = nil
	}
}

// now returns the plan of a stream that begins: own, unless there is a later one.
func (s *Switch) now(own *plan, stream string) *plan {
	if s != nil {
		if c := s.canary.Load(); c != nil && share(stream) < c.share {
			return c.plan
		}
		if p := s.next.Load(); p != nil {
			return p
		}
	}
	return own
}

// sameSegments reports whether streams of p and q find the same segments.
func (p *plan) sameSegments(q *plan) bool {
	a, b := &p.m.Config, &q.m.Config
	return p.segment == q.segment && p.dec.Gap == q.dec.Gap && p.o.Why == q.o.Why && a.Rate == b.Rate && a.Channels == b.Channels &&
		a.Text() == b.Text() && (a.Front.Context > 0) == (b.Front.Context > 0) && (p.segment.Kind != segment.Label || p.m == q.m)
}

// sameFrames reports whether they find the same frames as well.
func (p *plan) sameFrames(q *plan) bool {
	return p.sameSegments(q) && reflect.DeepEqual(p.m.Config.Front, q.m.Config.Front)
}

// turn has the stream go on with the plan of its switch, if that is another. No segment is
// open, and nothing is queued.
func (c *Classifier) turn() error {
	p := c.switched.now(c.plan, c.stream)
	switch {
	case p == c.plan || c.Open() || c.queued():
		return nil
	case !p.sameSegments(c.plan):
		return c.anew(p, c.input.next, c.input.hole)
	}
	front, err := p.m.Front()
	if err != nil {
		return err
	}
	c.segmenter.SetFront(front) // which begins afresh with each segment
	return c.follow(p)
}

// turnAt is turn where a segment opens at o. It reports whether the queue has been made
// anew, from the segment's beginning on.
func (c *Classifier) turnAt(o *op) (anew bool) {
	p := c.switched.now(c.plan, c.stream)
	if p == c.plan {
		return false
	}
	if p.sameFrames(c.plan) {
		c.follow(p)
		return false
	}
	if c.plan.segment.Kind == segment.Activity && p.sameSegments(c.plan) {
		return false // its noise floor would be lost, and silence will come
	}
	b, at := c.feeding, o.found.Start
	if b == nil || b.Fault != nil || at < b.Offset || at > b.Offset+uint64(b.Len()) {
		return false // of the signal before the block nothing is left: the next segment, then
	}
	rest := part(b, int(at-b.Offset), b.Len())
	if c.checkWith(p, rest.Format) != nil {
		return false
	}
	c.idle()
	return c.anew(p, at, 0) == nil && c.Feed(rest) == nil
}

// follow keeps what finds segments, and replaces the network.
func (c *Classifier) follow(p *plan) error {
	fresh, err := p.classifier(c.session, c.stream)
	if err != nil {
		return err
	}
	fresh.follower.where().id = c.follower.where().id
	c.former, c.formerUntil = c.m, c.follower.where().id
	c.plan, c.follower, c.before = p, fresh.follower, nil
	return nil
}

// anew begins a stream of p at a sample of the source, after which hole samples are
// missing so far.
func (c *Classifier) anew(p *plan, at, hole uint64) error {
	fresh, err := p.classifier(c.session, c.stream)
	if err != nil {
		return err
	}
	fresh.follower.where().id = c.follower.where().id
	fresh.switched, fresh.emitted, fresh.skip = c.switched, c.emitted, c.skip
	if c.signal != nil {
		fresh.keepSignal()
	}
	fresh.shareWith(c.kin)
	fresh.former, fresh.formerUntil = c.m, c.follower.where().id
	in := c.input
	in.splices, in.shift, in.res = nil, 0, nil
	in.next, in.hole = at, hole
	if rate := p.m.Config.Rate; in.known && in.format.Rate > 0 && rate > 0 && in.format.Rate != rate {
		if in.res, err = fresh.resampler(p, in.format.Rate); err != nil {
			return err
		}
	}
	fresh.input = in
	if fresh.ear != nil && c.ear != nil {
		fresh.ear = c.ear
		fresh.mute()
	}
	fresh.restart(at)
	*c = *fresh
	return nil
}

// checkWith is checkFormat of a stream of p.
func (c *Classifier) checkWith(p *plan, f capture.Format) error {
	other := Classifier{plan: p}
	return other.checkFormat(f)
}
