package stream

import (
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// A Classifier is one stream, without clock, goroutine, input or output. Feed takes
// blocks and queues what they hold; Advance steps the network through the queue.
// Events depend neither on how the samples were split into blocks nor on when Advance
// is called. In steady state neither allocates. A Classifier serves one goroutine at a
// time.
type Classifier struct {
	m       *model.Model
	o       Options
	segment segment.Config
	dec     decide.Config

	input     input
	segmenter segment.Segmenter
	found     segment.Found // its frames belong to the queue's FrameReady ops, in order, Dim values each
	queue     []op
	walked    int // ops of the queue that are done
	used      int // values of found.Frames that are done
	follower  follower
	walker    *walker // the follower of a model of labels

	before   []byte // Resumable: the state when no segment was open
	emitted  uint64 // events since before
	skip     uint64 // events to suppress after a resume, since they were emitted before
	resumeAt uint64
	id       *identity // of its saved states; nil until first needed
}

// NewClassifier returns the classifier of one stream. Nil options take everything from
// the model.
func NewClassifier(m *model.Model, o *Options) (*Classifier, error) {
	if o == nil {
		o = &Options{}
	}
	c := &Classifier{m: m, o: *o}
	var err error
	if c.segment, c.dec, err = o.settle(m); err != nil {
		return nil, err
	}
	front, err := m.Front()
	if err != nil {
		return nil, err
	}
	c.segmenter = segment.New(&c.segment, segment.Setup{Front: front, Rate: m.Config.Rate, Channels: m.Config.Channels,
		Text: m.Config.Text(), Context: m.Config.Front.Context > 0, Missed: o.Why, Endless: m.HasNext()})
	switch {
	case !m.HasNext():
		c.walker = newWalker(c)
		c.follower = c.walker
	case m.Config.Text():
		c.follower = newTextForecaster(c)
	default:
		c.follower = newForecaster(c)
	}
	return c, nil
}

// An op is one thing that Feed found, for Advance to act on.
type op struct {
	kind   opKind
	found  segment.Event  // opFound: what the segmenter found; positions are the source's
	sample uint64         // the source's: where a gap ends, where the found thing lies
	time   time.Time      // of sample
	lost   uint64         // opGap
	cause  gapCause       // opGap
	fault  *capture.Fault // opStatus
}

type opKind uint8

const (
	opFound  opKind = iota // a segment's frame, beginning or end
	opGap                  // samples were lost before sample
	opStatus               // the source's health has changed
)

func (c *Classifier) push(o op) {
	if o.time.IsZero() && o.kind != opStatus {
		o.time = c.input.time(o.sample)
	}
	c.queue = append(c.queue, o)
}

// queueFound queues what the segmenter has found, with its positions mapped to the
// source's. Frames stay in c.found.
func (c *Classifier) queueFound() {
	in := &c.input
	for _, e := range c.found.Events {
		o := op{kind: opFound, found: e}
		switch o.found.Start, o.found.Peak = in.begin(e.Start), in.begin(e.Peak); e.Kind {
		case segment.Opened:
			o.sample = o.found.Start
		case segment.Counted:
		default:
			o.sample = in.end(e.End)
			o.found.End = o.sample
		}
		c.push(o)
	}
	c.found.Events = c.found.Events[:0]
}

// Advance runs what Feed queued and appends the events to dst. Their slices are valid
// until the next call.
func (c *Classifier) Advance(dst []Event) []Event {
	c.follower.release()
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

// End ends the open segment, for the reason why, runs what is queued and appends the
// events. The next block may go on where the last one ended.
func (c *Classifier) End(dst []Event, why segment.Ending) []Event {
	c.feedEnd(why)
	return c.Advance(dst)
}

// feedEnd queues the end of the open segment.
func (c *Classifier) feedEnd(why segment.Ending) {
	if c.input.known {
		c.reportHole(c.input.hole)
		c.endSegment(why)
		c.restart(c.input.next)
	}
}

// Open reports whether a segment is open.
func (c *Classifier) Open() bool {
	open, _, _ := c.segmenter.Open()
	return open || c.follower.where().open
}
