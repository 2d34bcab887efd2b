package stream

import (
	"inkling/internal/codec"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// A follower makes events of what the network says of a segment's frames: walker where
// there are labels, forecaster where it says what comes next. All it is told comes from
// the queue, in order.
type follower interface {
	where() *place
	begin(c *Classifier, o *op)       // a segment opens
	state() (*model.State, []float32) // what the next step moves on; where its probabilities go, or nil
	mark(c *Classifier)               // every step so far counts
	steps() int                       // that count
	confirms(c *Classifier) bool      // ending a segment takes about as long as its steps
	forget()                          // events handed out are no longer needed
	visit(k *codec.Codec)             // saved state, written or read
	sound(c *Classifier) bool         // what was read fits together

	// After a step over frame, at a segment's end, and of a candidate that is none: the
	// events are appended to dst.
	advance(c *Classifier, dst []Event, o *op, frame []float32) []Event
	confirm(c *Classifier, dst []Event, o *op) []Event
	drop(c *Classifier, dst []Event, o *op) []Event
}

// place is where a follower stands: in which segment, after which step.
type place struct {
	open  bool
	id    uint64
	step  int
	start uint64
}

func (p *place) where() *place { return p }

func (p *place) begin(o *op) {
	p.open, p.step, p.start = true, 0, o.found.Start
	p.id++
}

// header is that of an event at o.
func (p *place) header(o *op) Header {
	return Header{Segment: p.id, Step: p.step, Sample: o.sample, Time: o.time}
}

// A need is what a classifier's queue waits for.
type need uint8

const (
	needNothing need = iota // it is empty
	needStep                // of a frame: see pending and stepped
	needConfirm             // at a segment's end: see confirm
)

// Advance runs what Feed queued and appends the events to dst. Their Top and
// Why are valid until the next call.
func (c *Classifier) Advance(dst []Event) []Event {
	c.forgetTops()
	for {
		var n need
		switch dst, n = c.walk(dst); n {
		case needStep:
			state, frame, probs := c.pending()
			c.m.Step(probs, state, frame)
			dst = c.stepped(dst)
		case needConfirm:
			dst = c.confirm(dst)
		default:
			return dst
		}
	}
}

// forgetTops reuses the memory of the events so far.
func (c *Classifier) forgetTops() {
	c.follower.forget()
}

// walk works the queue off up to what needs the network. Whoever calls it meets
// the need and walks on: Advance by itself, a worker for many streams at once.
func (c *Classifier) walk(dst []Event) ([]Event, need) {
	w := c.follower
	for ; c.walked < len(c.queue); c.walked++ {
		o := &c.queue[c.walked]
		if o.kind != opFound {
			dst = c.report(dst, o)
			continue
		}
		switch o.found.Kind {
		case segment.Opened:
			w.begin(c, o)
		case segment.FrameReady:
			return dst, needStep
		case segment.Counted:
			w.mark(c)
		case segment.Closed:
			if w.confirms(c) {
				return dst, needConfirm
			}
			dst = w.confirm(c, dst, o)
		case segment.Dropped:
			dst = w.drop(c, dst, o)
		case segment.Missed:
			dst = c.emit(dst, o.dropped(Header{Sample: o.sample, Time: o.time}))
		}
	}
	c.queue, c.walked = c.queue[:0], 0
	c.found.Frames, c.used = c.found.Frames[:0], 0
	return dst, needNothing
}

// pending is the step that walk has stopped at: Step, or StepBatch, of these is
// to follow, and then stepped.
func (c *Classifier) pending() (s *model.State, frame, probs []float32) {
	s, probs = c.follower.state()
	return s, c.found.Frames[c.used:][:c.m.Dim()], probs
}

// stepped goes on after the step that pending gave.
func (c *Classifier) stepped(dst []Event) []Event {
	_, frame, _ := c.pending()
	dst = c.follower.advance(c, dst, &c.queue[c.walked], frame)
	c.walked++
	c.used += len(frame)
	return dst
}

// confirm ends the segment that walk has stopped at. It costs about as much as
// confirmSteps steps.
func (c *Classifier) confirm(dst []Event) []Event {
	dst = c.follower.confirm(c, dst, &c.queue[c.walked])
	c.walked++
	return dst
}

func (c *Classifier) confirmSteps() int { return c.follower.steps() }

// emit appends e unless it was emitted before a resume.
func (c *Classifier) emit(dst []Event, e Event) []Event {
	c.emitted++
	if c.skip > 0 {
		c.skip--
		return dst
	}
	e.Session, e.Stream = c.o.Session, c.o.Stream
	return append(dst, e)
}

// report makes the event of a gap or of a change of health.
func (c *Classifier) report(dst []Event, o *op) []Event {
	at := Header{Sample: o.sample, Time: o.time}
	if o.kind == opGap {
		return c.emit(dst, NewGap(at, o.lost, c.dec.Gap, o.cause.String()))
	}
	return c.emit(dst, NewStatus(at, o.fault.State, o.fault.Reason))
}

// dropped is the event of a segment, or of sound, that the segmenter dropped.
func (o *op) dropped(h Header) Event {
	return NewDropped(h, o.span(), HeldBack{Rule: decide.Rule(o.found.Reason), Threshold: o.found.Threshold, Value: o.found.Value})
}

// span is that of a segment that ends with o.
func (o *op) span() Span {
	return Span{Start: o.found.Start, End: o.sample, EndedBy: o.found.Ending, Peak: o.found.Peak}
}
