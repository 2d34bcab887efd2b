package table

import (
	"math"
	"time"

	"inkling/internal/codec"
)

// mostSaved bounds the lists of a saved state.
const mostSaved = 1 << 24

// Visit writes or reads the fields of a clock.
func (k *Clock) Visit(s *codec.Codec) {
	c := &k.c
	s.Bool(&c.stamps)
	s.Int(&c.order, math.MinInt32, math.MaxInt32)
	visitZone(s, &c.zone)
	for _, v := range []*float64{&c.scale, &c.origin, &c.last, &c.days} {
		s.Float64(v)
	}
	s.String(&c.base)
	s.Bool(&c.dated)
	s.Time(&c.start)
	s.String(&c.cell)
	s.Bool(&c.commas)
	s.String(&c.note)
}

// visitZone has a zone as its distance from UTC, which is all that the zone of a column is.
func visitZone(s *codec.Codec, zone **time.Location) {
	set, offset := *zone != nil, 0
	if set {
		_, offset = time.Unix(0, 0).In(*zone).Zone()
	}
	s.Bool(&set)
	s.Int(&offset, -day, day)
	if !s.Reading() {
		return
	}
	switch *zone = nil; {
	case set && offset == 0:
		*zone = time.UTC
	case set:
		*zone = time.FixedZone("", offset)
	}
}

// Visit writes or reads the fields of a time.
func (t *Time) Visit(s *codec.Codec) {
	s.String(&t.Text)
	s.Float64(&t.Number)
}

// Visit writes or reads the fields of a hint.
func (h *Hint) Visit(s *codec.Codec) {
	s.String(&h.Name)
	s.String(&h.Unit)
	s.String(&h.Said)
	s.Float64(&h.Rate)
}

// Visit writes or reads the fields of a mask.
func (m *Mask) Visit(s *codec.Codec) { s.Uint64((*uint64)(m)) }

// Visit writes or reads the fields of an order made with the same options.
func (o *Order) Visit(s *codec.Codec) {
	o.missing.Visit(s)
	for _, v := range []*float64{&o.newest, &o.released, &o.untidy} {
		s.Float64(v)
	}
	s.Bool(&o.begun)
	codec.List(s, &o.lanes, mostSaved, func(l **lane) {
		if *l == nil {
			*l = &lane{}
		}
		(*l).visit(s)
	})
	s.Int(&o.at, 0, math.MaxInt)
	for i := range min(o.at, len(o.recent)) {
		p := &o.recent[i]
		s.Float64(&p.time)
		at := 0
		for k, l := range o.lanes {
			if l == p.lane {
				at = k
			}
		}
		if s.Int(&at, 0, max(len(o.lanes)-1, 0)); s.Bad() || len(o.lanes) == 0 {
			s.Fail()
			return
		}
		p.lane = o.lanes[at]
	}
	if s.Reading() {
		o.waiting = 0
		for _, l := range o.lanes {
			o.waiting += len(l.queue)
		}
	}
}

func (l *lane) visit(s *codec.Codec) {
	s.Int(&l.source, 0, math.MaxInt32)
	l.mask.Visit(s)
	codec.List(s, &l.queue, mostSaved, func(h **held) {
		if *h == nil {
			*h = &held{lane: l}
		}
		(*h).row.visit(s)
	})
	for i := range l.steps {
		s.Float64(&l.steps[i])
	}
	s.Int(&l.n, 0, math.MaxInt)
	for _, v := range []*float64{&l.last, &l.newest, &l.step} {
		s.Float64(v)
	}
	for _, v := range []*bool{&l.begun, &l.seen, &l.overdue} {
		s.Bool(v)
	}
}

// visit has the fields of a row that an Order keeps.
func (r *Row) visit(s *codec.Codec) {
	s.Int(&r.Line, 0, math.MaxInt)
	s.Float64(&r.Time)
	s.Floats(&r.Values)
	s.Int(&r.Missing, 0, math.MaxInt32)
	if !IsTime(r.Time) {
		s.Fail()
	}
}

// IsTime reports whether a number of seconds is the time of a row of any clock, counted from
// any other.
func IsTime(seconds float64) bool { return math.Abs(seconds) <= 3*mostTime }

// Visit writes or reads the fields of a sampler made with the same options.
func (m *Sampler) Visit(s *codec.Codec) {
	m.grid.visit(s)
	m.stats.visit(s)
	runs := m.runs[m.first:]
	codec.List(s, &runs, mostSaved, func(r *Run) {
		s.Uint64(&r.Offset)
		s.Floats(&r.Samples)
		s.Byte(&r.Mark)
	})
	if s.Reading() {
		m.runs, m.first = runs, 0
	}
	s.Uint64(&m.next)
	s.Bool(&m.anew)
	s.Bool(&m.cut)
	s.Byte(&m.mark)
	for i := range m.runs {
		if len(m.runs[i].Samples)%m.channels != 0 {
			s.Fail()
		}
	}
}

func (g *Grid) visit(s *codec.Codec) {
	channels := len(g.at)
	g.stats.visit(s)
	s.Floats(&g.last)
	for c := range g.at {
		s.Float64(&g.at[c])
		s.Int64(&g.next[c])
	}
	s.Int(&g.begun, 0, channels)
	s.Float64(&g.row)
	s.Int32(&g.label)
	codec.List(s, &g.labels, mostSaved, func(l *int32) { s.Int32(l) })
	s.Floats(&g.frames)
	s.Int64(&g.front)
	s.Int64(&g.tagged)
	s.Int(&g.drained, 0, len(g.labels))
	if !s.Bad() && !g.consistent(channels) {
		s.Fail()
	}
}

// consistent reports whether fields that were read fit together.
func (g *Grid) consistent(channels int) bool {
	ok := len(g.last) == channels && len(g.frames) == channels*len(g.labels) && len(g.stats.Held) == channels
	if g.begun == channels {
		ok = ok && g.tagged-g.front == int64(len(g.labels)-g.drained) && math.Abs(float64(g.tagged)-g.row) <= 2
		for _, k := range g.next {
			ok = ok && k >= g.front && k <= g.tagged
		}
	}
	return ok
}

func (t *Stats) visit(s *codec.Codec) {
	for _, v := range []*int{&t.Rows, &t.Samples, &t.Missing, &t.Early, &t.Gaps, &t.Filled, &t.Repeated} {
		s.Int(v, 0, math.MaxInt)
	}
	codec.List(s, &t.Held, mostSaved, func(n *int) { s.Int(n, 0, math.MaxInt) })
	s.Float64(&t.Longest.At)
	s.Float64(&t.Longest.Seconds)
	s.Int(&t.Longest.Line, 0, math.MaxInt)
	s.String(&t.Longest.File)
}
