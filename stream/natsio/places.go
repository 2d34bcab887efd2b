package natsio

import (
	"container/list"
	"fmt"
	"math"
	"time"

	"inkling/internal/table"
)

// places holds where each stream goes on. Of more than most streams it forgets the one that
// was longest without a message; if that comes back it begins anew, unless its messages
// have offsets.
type places struct {
	most   int
	forget func(*place) // called with those that are forgotten
	of     map[string]*list.Element
	used   list.List // of *place, the one used last at the back
	turn   uint64    // of the last use

	touched map[string]bool // used, or forgotten, since positions were last looked at; nil: nobody looks
}

// A place is where a stream goes on: the index of its next sample, what its fields are, and
// what is known of its clock.
type place struct {
	stream  string
	turn    uint64 // of its last use
	next    uint64
	schemas []*schema     // of its subjects
	feed    *feed         // of rows with times; nil: it has none
	full    *list.Element // in Source.full
	waiting *list.Element // in Source.waiting

	recent []uint64 // hashes of its last messages, of MQTT devices that may repeat them

	clock *table.Clock // of messages of which the first sample has a time
	due   float64      // time of the next sample by that clock
	lost  int          // messages in turn that were before due
}

// find returns the place of a stream, the first one if it is new.
func (p *places) find(stream string) *place {
	e := p.of[stream]
	if e == nil {
		if e = p.used.PushBack(&place{stream: stream}); p.of == nil {
			p.of = map[string]*list.Element{}
		}
		p.of[stream] = e
		if p.used.Len() > p.most {
			oldest := p.used.Remove(p.used.Front()).(*place)
			delete(p.of, oldest.stream)
			p.touch(oldest)
			if p.forget != nil {
				p.forget(oldest)
			}
		}
	}
	p.used.MoveToBack(e)
	of := e.Value.(*place)
	p.turn++
	of.turn = p.turn
	p.touch(of)
	return of
}

// touch notes that a place has changed, or will.
func (p *places) touch(of *place) {
	if p.touched != nil {
		p.touched[of.stream] = true
	}
}

// put sets the offset of a message without one, and moves the stream behind it.
func (p *place) put(d *message) {
	if !d.placed {
		d.offset = p.next
	}
	p.next = d.offset + uint64(d.frames())
}

// schema returns what the fields of a subject of the stream are. The subjects of one stream
// share its channels.
func (p *place) schema(f *Format, part int, subjects *pattern) *schema {
	if p.schemas == nil {
		p.schemas = make([]*schema, len(subjects.parts))
		for i := range p.schemas {
			p.schemas[i] = newSchema(f, subjects.parts[i].label)
			p.schemas[i].from = p.schemas[0].from
		}
	}
	return p.schemas[part]
}

// at places a message by the time of its first sample. Messages that follow one another to
// half their length are placed so: their times have jitter. It reports whether the message
// is to be read, and what there is to tell.
func (p *place) at(d *message, h table.Hint) (ok bool, tell string, err error) {
	if d.placed || d.format.Rate <= 0 {
		return true, "", p.begin(d, h)
	}
	if p.clock == nil {
		return true, "", p.begin(d, h)
	}
	at, err := p.clock.At(d.at)
	if err != nil {
		return false, "", err
	}
	length := float64(d.frames()) / d.format.Rate
	off := at - p.due
	switch {
	case math.Abs(off) <= max(length/2, 1/d.format.Rate):
		p.due += length + off/64 // clocks that run apart slowly
	case off > jump, off < 0 && p.lost > 0:
		tell = fmt.Sprintf("the clock of the sensor was set by %.6g s: the stream begins anew", off)
		p.next = 0
		return true, tell, p.begin(d, h)
	case off < 0:
		p.lost++
		return false, fmt.Sprintf("messages that come late, or again, are left out: that of %s is %.3g s behind", cut(d.at.String()), -off), nil
	default:
		p.next += uint64(math.Round(off * d.format.Rate))
		p.due = at + length
	}
	p.lost = 0
	return true, "", nil
}

// begin begins the clock with the time of a message.
func (p *place) begin(d *message, h table.Hint) (err error) {
	p.clock, err = table.NewClock([]table.Time{d.at}, h)
	p.due, p.lost = 0, 0
	if d.format.Rate > 0 {
		p.due = float64(d.frames()) / d.format.Rate
	}
	return err
}

// time returns the date of the first sample of a message, or the zero time if its clock
// does not say it.
func (p *place) time(d *message) time.Time {
	if p.clock == nil || p.clock.Start().IsZero() {
		return time.Time{}
	}
	at, err := p.clock.At(d.at)
	if err != nil {
		return time.Time{}
	}
	return p.clock.Start().Add(time.Duration(math.Round(at * 1e9)))
}
