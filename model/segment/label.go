package segment

import (
	"inkling/internal/codec"
	"inkling/model/feature"
)

// A Detector says, frame by frame, how probable it is that one of the labels is sounding.
// It carries its state over the whole stream. model.Detector is one.
type Detector interface {
	Front() (feature.Extractor, error) // a front end of its own, which no segment resets
	Hear(frame []float32) float32      // the probability after another frame
	Reset()                            // forgets what was heard
	AppendState(dst []byte) []byte
	Restore(data []byte) (rest []byte, err error)
}

// label opens a segment when the detector's probability reaches on, from a look-back
// before that, and ends it when it has stayed under off for hold. Frames count up to the
// last at which it had not.
type label struct {
	base
	detector               Detector
	ear                    feature.Extractor // of the detector
	on, off                float64
	minimum, preRoll, hold uint64 // samples of a channel
	rate                   float64
	report                 bool // add Missed
	heard                  bool // add Heard
	muted                  bool // opens nothing

	frame    []float32 // that the ear has given; empty between calls
	frames   uint64    // of the ear since the signal began
	ring     ring      // the last samples before pos, as many as a pre-roll has
	earliest uint64    // no segment begins before this one's
	active   uint64    // end of the last frame at which the detector heard something
	opened   uint64    // where the segment opened, after its look-back
	near     near
}

// near is a stretch in which the detector heard something, but never enough.
type near struct {
	on    bool
	start uint64
	most  float64
}

// newLabel panics without a detector: the model's configuration has been checked.
func newLabel(b base, c *Config, s Setup) *label {
	ear, err := s.Detector.Front()
	if err != nil {
		panic("segment: a front end that has been made once: " + err.Error())
	}
	l := &label{base: b, detector: s.Detector, ear: ear, on: c.DetectOn, off: c.DetectOff, rate: s.Rate,
		minimum: samples(c.MinDuration, s.Rate), preRoll: samples(c.PreRoll, s.Rate), hold: max(samples(c.Hold, s.Rate), 1),
		report: s.Missed, heard: s.Heard}
	l.ring.most = int(l.preRoll) * b.channels
	return l
}

func (l *label) Restart() {
	l.base.Restart()
	l.ear.Reset()
	l.frames = 0
	l.ring.clear()
	l.earliest, l.active, l.opened = 0, 0, 0
	l.near = near{}
}

func (l *label) Forget() { l.detector.Reset() }

func (l *label) Share(m *feature.Memo) {
	l.base.Share(m)
	feature.Share(l.ear, m)
}

func (l *label) Mute(muted bool) { l.muted = muted }

func (l *label) Reach() uint64 { return l.preRoll + uint64(l.ear.End(1)) }

// Push hears the samples of one frame at a time, so that nothing depends on how they are
// divided into calls.
func (l *label) Push(f *Found, samples []float32) {
	for len(samples) > 0 {
		n := l.advance(f, samples)
		samples = samples[n:]
		if len(l.frame) > 0 {
			l.Heard(f, l.detector.Hear(l.frame))
		}
	}
}

// advance takes the first of samples, up to the end of the ear's next frame, and returns
// their number. If they complete it, l.frame is that frame, and otherwise empty.
func (l *label) advance(f *Found, samples []float32) (n int) {
	n = int(min((endOf(l.ear, l.frames+1)-l.pos)*uint64(l.channels), uint64(len(samples))))
	part := samples[:n]
	l.frame = l.ear.Push(l.frame[:0], part)
	l.ring.add(part)
	if l.open {
		l.soFar, l.least = l.heardFor()
		l.extract(f, part)
	} else {
		l.pos += uint64(n / l.channels)
	}
	return n
}

func (l *label) Detector() Detector { return l.detector }

func (l *label) Wait(f *Found, samples []float32) { f.waiting = append(f.waiting, samples...) }

func (l *label) Next(f *Found) []float32 {
	for f.done < len(f.waiting) {
		if f.done += l.advance(f, f.waiting[f.done:]); len(l.frame) > 0 {
			return l.frame
		}
	}
	f.waiting, f.done = f.waiting[:0], 0
	return nil
}

func (l *label) Heard(f *Found, p float32) {
	l.frame = l.frame[:0]
	l.frames++
	l.decide(f, float64(p))
}

// decide opens or ends a segment by the detector's probability p at pos.
func (l *label) decide(f *Found, p float64) {
	if l.heard {
		f.add(Event{Kind: Heard, End: l.pos, Value: p, Threshold: l.on})
	}
	if !l.open {
		if l.muted {
			return
		}
		if p < l.on {
			l.consider(f, p)
			return
		}
		l.near.on = false
		l.openWithLookBack(f)
	}
	if p >= l.off {
		l.active = l.pos
		l.count(f)
	}
	switch {
	case l.pos-l.start >= l.limit:
		sounding := l.active == l.pos
		l.end(f, ByMaximum)
		if sounding {
			l.begin(f, l.pos)
			l.opened, l.active = l.pos, l.pos
		}
	case l.pos-l.active >= l.hold:
		l.end(f, ByQuiet)
	}
}

// consider accounts for a frame at which no segment is open or opens, and reports a
// stretch that came near it.
func (l *label) consider(f *Found, p float64) {
	n := &l.near
	switch {
	case !l.report:
	case p < l.off:
		l.endNear(f, ByQuiet)
	case !n.on:
		*n = near{on: true, start: l.pos, most: p}
	default:
		n.most = max(n.most, p)
	}
}

func (l *label) endNear(f *Found, why Ending) {
	if n := &l.near; n.on {
		n.on = false
		f.add(Event{Kind: Missed, Start: n.start, End: l.pos, Ending: why, Reason: BelowDetect, Value: n.most, Threshold: l.on})
	}
}

func (l *label) openWithLookBack(f *Found) {
	l.opened = l.pos
	back := min(l.ring.len()/l.channels, int(l.pos-l.earliest))
	l.pos -= uint64(back)
	l.begin(f, l.pos)
	l.active = l.opened
	l.soFar, l.least = l.heardFor()
	first, second := l.ring.last(back * l.channels)
	l.extract(f, first)
	l.extract(f, second)
}

// end closes the segment at the last sample that counts, or drops it.
func (l *label) end(f *Found, why Ending) {
	l.earliest = l.active
	e := Event{Ending: why}
	e.Value, e.Threshold = l.heardFor()
	if l.active-l.opened >= l.minimum {
		l.close(f, e)
		return
	}
	l.open = false
	l.front.Reset()
	e.Kind, e.Reason, e.Start, e.End = Dropped, Short, l.start, l.pos
	f.add(e)
}

// heardFor returns how long the detector has heard the open segment, and the least that
// counts, in seconds.
func (l *label) heardFor() (seconds, least float64) {
	rate := l.rate
	if rate == 0 {
		rate = 1
	}
	return float64(l.active-l.opened) / rate, float64(l.minimum) / rate
}

func (l *label) Finish(f *Found, why Ending) {
	for frame := l.Next(f); frame != nil; frame = l.Next(f) {
		l.Heard(f, l.detector.Hear(frame))
	}
	switch {
	case !l.open:
		l.endNear(f, why)
		return
	case l.active+uint64(l.ear.End(2)-l.ear.End(1)) > l.pos: // the last frame counts
		l.active = l.pos
		l.soFar, l.least = l.heardFor()
		l.flush(f)
	}
	l.end(f, why)
}

func (l *label) visit(k *codec.Codec) {
	l.base.visit(k)
	k.Part(l.ear.AppendState, l.ear.Restore)
	k.Part(l.detector.AppendState, l.detector.Restore)
	k.Uint64(&l.frames)
	l.ring.visit(k)
	k.Uint64(&l.earliest)
	k.Uint64(&l.active)
	k.Uint64(&l.opened)
	k.Bool(&l.near.on)
	k.Uint64(&l.near.start)
	k.Float64(&l.near.most)
}

func (l *label) AppendState(dst []byte) []byte {
	k := codec.Writer(dst)
	l.visit(k)
	return k.Bytes()
}

func (l *label) Restore(data []byte) ([]byte, error) {
	k := codec.Reader(data)
	l.visit(k)
	hop := uint64(l.ear.End(2) - l.ear.End(1))
	l.check(k, l.limit+hop)
	next := endOf(l.ear, l.frames+1)
	if l.ring.len()%l.channels != 0 || l.frames > l.pos+1 || uint64(l.ring.len()/l.channels) > l.pos || l.opened > l.active || l.active > l.pos ||
		l.earliest > l.pos || l.pos >= next || l.frames > 0 && l.pos < endOf(l.ear, l.frames) {
		k.Fail()
	}
	return k.Rest()
}

// A ring holds the last values that were added, most of them at most.
type ring struct {
	most int
	x    []float32
	at   int // of the oldest, once x is full
}

func (r *ring) len() int { return len(r.x) }

func (r *ring) clear() { r.x, r.at = r.x[:0], 0 }

func (r *ring) add(v []float32) {
	if len(v) > r.most {
		v = v[len(v)-r.most:]
	}
	if n := min(r.most-len(r.x), len(v)); n > 0 {
		r.x = appendWithin(r.x, v[:n], r.most)
		v = v[n:]
	}
	for len(v) > 0 {
		n := copy(r.x[r.at:], v)
		v = v[n:]
		if r.at += n; r.at == len(r.x) {
			r.at = 0
		}
	}
}

// last returns the last n values, in two pieces.
func (r *ring) last(n int) (first, second []float32) {
	old, young := r.x[r.at:], r.x[:r.at]
	if n <= len(young) {
		return nil, young[len(young)-n:]
	}
	return old[len(old)-(n-len(young)):], young
}

// visit writes or reads the values from the oldest on.
func (r *ring) visit(k *codec.Codec) {
	x := r.x
	if r.at > 0 {
		x = append(append(make([]float32, 0, len(r.x)), r.x[r.at:]...), r.x[:r.at]...)
	}
	k.Floats(&x)
	if k.Reading() {
		if len(x) > r.most {
			k.Fail()
			return
		}
		r.x, r.at = x, 0
	}
}
