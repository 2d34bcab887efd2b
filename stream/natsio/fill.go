package natsio

import (
	"cmp"
	"container/list"
	"errors"
	"time"

	"inkling/capture"
	"inkling/internal/table"
)

// fill decodes a message into b, and reports whether that gave samples. Those of rows with
// times come with next. The caller holds s.mu, as of all that follows.
func (s *Source) fill(b *capture.Block, l *letterIn) bool {
	if removal(l) {
		return false
	}
	p := s.places.find(l.stream)
	err := s.decode(l, p)
	if err == nil && s.repeated(l, &s.msg) {
		return false
	}
	if err == nil {
		var ok bool
		if ok, err = s.place(p, l); err == nil {
			if ok {
				s.block(b, p, l)
			}
			return ok
		}
	}
	s.refuse(l.stream, l.msg.Subject, err)
	return false
}

// place finds out where the samples of the decoded message belong. It reports whether they
// are a block by themselves.
func (s *Source) place(p *place, l *letterIn) (bool, error) {
	d := &s.msg
	if s.o.Clock == capture.ArrivalTime {
		if d.partial {
			return false, errors.New("samples that lack channels are joined by their times, and SourceOptions.Clock is arrival: send all channels together")
		}
		d.times, d.timed = d.times[:0], false
	}
	rate := cmp.Or(d.format.Rate, s.o.Grid.Rate)
	if rate > table.MostRate && len(d.times) > 0 || rate <= 0 {
		if d.partial {
			return false, errors.New("samples that lack channels are joined by their times, and the rate is not known: set GridOptions.Rate")
		}
		d.times = d.times[:0]
	}
	h := table.Hint{Name: d.timeName, Unit: d.timeUnit, Said: s.o.Format.TimeUnit, Rate: rate}
	switch {
	case len(d.times) > 0 && !d.placed:
		return false, s.rows(p, l, h, rate)
	case p.feed != nil || len(s.pattern.parts) > 1:
		return s.timeless(p, l, h, rate)
	case d.timed:
		if d.format.Rate <= 0 {
			d.format.Rate = s.o.Grid.Rate
		}
		ok, what, err := p.at(d, h)
		if what != "" {
			s.tell(&s.bad, fault{l.stream, capture.Fault{State: capture.Up, Reason: what}})
		}
		if ok {
			p.put(d)
		}
		return ok, err
	}
	p.put(d)
	return true, nil
}

// timeless handles a message without a time for each sample, in a stream of rows with times.
func (s *Source) timeless(p *place, l *letterIn, h table.Hint, rate float64) (bool, error) {
	d := &s.msg
	if !d.timed {
		return false, errors.New("samples without times in a stream of rows with times: give each a time")
	}
	first := d.at
	if first.Text != "" {
		at, err := time.Parse(time.RFC3339Nano, first.Text)
		if err != nil {
			return false, errors.New("several samples with one time, which is not RFC 3339: give each a time of its own")
		}
		for i := range d.frames() {
			d.times = append(d.times, table.Time{Text: at.Add(time.Duration(float64(i) / rate * 1e9)).Format(time.RFC3339Nano)})
		}
		return false, s.rows(p, l, h, rate)
	}
	scale, err := h.Scale(first)
	if err != nil {
		return false, err
	}
	for i := range d.frames() {
		d.times = append(d.times, table.Time{Number: first.Number + float64(i)/rate/scale})
	}
	return false, s.rows(p, l, h, rate)
}

// rows gives the rows of the decoded message to the stream's feed.
func (s *Source) rows(p *place, l *letterIn, h table.Hint, rate float64) error {
	d := &s.msg
	if p.feed == nil {
		p.feed = s.newFeed(p, l.msg.Subject, capture.Format{Rate: rate, Channels: d.format.Channels})
	}
	f := p.feed
	if f.format.Channels != d.format.Channels {
		return errChannels(d.format.Channels, f.format.Channels)
	}
	f.arrived, f.touched = l.arrived, s.now()
	err := f.message(l.part, d, h)
	if len(f.parts) > 1 || d.partial || f.format.Channels > 1 {
		f.watch(p.schemas[l.part].names)
	}
	s.queue(p)
	return err
}

// newFeed returns the feed of a stream, of whose messages one came on a subject.
func (s *Source) newFeed(p *place, subject string, format capture.Format) *feed {
	subjects := []string{subject}
	if len(s.pattern.parts) > 1 {
		subjects = subjects[:0]
		for i := range s.pattern.parts {
			subjects = append(subjects, s.pattern.parts[i].subject)
		}
	}
	f := newFeed(p.stream, subjects, format, &s.o.Grid)
	f.tell = func(state capture.Health, reason string) {
		s.tell(&s.bad, fault{p.stream, capture.Fault{State: state, Reason: cut(reason)}})
	}
	return f
}

// queue has the samples of a stream be read, and its rows that wait be looked after.
func (s *Source) queue(p *place) {
	f := p.feed
	if f.samples.Runs() > 0 && p.full == nil {
		p.full = s.full.PushBack(p)
	}
	switch waits := f.waits(); {
	case p.waiting != nil && waits:
		s.waiting.MoveToBack(p.waiting)
	case p.waiting != nil:
		s.waiting.Remove(p.waiting)
		p.waiting = nil
	case waits:
		p.waiting = s.waiting.PushBack(p)
	}
}

// forget leaves out the samples of a stream that is forgotten.
func (s *Source) forget(p *place) {
	if p.full != nil {
		s.full.Remove(p.full)
	}
	if p.waiting != nil {
		s.waiting.Remove(p.waiting)
	}
}

// next fills b with samples of rows with times, and reports whether there were any.
func (s *Source) next(b *capture.Block) bool {
	var after *list.Element
	for e := s.full.Front(); e != nil; e = after {
		after = e.Next()
		p := e.Value.(*place)
		if s.in.held[p.stream] {
			continue
		}
		p.feed.block(b)
		if p.next = b.Offset + uint64(b.Len()); p.feed.samples.Runs() == 0 {
			s.full.Remove(e)
			p.full = nil
		}
		return true
	}
	return false
}

// due returns the time until rows that wait for others have waited long enough; −1: none
// wait.
func (s *Source) due() time.Duration {
	e := s.waiting.Front()
	if e == nil {
		return -1
	}
	quiet := cmp.Or(s.quiet, time.Duration(s.o.Grid.late()*1e9))
	return max(e.Value.(*place).feed.touched.Add(quiet).Sub(s.now()), 0)
}

// overdue gives the rows of streams that have been quiet to their grids, and reports whether
// there is something to read then.
func (s *Source) overdue() bool {
	any := false
	for e := s.waiting.Front(); e != nil && s.due() == 0; e = s.waiting.Front() {
		p := e.Value.(*place)
		s.waiting.Remove(e)
		p.waiting = nil
		if p.full != nil {
			continue // its samples are not being read
		}
		p.feed.release(true)
		if p.feed.samples.Runs() > 0 {
			p.full = s.full.PushBack(p)
		}
		any = true
	}
	return any || len(s.faults) > 0
}

// settle completes the samples of all streams, at the end.
func (s *Source) settle() {
	s.settled = true
	for e := s.places.used.Front(); e != nil; e = e.Next() {
		p := e.Value.(*place)
		if p.feed == nil {
			continue
		}
		s.places.touch(p)
		p.feed.acquit()
		p.feed.settle()
		if p.waiting != nil {
			s.waiting.Remove(p.waiting)
			p.waiting = nil
		}
		if p.feed.samples.Runs() > 0 && p.full == nil {
			p.full = s.full.PushBack(p)
		}
		if notes := p.feed.notes(p.schemas[0].names); len(notes) > 0 && s.o.Notes != nil {
			s.o.Notes(p.stream, notes)
		}
	}
}

// block fills b with the samples of the decoded message.
func (s *Source) block(b *capture.Block, p *place, l *letterIn) {
	d := &s.msg
	*b = capture.Block{Stream: l.stream, Format: d.format, Offset: d.offset, Mark: d.mark, Time: l.arrived, Clock: capture.ArrivalTime, Arrived: l.arrived,
		Samples: append(b.Samples[:0], d.samples...)}
	if d.timed {
		if t := p.time(d); !t.IsZero() {
			b.Time, b.Clock = t, capture.SensorTime
			return
		}
	}
	if b.Format.Rate > 0 {
		b.Time = b.Time.Add(-time.Duration(float64(d.frames()) / b.Format.Rate * 1e9))
	}
}
