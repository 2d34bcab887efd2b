package stream

import (
	"cmp"
	"math"

	"inkling/capture"
	"inkling/model"
	"inkling/model/segment"
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

// A SegmentTap is a Tap that gets confirmed events with the samples of their segments.
type SegmentTap interface {
	Tap
	// Segment is called in place of Event for a confirmed event. signal has the samples
	// from which the model made its frames, after everything that was done to those of the
	// source: mixed, resampled, and with gaps held, filled or left out. It is Segment's to
	// keep, and nil if the Run went on from a saved state with the segment open. Rate of
	// format is 0 if it is unknown.
	Segment(e *Event, m *model.Model, format capture.Format, signal []float32)
}

// openTaps gives the lane the taps of its stream, if there are any.
func (l *lane) openTaps(open []func(stream string) Tap, name string) {
	for _, open := range open {
		t := open(name)
		if t == nil {
			continue
		}
		l.taps = append(l.taps, t)
		if _, ok := t.(SegmentTap); ok && l.c.signal == nil {
			l.c.keepSignal()
		}
	}
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
	if len(l.taps) == 0 {
		return
	}
	for i := range events {
		e := &events[i]
		m, signal := l.c.madeBy(e.Segment), e.signal
		e.signal = nil
		for _, t := range l.taps {
			if s, ok := t.(SegmentTap); ok && e.Type == Confirmed {
				s.Segment(e, m, l.c.heardAs(m), signal)
			} else {
				t.Event(e, m)
			}
		}
	}
}

// heardAs returns the format of the samples that model m gets.
func (c *Classifier) heardAs(m *model.Model) capture.Format {
	return capture.Format{Rate: cmp.Or(m.Config.Rate, c.input.format.Rate), Channels: m.Config.Channels}
}

// keepSignal has the samples of segments kept for their confirmed events.
func (c *Classifier) keepSignal() {
	c.signal = segment.NewSignal(c.m.Config.Channels, c.segmenter.Pos())
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
