package stream

import (
	"math"

	"inkling/capture"
	"inkling/model"
)

// A Tap follows one stream of a Run from inside: the samples that come in and the events
// that come of them, in order. So it can cut the samples of a segment, by the numbers in
// its event, out of a buffer of its own. One goroutine at a time calls its methods, which
// must not block: this stream and others wait meanwhile. Taps of different streams may be
// called at the same time.
type Tap interface {
	// Block takes a block that the classifier has accepted, before the events that come of
	// it; its Offset counts as theirs do. No segment of these events or of later ones
	// begins before sample oldest, unless Offset has stepped back since. b is valid until
	// Block returns.
	Block(b *capture.Block, oldest uint64)
	// Event takes an event, made with model m, before any sink does, and may change it. e
	// is valid until Event returns.
	Event(e *Event, m *model.Model)
	// Close is called when the stream has ended or is dropped. A stream of the same name
	// that comes later has another Tap.
	Close()
}

// openTaps returns the taps of a stream; nil if there are none.
func (r *runner) openTaps(name string) (taps []Tap) {
	for _, open := range r.o.Taps {
		if t := open(name); t != nil {
			taps = append(taps, t)
		}
	}
	return taps
}

func (l *lane) closeTaps() {
	for _, t := range l.taps {
		t.Close()
	}
	l.taps = nil
}

// feed feeds a block to the classifier and to the taps.
func (l *lane) feed(b *capture.Block) error {
	if len(l.taps) == 0 {
		return l.c.Feed(b)
	}
	oldest := l.c.oldest(b)
	if err := l.c.Feed(b); err != nil {
		return err
	}
	for _, t := range l.taps {
		t.Block(b, oldest)
	}
	return nil
}

// tap gives the events to the taps.
func (l *lane) tap(events []Event) {
	for _, t := range l.taps {
		for i := range events {
			t.Event(&events[i], l.c.madeBy(events[i].Segment))
		}
	}
}

// oldest returns the first sample that a segment of b, which is not fed yet, or of a later
// block can have.
func (c *Classifier) oldest(b *capture.Block) uint64 {
	in := &c.input
	if !in.known {
		return b.Offset
	}
	if w := c.follower.where(); w.open {
		return w.start
	}
	reach := c.segmenter.Reach()
	if in.res != nil {
		reach = uint64(math.Ceil(float64(reach)*in.format.Rate/c.m.Config.Rate)) + uint64(in.res.Delay()) + 1
	}
	return in.next - min(in.next, reach)
}

// madeBy returns the model that a segment's events come from: after a switch, the one
// before up to the segment at which it was made.
func (c *Classifier) madeBy(segment uint64) *model.Model {
	if c.former != nil && segment > 0 && segment <= c.formerUntil {
		return c.former
	}
	return c.m
}
