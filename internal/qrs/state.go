package qrs

import (
	"encoding/binary"
	"errors"
	"math"
)

// A codec writes the fields of a state, or reads them.
type codec struct {
	data    []byte
	reading bool
	bad     bool
}

func (k *codec) word(v uint64) uint64 {
	switch {
	case !k.reading:
		k.data = binary.LittleEndian.AppendUint64(k.data, v)
	case k.bad || len(k.data) < 8:
		k.bad = true
	default:
		v, k.data = binary.LittleEndian.Uint64(k.data), k.data[8:]
	}
	return v
}

func (k *codec) f64s(v ...*float64) {
	for _, p := range v {
		*p = math.Float64frombits(k.word(math.Float64bits(*p)))
		if *p-*p != 0 {
			k.bad = true
		}
	}
}

// integer writes an integer, or reads one that must be within [lo, hi].
func (k *codec) integer(v *int64, lo, hi int64) {
	n := int64(k.word(uint64(*v)))
	if n < lo || n > hi {
		k.bad = true
		return
	}
	*v = n
}

func (k *codec) index(v *int, hi int) {
	n := int64(*v)
	k.integer(&n, 0, int64(hi))
	*v = int(n)
}

func (k *codec) flag(v *bool) {
	n := int64(0)
	if *v {
		n = 1
	}
	k.integer(&n, 0, 1)
	*v = n == 1
}

func (k *codec) floats(v []float32) {
	if !k.reading {
		for _, f := range v {
			k.data = binary.LittleEndian.AppendUint32(k.data, math.Float32bits(f))
		}
		return
	}
	if k.bad || len(k.data) < 4*len(v) {
		k.bad = true
		return
	}
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(k.data[4*i:]))
		if v[i]-v[i] != 0 {
			k.bad = true
		}
	}
	k.data = k.data[4*len(v):]
}

// latest is the greatest position.
const latest = math.MaxInt64 / 4

// AppendState appends the state of s to dst.
func (s *Segmenter) AppendState(dst []byte) []byte {
	k := codec{data: dst}
	s.visit(&k)
	return k.data
}

// Restore reads a state from the front of data and returns the rest. AppendState of a
// Segmenter with the same Config must have written it.
func (s *Segmenter) Restore(data []byte) ([]byte, error) {
	k := codec{data: data, reading: true}
	s.visit(&k)
	if k.bad {
		s.Forget()
		s.Reset()
		return nil, errors.New("qrs: the saved state is cut off or belongs to another segmenter")
	}
	return k.data, nil
}

func (s *Segmenter) visit(k *codec) {
	k.integer(&s.now, 0, latest)
	k.flag(&s.ended)
	for i := range s.low {
		k.f64s(&s.low[i])
	}
	k.floats(s.last)
	k.floats(s.ring)
	k.peaks(&s.queue)
	s.d.visit(k)
	s.rhythm.visit(k)
	s.shape.visit(k)
}

// peaks writes or reads positions, at most the capacity of the slice.
func (k *codec) peaks(v *[]int64) {
	n := len(*v)
	k.index(&n, cap(*v))
	if k.bad {
		return
	}
	*v = (*v)[:n]
	for i := range *v {
		k.integer(&(*v)[i], 0, latest)
	}
}

func (d *detector) visit(k *codec) {
	k.integer(&d.now, 0, latest)
	k.f64s(&d.last)
	d.best.visit(k)
	k.integer(&d.middle, -latest, latest)
	k.flag(&d.rising)
	k.flag(&d.learned)
	k.flag(&d.any)
	d.previous.visit(k)
	d.missed.visit(k)
	k.integer(&d.since, 0, latest)
	n := len(d.waiting)
	if k.index(&n, cap(d.waiting)); k.bad {
		return
	}
	d.waiting = d.waiting[:n]
	for i := range d.waiting {
		d.waiting[i].visit(k)
	}
	k.peaks(&d.found)
	for _, r := range []*recent{&d.beats, &d.noise, &d.rr} {
		r.visit(k)
	}
	for i := range d.bands {
		d.bands[i].visit(k)
	}
	d.energy.visit(k)
	for i := range d.size {
		k.floats(d.size[i])
	}
}

func (c *candidate) visit(k *codec) {
	k.integer(&c.at, -latest, latest)
	k.f64s(&c.level, &c.slope)
}

func (b *band) visit(k *codec) {
	for _, a := range []*average{&b.low[0], &b.low[1], &b.high} {
		a.visit(k)
	}
	k.index(&b.at, len(b.delay)-1)
	k.index(&b.next, len(b.past)-1)
	for i := range b.delay {
		k.f64s(&b.delay[i])
	}
	for i := range b.past {
		k.f64s(&b.past[i])
	}
}

func (a *average) visit(k *codec) {
	k.index(&a.at, len(a.ring)-1)
	k.f64s(&a.sum, &a.fresh)
	for i := range a.ring {
		k.f64s(&a.ring[i])
	}
}

func (r *recent) visit(k *codec) {
	k.index(&r.n, memory)
	k.index(&r.at, memory-1)
	for i := range r.values {
		k.f64s(&r.values[i])
	}
}

func (r *rhythm) visit(k *codec) {
	k.flag(&r.known)
	k.integer(&r.last, 0, latest)
	k.index(&r.n, intervals)
	k.index(&r.at, intervals-1)
	k.f64s(&r.before, &r.slow)
	for i := range r.values {
		k.f64s(&r.values[i])
	}
}

func (s *shape) visit(k *codec) {
	k.flag(&s.known)
	k.index(&s.strange, strangers)
	for _, r := range []*recent{&s.heights, &s.widths} {
		r.visit(k)
	}
	k.floats(s.usual)
}
