package stream

import (
	"cmp"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/segment"
)

// A Classifier is one stream, without clock, goroutine, input or output. Feed takes
// blocks and queues what they hold; Advance steps the network through the queue.
// Events depend neither on how the samples were split into blocks nor on when Advance
// is called. In steady state neither allocates. A Classifier serves one goroutine at a
// time.
type Classifier struct {
	*plan
	session, stream string

	input     input
	segmenter segment.Segmenter
	signal    *segment.Signal // what the segmenter got; nil: not kept
	block     *blockMemory    // nil: nothing is queued
	walked    int             // ops of its queue that are done
	used      int             // values of its frames that are done
	follower  follower
	waits     bool           // samples wait for the detector: see hears
	ear       *ear           // nil: the stream is labelled from the beginning
	switched  *Switch        // nil: none
	kin       *kin           // nil: it shares work with none
	feeding   *capture.Block // that Feed has queued last, if there is a switch

	former      *model.Model // that the stream had before the last switch; nil: none
	formerUntil uint64       // its last segment

	before   []byte // Resumable: the state when no segment was open
	emitted  uint64 // events since before
	number   uint64 // the last Number of an event
	away     bool   // the next gap is that of the program
	skip     uint64 // events to suppress after a resume, since they were emitted before
	resumeAt uint64
}

// NewClassifier returns the classifier of one stream. Nil options take everything from
// the model.
func NewClassifier(m *model.Model, o *Options) (*Classifier, error) {
	p, err := newPlan(m, o)
	if err != nil {
		return nil, err
	}
	return p.classifier(p.o.Session, p.o.Stream)
}

// Another returns the classifier of another stream with the same model and options. The
// two share whatever does not change, and memory that streams need for a moment only.
func (c *Classifier) Another(session, stream string) (*Classifier, error) {
	return c.plan.classifier(session, stream)
}

// An op is one thing that Feed found, for Advance to act on.
type op struct {
	kind   opKind
	found  segment.Event  // opFound: what the segmenter found; positions are the source's
	sample uint64         // the source's: where a gap ends, where the found thing lies
	time   time.Time      // of sample
	clock  capture.Timing // of time
	lost   uint64         // opGap
	cause  gapCause       // opGap
	fault  *capture.Fault // opStatus
	signal []float32      // opFound: of a segment that ends, if it is kept
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
	o.clock = cmp.Or(o.clock, c.input.clock)
	if o.kind != opStatus || o.clock == c.input.clock {
		o.time = c.input.forward(o.sample, o.time)
	}
	b := c.busy()
	b.queue = append(b.queue, o)
}

// busy returns the memory for the block that is fed, which idle gives back.
func (c *Classifier) busy() *blockMemory {
	if c.block == nil {
		c.block = c.blocks.Get()
	}
	return c.block
}

func (c *Classifier) idle() {
	if b := c.block; b != nil {
		b.queue, b.found.Frames = b.queue[:0], b.found.Frames[:0]
		c.blocks.Put(b)
	}
	c.block, c.walked, c.used = nil, 0, 0
}

// queued reports whether something waits for Advance.
func (c *Classifier) queued() bool { return c.block != nil && len(c.block.queue) > 0 }

// queueFound queues what the segmenter has found, with its positions mapped to the
// source's. Frames stay where they are.
func (c *Classifier) queueFound() {
	in, found := &c.input, &c.busy().found
	for _, e := range found.Events {
		if e.Kind == segment.Heard {
			c.ear.overhear(e.Value)
			if !c.o.Emit.Detector && !c.o.Aside {
				continue
			}
		}
		o := op{kind: opFound, found: e}
		if c.signal != nil {
			o.signal = c.signal.Follow(&e)
		}
		switch o.found.Start, o.found.Peak = in.begin(e.Start), in.begin(e.Peak); e.Kind {
		case segment.Opened:
			o.sample = o.found.Start
		case segment.Counted:
		default:
			o.sample = in.end(e.End)
			o.found.End = o.sample
		}
		c.push(o)
		if c.ear != nil {
			c.cut(&e, o.sample)
		}
	}
	found.Events = found.Events[:0]
	if c.signal != nil {
		c.signal.Trim(c.segmenter.Reach())
	}
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
