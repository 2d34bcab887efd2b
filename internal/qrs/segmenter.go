package qrs

import (
	"fmt"
	"math"
)

// Config is the configuration of a Segmenter.
type Config struct {
	Rate          float64 // samples per second and channel, at least MinimumRate
	Channels      int
	Before, After float64 // seconds of the segment before and after the R peak
	Wait          float64 // seconds to wait for the next R peak, for the interval after this one in Context; 0: none
}

// A Beat is a segment around an R peak. Positions count samples per channel since Reset; the
// segment is [Start, End).
type Beat struct {
	Peak, Start, End uint64
	// Samples are interleaved, without drift (first-order high pass, 0.5 Hz), divided by
	// the R amplitude of the beats before. They are valid until the next call of Next.
	Samples []float32
	Context [Features]float32
}

// Parameters of the segmenter. Times are in seconds.
const (
	drift    = 0.5   // cutoff of the high pass, Hz
	most     = 64    // number of beats that may wait
	memorise = 8.0   // length of the signal in memory
	reach    = 0.075 // greatest shift of an R peak by alignment
)

// MaxWindow is the greatest value of Before and After, MaxWait that of Wait.
const (
	MaxWindow = 1.5
	MaxWait   = 2
)

// A Segmenter cuts one stream into beats. Segments of neighbours may overlap.
//
// Next returns a beat Delay samples after its R peak or, with Wait, once the next R peak is
// known. A beat found by searching back, or in the first two seconds, comes later.
type Segmenter struct {
	c             Config
	d             *detector
	before, after int64
	delay, wait   int64 // samples from an R peak to its beat: at least, and at most; wait 0: no waiting

	now   int64
	ended bool
	low   []float64 // drift per channel
	rise  float64   // weight of a new sample in low
	ring  []float32 // the signal without drift, by position
	queue []int64   // R peaks whose beats are due
	last  []float32 // last sample

	rhythm rhythm
	shape  shape
	cut    []float32 // Beat.Samples
}

// Check returns an error that names the first invalid field of c.
func (c *Config) Check() error {
	within := func(v, lo, hi float64) bool { return v >= lo && v <= hi }
	switch {
	case !within(c.Rate, MinimumRate, 1e6):
		return fmt.Errorf("a sampling rate of %v Hz: heartbeats need %d Hz or more", c.Rate, MinimumRate)
	case c.Channels < 1 || c.Channels > 1<<10:
		return fmt.Errorf("%d channels: heartbeats need 1 to %d", c.Channels, 1<<10)
	case !within(c.Before, 0.02, MaxWindow) || !within(c.After, 0.02, MaxWindow):
		return fmt.Errorf("a segment of %v s before the R peak and %v s after it: Config.Before and Config.After must be 0.02 to %v", c.Before, c.After, MaxWindow)
	case !within(c.Wait, 0, MaxWait):
		return fmt.Errorf("waiting %v s for the next beat: Config.Wait must be 0 to %v", c.Wait, MaxWait)
	}
	return nil
}

// New returns a Segmenter. It panics if c.Check returns an error.
func New(c Config) *Segmenter {
	if err := c.Check(); err != nil {
		panic("qrs: " + err.Error())
	}
	samples := func(t float64) int64 { return int64(math.Round(t * c.Rate)) }
	s := &Segmenter{c: c, d: newDetector(c.Rate, c.Channels), before: samples(c.Before), after: samples(c.After),
		low: make([]float64, c.Channels), rise: 1 - math.Exp(-2*math.Pi*drift/c.Rate), queue: make([]int64, 0, most),
		last: make([]float32, c.Channels)}
	s.delay = max(s.d.latest(), s.after)
	if c.Wait > 0 {
		s.wait = max(samples(c.Wait)+s.d.latest(), s.delay)
	}
	s.ring = make([]float32, (samples(memorise)+s.before+s.delay)*int64(c.Channels))
	s.cut = make([]float32, 0, (s.before+s.after)*int64(c.Channels))
	s.shape = newShape(&c)
	s.Forget()
	s.Reset()
	return s
}

// Delay returns the number of samples from an R peak to its beat.
func (s *Segmenter) Delay() int { return int(s.delay) }

// Reset begins a new signal. It keeps what was learned: levels, rhythm and shape.
func (s *Segmenter) Reset() {
	s.d.reset()
	s.now, s.ended = 0, false
	s.queue = s.queue[:0]
	s.rhythm.known = false
}

// Forget drops what was learned.
func (s *Segmenter) Forget() {
	s.d.forget()
	s.rhythm = rhythm{}
	s.shape.forget()
}

// Push processes one sample of every channel.
func (s *Segmenter) Push(x []float32) {
	if len(x) != s.c.Channels {
		panic(fmt.Sprintf("qrs: Push: %d values, want %d channels", len(x), s.c.Channels))
	}
	slot := s.sample(s.now)
	for i, v := range x {
		v := float64(v)
		if s.now == 0 {
			s.low[i] = v
		}
		s.low[i] += float64(s.rise * (v - s.low[i]))
		slot[i] = float32(min(max(v-s.low[i], -math.MaxFloat32), math.MaxFloat32))
	}
	copy(s.last, x)
	s.now++
	s.d.push(x)
	s.gather()
}

// gather collects the R peaks that the detector has found.
func (s *Segmenter) gather() {
	for _, at := range s.d.found {
		if len(s.queue) < cap(s.queue) && at < s.now {
			s.queue = append(s.queue, at)
		}
	}
	s.d.found = s.d.found[:0]
}

// Finish ends the signal. Call Next for the remaining beats, then Reset.
func (s *Segmenter) Finish() {
	if s.now > 0 {
		s.d.finish(s.last)
		s.gather()
	}
	s.ended = true
}

// Next sets b to the next beat that is due. It reports whether there is one.
func (s *Segmenter) Next(b *Beat) bool {
	if len(s.queue) == 0 {
		return false
	}
	at := s.queue[0]
	next := int64(0)
	if len(s.queue) > 1 {
		next = s.queue[1]
	}
	if !s.ended {
		if s.now < at+s.delay || s.wait > 0 && next == 0 && s.now < at+s.wait {
			return false
		}
	}
	if s.wait == 0 || next-at > s.wait-s.d.latest() {
		next = 0
	}
	s.queue = s.queue[:copy(s.queue, s.queue[1:])]
	s.fill(b, at, next)
	return true
}

// Reach returns how many of the last samples of a channel may still be part of a beat.
func (s *Segmenter) Reach() int { return len(s.ring) / s.c.Channels }

// oldest returns the first position in the ring.
func (s *Segmenter) oldest() int64 { return max(0, s.now-int64(len(s.ring)/s.c.Channels)) }

// fill sets b to the beat with the R peak at.
func (s *Segmenter) fill(b *Beat, at, next int64) {
	at = s.shape.align(s, at)
	from, to := max(at-s.before, s.oldest()), min(at+s.after, s.now)
	b.Peak, b.Start, b.End = uint64(at), uint64(from), uint64(to)
	height, usual := s.shape.height(s, at)
	scale := float32(1 / max(usual, 1e-9))
	s.cut = s.cut[:0]
	for p := from; p < to; p++ {
		for _, v := range s.sample(p) {
			s.cut = append(s.cut, v*scale)
		}
	}
	b.Samples = s.cut
	clear(b.Context[:])
	s.rhythm.context(&b.Context, at, next, s.c.Rate)
	s.shape.context(&b.Context, s, at, height, usual)
}

// copy fills dst with the signal without drift, from a position.
func (s *Segmenter) copy(dst []float32, at int64) {
	for i := 0; i < len(dst); at++ {
		i += copy(dst[i:], s.sample(at))
	}
}

// sample returns the slot of the ring for a position.
func (s *Segmenter) sample(at int64) []float32 {
	n := s.c.Channels
	i := int(at%int64(len(s.ring)/n)) * n
	return s.ring[i : i+n]
}
