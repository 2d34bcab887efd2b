package stream

import (
	"inkling/internal/codec"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// A follower turns the network's output over a segment's frames into events: a walker for
// labels, a forecaster or textForecaster for what comes next. Its methods are called in
// the order of the queue.
type follower interface {
	where() *place
	begin(c *Classifier, o *op)       // a segment opens
	state() (*model.State, []float32) // the state for the next step, and the destination of its probabilities or nil
	mark(c *Classifier)               // every step so far counts
	steps() int                       // the number of steps that count
	confirms(c *Classifier) bool      // whether ending a segment takes about as long as its steps
	release()                         // the slices of events so far are no longer used
	visit(k *codec.Codec)             // writes or reads the saved state
	consistent(c *Classifier) bool    // whether the fields that were read fit together

	// advance follows a step over frame; confirm ends a segment; drop ends one that the
	// segmenter has dropped. They append events to dst.
	advance(c *Classifier, dst []Event, o *op, frame []float32) []Event
	confirm(c *Classifier, dst []Event, o *op) []Event
	drop(c *Classifier, dst []Event, o *op) []Event
}

// place is a follower's segment and step.
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

// header returns the header of an event at o.
func (p *place) header(o *op) Header {
	return Header{Segment: p.id, Step: p.step, Sample: o.sample, Time: o.time, Clock: o.clock}
}

// A need is what a classifier's queue waits for: walk returns it.
type need uint8

const (
	needNothing need = iota // the queue is empty
	needStep                // a step over a frame: pending, the step, stepped
	needConfirm             // the end of a segment: confirm
)

// walk runs the queue up to the first op that needs the network. The caller meets the
// need and calls walk again: Advance for one stream, a worker for many at once.
func (c *Classifier) walk(dst []Event) ([]Event, need) {
	w := c.follower
	for ; c.queued() && c.walked < len(c.block.queue); c.walked++ {
		o := &c.block.queue[c.walked]
		if o.kind != opFound {
			dst = c.report(dst, o)
			continue
		}
		switch o.found.Kind {
		case segment.Opened:
			if c.switched != nil {
				if c.turnAt(o) {
					return c.walk(dst)
				}
				w = c.follower
			}
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
		case segment.Heard:
			dst = c.detected(dst, NewDetector(c.hearing(o), float32(o.found.Value), o.found.Threshold))
		case segment.Missed:
			dst = c.emit(dst, o.dropped(Header{Sample: o.sample, Time: o.time, Clock: o.clock}))
		}
	}
	c.idle()
	return dst, needNothing
}

// pending returns the arguments of the step that walk has stopped at. The caller makes it
// with Step or StepBatch and then calls stepped.
func (c *Classifier) pending() (s *model.State, frame, probs []float32) {
	s, probs = c.follower.state()
	return s, c.block.found.Frames[c.used:][:c.m.Dim()], probs
}

// stepped appends the events of the step that pending has described.
func (c *Classifier) stepped(dst []Event) []Event {
	_, frame, _ := c.pending()
	dst = c.follower.advance(c, dst, &c.block.queue[c.walked], frame)
	c.walked++
	c.used += len(frame)
	return dst
}

// confirm ends the segment that walk has stopped at. It takes about as long as
// confirmSteps steps.
func (c *Classifier) confirm(dst []Event) []Event {
	dst = c.follower.confirm(c, dst, &c.block.queue[c.walked])
	c.walked++
	return dst
}

func (c *Classifier) confirmSteps() int { return c.follower.steps() }

// emit appends e unless it was emitted before a resume.
func (c *Classifier) emit(dst []Event, e Event) []Event {
	c.emitted++
	if numbered(&e) {
		c.number++
		e.Number = c.number
	}
	if c.skip > 0 {
		c.skip--
		return dst
	}
	e.Session, e.Stream = c.session, c.stream
	return append(dst, e)
}

// aside appends e, which is not counted: a resume does not know of it.
func (c *Classifier) aside(dst []Event, e Event) []Event {
	e.Session, e.Stream, e.Aside = c.session, c.stream, true
	return append(dst, e)
}

// detected emits a detector event, or puts it aside.
func (c *Classifier) detected(dst []Event, e Event) []Event {
	if c.o.Emit.Detector {
		return c.emit(dst, e)
	}
	return c.aside(dst, e)
}

// hearing returns the header of a detector event: within the open segment, or outside.
func (c *Classifier) hearing(o *op) Header {
	h := Header{Sample: o.sample, Time: o.time}
	if w := c.follower.where(); w.open {
		h.Segment, h.Step = w.id, w.step
	}
	return h
}

// numbered reports whether e has a Number.
func numbered(e *Event) bool {
	switch e.Type {
	case Running, Forecast, Detector:
		return false
	case Confirmed, Dropped, Early:
		return e.Segment == 0
	}
	return true
}

// report appends the event of a gap or of a change of health.
func (c *Classifier) report(dst []Event, o *op) []Event {
	at := Header{Sample: o.sample, Time: o.time, Clock: o.clock}
	if o.kind == opGap {
		policy := c.dec.Gap
		if o.cause == gapFormat || o.cause == gapRestarted || o.cause == gapForgotten {
			policy = decide.GapReset // the segment has ended whatever the policy is
		}
		return c.emit(dst, NewGap(at, o.lost, policy, o.cause.String()))
	}
	return c.emit(dst, NewStatus(at, o.fault.State, o.fault.Reason))
}

// dropped returns the event of a segment, or of sound, that the segmenter has dropped.
func (o *op) dropped(h Header) Event {
	return NewDropped(h, o.span(), HeldBack{Rule: decide.Rule(o.found.Reason), Threshold: o.found.Threshold, Value: o.found.Value})
}

// span returns that of a segment that ends with o.
func (o *op) span() Span {
	return Span{Start: o.found.Start, End: o.sample, EndedBy: o.found.Ending, Peak: o.found.Peak}
}
