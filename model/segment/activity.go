package segment

import "inkling/internal/codec"

// activity opens a segment on sound and ends it with silence, hop by hop; level says
// what sound is.
type activity struct {
	base
	level
	rate   float64
	report bool // add Missed
	muted  bool // opens nothing

	pending []float32 // less than a hop
	ring    []float32 // the last samples before pos, as many as a pre-roll has
	active  uint64    // end of the last hop with sound
	opened  uint64    // where the segment opened, after its pre-roll
	miss    miss
}

// A miss is a run of hops that would have kept a segment open but opened none. It has
// the numbers of the hop that came nearest to opening one.
type miss struct {
	on    bool
	start uint64
	short float64 // dB that it lacked
	dB    float64 // its level
	over  float64 // dB above the floor
}

func newActivity(b base, c *Config, s Setup) *activity {
	return &activity{base: b, level: newLevel(c, s.Rate), rate: s.Rate, report: s.Missed}
}

func (a *activity) Restart() {
	a.base.Restart()
	a.active, a.opened = 0, 0
	a.pending, a.ring = a.pending[:0], a.ring[:0]
}

func (a *activity) Forget() { a.level.reset() }

func (a *activity) Mute(muted bool) { a.muted = muted }

func (a *activity) Reach() uint64 { return a.preRoll + uint64(a.hop) }

func (a *activity) Push(f *Found, samples []float32) {
	width := a.hop * a.channels
	for len(samples) > 0 {
		if len(a.pending) == 0 && len(samples) >= width {
			a.take(f, samples[:width])
			samples = samples[width:]
			continue
		}
		n := min(width-len(a.pending), len(samples))
		a.pending = appendWithin(a.pending, samples[:n], width)
		samples = samples[n:]
		if len(a.pending) == width {
			a.takePending(f)
		}
	}
}

func (a *activity) takePending(f *Found) {
	a.take(f, a.pending)
	a.pending = a.pending[:0]
}

// take decides on one hop; the last one of a signal may be shorter.
func (a *activity) take(f *Found, hop []float32) {
	dB := a.measure(hop, a.channels, a.open)
	if !a.open {
		if a.muted {
			a.remember(hop)
			return
		}
		if dB < a.opening() {
			a.consider(f, dB)
			a.remember(hop)
			return
		}
		a.miss.on = false
		a.openWithPreRoll(f)
	}
	sounding := a.sounds(dB)
	if sounding {
		a.active = a.pos + uint64(len(hop)/a.channels)
	}
	a.soFar, a.least = a.sounded()
	a.extract(f, hop)
	if sounding {
		a.count(f)
	}
	switch {
	case a.pos-a.start >= a.limit:
		a.end(f, ByMaximum)
		if sounding {
			a.begin(f, a.pos)
			a.opened, a.active = a.pos, a.pos
		}
	case a.pos-a.active >= a.hold:
		a.end(f, BySilence)
	}
}

// consider enters a hop, from pos on, that opens no segment.
func (a *activity) consider(f *Found, dB float64) {
	if !a.report {
		return
	}
	m := &a.miss
	if dB < a.floor+a.off {
		a.endMiss(f, BySilence)
		return
	}
	short := a.opening() - dB
	if !m.on {
		*m = miss{on: true, start: a.pos, short: short, dB: dB, over: dB - a.floor}
	} else if short < m.short {
		m.short, m.dB, m.over = short, dB, dB-a.floor
	}
}

// endMiss reports the sound up to pos that has opened no segment, if there is any.
func (a *activity) endMiss(f *Found, why Ending) {
	m := &a.miss
	if !m.on {
		return
	}
	m.on = false
	e := Event{Kind: Missed, Start: m.start, End: a.pos, Ending: why, Reason: BelowLevel, Value: m.dB, Threshold: a.lowest}
	if m.over < a.on {
		e.Reason, e.Value, e.Threshold = BelowOn, m.over, a.on
	}
	f.add(e)
}

// remember keeps a hop outside segments for a pre-roll.
func (a *activity) remember(hop []float32) {
	a.pos += uint64(len(hop) / a.channels)
	width := int(a.preRoll) * a.channels
	if width == 0 {
		return
	}
	if over := len(a.ring) + len(hop) - width; over > 0 {
		over = min(over, len(a.ring))
		a.ring = a.ring[:copy(a.ring, a.ring[over:])]
	}
	if len(hop) > width {
		hop = hop[len(hop)-width:]
	}
	a.ring = appendWithin(a.ring, hop, width)
}

// appendWithin is append for a slice that holds at most limit values: it allocates no more.
func appendWithin(dst, v []float32, limit int) []float32 {
	if need := len(dst) + len(v); need > cap(dst) {
		dst = append(make([]float32, 0, min(max(need, 2*cap(dst)), limit)), dst...)
	}
	return append(dst, v...)
}

func (a *activity) openWithPreRoll(f *Found) {
	a.opened = a.pos
	a.pos -= uint64(len(a.ring) / a.channels)
	a.begin(f, a.pos)
	a.active = a.opened
	a.soFar, a.least = a.sounded()
	a.extract(f, a.ring)
	a.ring = a.ring[:0]
}

// end closes the open segment, or drops it if it was too short.
func (a *activity) end(f *Found, why Ending) {
	seconds, least := a.sounded()
	if a.active-a.opened >= a.minimum {
		a.close(f, Event{Ending: why, Value: seconds, Threshold: least})
		return
	}
	a.open = false
	a.front.Reset()
	f.add(Event{Kind: Dropped, Start: a.start, End: a.pos, Ending: why, Reason: Short, Value: seconds, Threshold: least})
}

// sounded returns how long the segment has sounded, and the least that counts, in
// seconds.
func (a *activity) sounded() (seconds, least float64) {
	rate := a.rate
	if rate == 0 {
		rate = 1
	}
	return float64(a.active-a.opened) / rate, float64(a.minimum) / rate
}

func (a *activity) Finish(f *Found, why Ending) {
	if len(a.pending) > 0 {
		a.takePending(f)
	}
	if !a.open {
		a.endMiss(f, why)
		return
	}
	if a.active == a.pos {
		a.soFar, a.least = a.sounded()
		a.flush(f)
	}
	a.end(f, why)
}

func (a *activity) visit(k *codec.Codec) {
	a.base.visit(k)
	k.Float64(&a.floor)
	k.Bool(&a.begun)
	k.Floats(&a.pending)
	k.Floats(&a.ring)
	k.Uint64(&a.active)
	k.Uint64(&a.opened)
	k.Bool(&a.miss.on)
	k.Uint64(&a.miss.start)
	k.Float64(&a.miss.short)
	k.Float64(&a.miss.dB)
	k.Float64(&a.miss.over)
}

func (a *activity) AppendState(dst []byte) []byte {
	k := codec.Writer(dst)
	a.visit(k)
	return k.Bytes()
}

func (a *activity) Restore(data []byte) ([]byte, error) {
	k := codec.Reader(data)
	a.visit(k)
	a.check(k, a.limit)
	whole := len(a.pending)%a.channels == 0 && len(a.ring)%a.channels == 0
	if !whole || len(a.pending) >= a.hop*a.channels || len(a.ring) > int(a.preRoll)*a.channels ||
		uint64(len(a.ring)/a.channels) > a.pos || a.opened > a.active || a.active > a.pos {
		k.Fail()
	}
	return k.Rest()
}
