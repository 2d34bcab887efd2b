package mic

import (
	"fmt"
	"math"
	"time"

	"inkling/capture"
)

// chunk is what the reading goroutine hands to the supervisor.
type chunk struct {
	samples  []float32
	overflow bool
	err      error
	at       time.Time
}

// recorder counts samples against the clock and listens for silence.
type recorder struct {
	m      *Mic
	offset uint64    // of the next sample
	origin time.Time // when offset 0 would have sounded, by the samples counted
	begun  bool

	lag       time.Duration // least in the window under way
	windowEnd time.Time
	slow      bool
	quiet     time.Duration
	silent    bool
}

// supervise runs the device until Close: it reads, watches, and opens it again
// when it is lost.
func (m *Mic) supervise(d device) {
	defer close(m.done)
	r := &recorder{m: m}
	for wait := firstWait; ; {
		why := m.session(d, r)
		if why == nil {
			return
		}
		m.report(capture.Down, "%s is lost: %s; trying again", m.name, why)
		r.lost()
		for d = nil; d == nil; wait = min(2*wait, lastWait) {
			select {
			case <-m.stop:
				return
			case <-time.After(wait):
			}
			if again, _, f, err := m.open(m.o); err == nil {
				if f == m.format {
					d = again
				} else {
					again.Close()
				}
			}
		}
		wait = firstWait
		m.report(capture.Up, "%s is back", m.name)
	}
}

// session reads one opened device until it fails, which is returned, or Close.
func (m *Mic) session(d device, r *recorder) error {
	chunks, free := make(chan chunk, 1), make(chan []float32, 2)
	for range 2 {
		free <- make([]float32, m.frames*m.format.Channels)
	}
	quit := make(chan struct{})
	defer close(quit)
	go read(d, chunks, free, quit, m.now)
	watchdog := time.NewTimer(stall)
	defer watchdog.Stop()
	down := false
	for {
		select {
		case <-m.stop:
			return nil
		case <-watchdog.C:
			down = true
			m.report(capture.Down, "%s has given no samples for %s: the device hangs or is suspended", m.name, stall)
		case c := <-chunks:
			if c.err != nil {
				return describe(c.err)
			}
			watchdog.Reset(stall)
			if down {
				down = false
				m.report(capture.Up, "%s gives samples again", m.name)
			}
			r.take(c)
			free <- c.samples
		}
	}
}

// read is the goroutine that blocks in the device. It closes the device.
func read(d device, chunks chan<- chunk, free <-chan []float32, quit <-chan struct{}, now func() time.Time) {
	defer d.Close()
	for {
		var buf []float32
		select {
		case buf = <-free:
		case <-quit:
			return
		}
		overflow, err := d.Read(buf)
		select {
		case chunks <- chunk{buf, overflow, err, now()}:
		case <-quit:
			return
		}
		if err != nil {
			return
		}
	}
}

// describe makes sure that an error says something: PortAudio's may be empty.
func describe(err error) error {
	if err.Error() == "" {
		return fmt.Errorf("%T", err)
	}
	return err
}

func (r *recorder) duration(samples uint64) time.Duration {
	return time.Duration(float64(samples) / r.m.format.Rate * 1e9)
}

// lost makes the time until the next sample a gap.
func (r *recorder) lost() { r.windowEnd = time.Time{} }

func (r *recorder) take(c chunk) {
	m := r.m
	first := c.at.Add(-r.duration(uint64(m.frames)))
	switch {
	case !r.begun:
		r.begun, r.origin = true, first
	case r.windowEnd.IsZero():
		r.jump(first.Sub(r.origin.Add(r.duration(r.offset))))
	}
	if r.windowEnd.IsZero() {
		r.windowEnd, r.lag = c.at.Add(window), time.Hour
	}
	r.watchClock(c.at, first)
	if c.overflow {
		m.report(capture.Slow, "the device lost samples before sample %d (input overflow)", r.offset)
	}
	if m.put(c.samples, r.offset, first) != r.slow {
		r.slow = !r.slow
		if r.slow {
			m.report(capture.Slow, "the reader is slower than real time: the oldest samples are dropped")
		} else {
			m.report(capture.Up, "the reader keeps up again")
		}
	}
	r.offset += uint64(m.frames)
	r.listen(c.samples)
}

// jump skips the samples of a time that passed without any.
func (r *recorder) jump(d time.Duration) {
	if d > 0 {
		r.offset += uint64(d.Seconds() * r.m.format.Rate)
	}
}

// watchClock compares the samples counted with the clock. A stall that is made
// up for leaves the least lag of a window small; what stays behind never came.
func (r *recorder) watchClock(now, first time.Time) {
	r.lag = min(r.lag, first.Sub(r.origin.Add(r.duration(r.offset))))
	if now.Before(r.windowEnd) {
		return
	}
	switch {
	case r.lag >= vanished:
		before := r.offset
		r.jump(r.lag)
		r.m.report(capture.Slow, "%d samples never came: the device was suspended, or runs slower than real time", r.offset-before)
	default:
		r.origin = r.origin.Add(min(max(r.lag, -drift), drift))
	}
	r.windowEnd, r.lag = now.Add(window), time.Hour
}

// listen reports silence that lasts, and its end.
func (r *recorder) listen(samples []float32) {
	loud := false
	for _, v := range samples {
		if math.Abs(float64(v)) > softest {
			loud = true
			break
		}
	}
	if !loud {
		r.quiet += r.m.o.Block
		if r.quiet >= r.m.o.Silence && !r.silent {
			r.silent = true
			r.m.report(capture.Silent, "%s has been silent for %s: is it muted, unplugged, or another device wanted (inkling devices)?", r.m.name, r.m.o.Silence)
		}
		return
	}
	r.quiet = 0
	if r.silent {
		r.silent = false
		r.m.report(capture.Up, "%s is heard again", r.m.name)
	}
}
