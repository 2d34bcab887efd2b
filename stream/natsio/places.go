package natsio

import "container/list"

// places holds where each stream goes on: the index of its next sample. Of more than most
// streams it forgets the one that was longest without a message; if that comes back it
// counts from 0, unless its messages have offsets.
type places struct {
	most int
	of   map[string]*list.Element
	used list.List // of place, the one used last at the back
}

type place struct {
	stream string
	next   uint64
	recent []uint64 // hashes of its last messages, of MQTT devices that may repeat them
}

// put sets the offset of a message without one, and moves its stream behind it.
func (p *places) put(stream string, d *message) {
	at := p.find(stream)
	if !d.placed {
		d.offset = at.next
	}
	at.next = d.offset + uint64(d.frames())
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
			oldest := p.used.Front()
			delete(p.of, p.used.Remove(oldest).(*place).stream)
		}
	}
	p.used.MoveToBack(e)
	return e.Value.(*place)
}
