package natsio

import (
	"maps"
	"math"
	"slices"

	"inkling/capture"
	"inkling/internal/codec"
	"inkling/internal/table"
)

// mostListed bounds the lists of a saved position.
const mostListed = 1 << 20

// visitShared writes or reads what of where the streams of s go on is no stream's, between two
// calls of pop and with an empty inbox. A source that reads has been made with the same options.
func (s *Source) visitShared(k *codec.Codec) {
	k.Time(&s.arrival)
	for _, n := range []interface {
		Load() uint64
		Store(uint64)
	}{&s.Bad, &s.Lost} {
		v := n.Load()
		k.Uint64(&v)
		n.Store(v)
	}
	codec.List(k, &s.faults, mostListed, func(f *fault) { f.visit(k) })
	s.bad.visit(k)
	s.slow.visit(k)
	s.visitTold(k)
	k.Uint64(&s.repeats.n)
	k.Bool(&s.repeats.told)
}

func (f *fault) visit(k *codec.Codec) {
	k.String(&f.stream)
	k.String((*string)(&f.State))
	k.String(&f.Reason)
}

func (s *seldom) visit(k *codec.Codec) {
	k.Time(&s.began)
	k.Int(&s.told, 0, mostTold)
	k.Int(&s.untold, 0, math.MaxInt)
	s.last.visit(k)
}

func (s *Source) visitTold(k *codec.Codec) {
	keys := slices.Sorted(maps.Keys(s.told))
	if k.Reading() {
		s.told = map[string]*told{}
	}
	codec.List(k, &keys, mostRemembered, func(key *string) {
		k.String(key)
		t := s.told[*key]
		if t == nil {
			t = &told{}
			s.told[*key] = t
		}
		k.Int(&t.n, 0, math.MaxInt)
		k.Time(&t.when)
	})
}

// visitPlaces has the streams in the order in which they were used, and the order of those
// that have something to be read or wait.
func (s *Source) visitPlaces(k *codec.Codec) {
	var all []*place
	at := map[*place]int{}
	for e := s.places.used.Front(); e != nil; e = e.Next() {
		p := e.Value.(*place)
		at[p] = len(all)
		all = append(all, p)
	}
	if k.Reading() && len(all) > 0 {
		k.Fail() // a source that has read already
		return
	}
	codec.List(k, &all, s.places.most, func(p **place) {
		name := ""
		if *p != nil {
			name = (*p).stream
		}
		if k.String(&name); k.Bad() {
			return
		}
		if k.Reading() {
			*p = s.places.find(name)
		}
		(*p).visit(k, s)
	})
	var full, waiting []int
	for e := s.full.Front(); e != nil; e = e.Next() {
		full = append(full, at[e.Value.(*place)])
	}
	for e := s.waiting.Front(); e != nil; e = e.Next() {
		waiting = append(waiting, at[e.Value.(*place)])
	}
	codec.List(k, &full, len(all), func(i *int) { k.Int(i, 0, len(all)-1) })
	codec.List(k, &waiting, len(all), func(i *int) { k.Int(i, 0, len(all)-1) })
	if !k.Reading() || k.Bad() {
		return
	}
	for _, i := range full {
		s.enlist(k, all[i], false)
	}
	for _, i := range waiting {
		s.enlist(k, all[i], true)
	}
}

// enlist puts a place that was read into the list of those that wait, or of those with samples.
func (s *Source) enlist(k *codec.Codec, p *place, waits bool) {
	switch {
	case p == nil || p.feed == nil || waits && p.waiting != nil || !waits && (p.feed.samples.Runs() == 0 || p.full != nil):
		k.Fail()
	case waits:
		p.waiting = s.waiting.PushBack(p)
	default:
		p.full = s.full.PushBack(p)
	}
}

func (p *place) visit(k *codec.Codec, s *Source) {
	k.Uint64(&p.next)
	has := len(p.schemas) > 0
	if k.Bool(&has); has {
		for i := range s.pattern.parts {
			p.schema(&s.o.Format, i, s.pattern).visit(k, i == 0)
		}
	}
	has = p.feed != nil
	if k.Bool(&has); has {
		if k.Reading() {
			p.feed = s.newFeed(p, "", capture.Format{})
		}
		p.feed.visit(k)
	}
	codec.List(k, &p.recent, mostRepeats, func(sum *uint64) { k.Uint64(sum) })
	visitClock(k, &p.clock)
	k.Float64(&p.due)
	k.Int(&p.lost, 0, math.MaxInt)
}

func visitClock(k *codec.Codec, c **table.Clock) {
	has := *c != nil
	if k.Bool(&has); has {
		if k.Reading() {
			*c = &table.Clock{}
		}
		(*c).Visit(k)
	}
}

// visit has what a schema has learned; the subjects of a stream share where its channels are
// from, which the first has.
func (s *schema) visit(k *codec.Codec, first bool) {
	codec.List(k, &s.names, mostListed, k.String)
	if first {
		from := slices.Clone(s.from)
		if codec.List(k, &from, mostListed, k.String); len(from) != len(s.names) {
			k.Fail()
		} else if len(from) == len(s.from) {
			copy(s.from, from)
		} else {
			s.from = from
		}
	}
	noted := slices.Sorted(maps.Keys(s.noted))
	codec.List(k, &noted, 1<<10, k.String)
	if k.Reading() && len(noted) > 0 {
		s.noted = map[string]bool{}
		for _, text := range noted {
			s.noted[text] = true
		}
	}
}

func (d *feed) visit(k *codec.Codec) {
	k.Float64(&d.format.Rate)
	k.Int(&d.format.Channels, 1, math.MaxInt32)
	if k.Bad() {
		return
	}
	if k.Reading() {
		if d.format.Channels > mostListed || d.format.Rate <= 0 || d.format.Rate > table.MostRate {
			k.Fail()
			return
		}
		d.init()
	}
	for i := range d.parts {
		d.parts[i].visit(k)
	}
	d.visitAhead(k)
	d.order.Visit(k)
	d.samples.Visit(k)
	visitClock(k, &d.base)
	k.Time(&d.origin)
	k.Int(&d.ahead, 0, math.MaxInt32)
	k.Float64(&d.newest)
	k.Float64(&d.oldest)
	k.Time(&d.arrived)
	k.Time(&d.touched)
	k.Int(&d.line, math.MinInt32, math.MaxInt)
	codec.List(k, &d.suspects, mostListed, func(r *rawRow) { d.visitRow(k, r) })
	k.Int(&d.repeated, 0, math.MaxInt)
	k.Int(&d.late, 0, math.MaxInt)
	k.Float64(&d.latest)
	k.Bool(&d.silent)
	overdue := slices.Sorted(maps.Keys(d.overdue))
	codec.List(k, &overdue, mostListed, func(m *table.Mask) { m.Visit(k) })
	for _, m := range overdue {
		d.overdue[m] = true
	}
}

func (p *feedPart) visit(k *codec.Codec) {
	k.String(&p.subject)
	visitClock(k, &p.clock)
	visitClock(k, &p.guess)
	if k.Float64(&p.shift); !table.IsTime(p.shift) {
		k.Fail()
	}
}

// visitAhead has the rows of all parts that wait for a clock.
func (d *feed) visitAhead(k *codec.Codec) {
	for i := range d.parts {
		codec.List(k, &d.parts[i].ahead, mostAhead, func(r *rawRow) { d.visitRow(k, r) })
	}
}

func (d *feed) visitRow(k *codec.Codec, r *rawRow) {
	k.Int(&r.part, 0, len(d.parts)-1)
	r.time.Visit(k)
	r.has.Visit(k)
	if k.Floats(&r.values); len(r.values) != d.format.Channels {
		k.Fail()
	}
	r.hint.Visit(k)
}
