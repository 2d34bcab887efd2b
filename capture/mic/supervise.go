package mic

import (
	"fmt"
	"math"
	"regexp"
	"time"

	"inkling/capture"
)

const (
	stallAfter   = time.Second            // a device without a block for this long is down
	silenceLevel = 3.2e-5                 // −90 dB of full scale
	lagWindow    = time.Second            // over which the samples are compared with the clock
	vanishedLag  = 300 * time.Millisecond // samples late by this for a whole window never came
	driftLimit   = 2 * time.Millisecond   // by which the clocks may differ in a window
	firstRetry   = 250 * time.Millisecond // until a lost device is opened again, then doubled
	lastRetry    = 2 * time.Second
)

// supervise runs the device until Close, and opens it again whenever it is lost.
func (m *Mic) supervise(d device) {
	defer close(m.done)
	t := &tracker{m: m}
	for {
		why := m.session(d, t)
		if why == nil {
			return
		}
		m.report(capture.Down, "%s is lost: %s; trying to open it again", m.name, why)
		t.interrupted()
		if d = m.reopen(); d == nil {
			return
		}
		m.report(capture.Up, "%s is back", m.name)
	}
}

// reopen opens the lost device as soon as it is back in its format, and no other one that is
// the default meanwhile; it returns nil if Close is called before.
func (m *Mic) reopen() device {
	o := m.o
	o.Device = place.ReplaceAllString(m.name, "")
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		select {
		case <-m.stop:
			return nil
		case <-time.After(wait):
		}
		d, name, f, err := m.open(o)
		switch {
		case err != nil:
		case f == m.format && place.ReplaceAllString(name, "") == o.Device:
			return d
		default:
			d.Close()
		}
	}
}

// place is where ALSA has a device, which may be elsewhere when it is plugged in again.
var place = regexp.MustCompile(` \(hw:\d+,\d+\)`)

// A chunk is what one Read of the device returned, and when.
type chunk struct {
	samples  []float32
	overflow bool
	err      error
	at       time.Time
}

// session reads one open device until it fails, and returns why; nil after Close.
func (m *Mic) session(d device, t *tracker) error {
	chunks, free := make(chan chunk, 1), make(chan []float32, 2)
	for range 2 {
		free <- make([]float32, m.frames*m.format.Channels)
	}
	quit := make(chan struct{})
	defer close(quit)
	go readDevice(d, chunks, free, quit)
	watchdog := time.NewTimer(stallAfter)
	defer watchdog.Stop()
	stalled := false
	settling := int(m.o.Settle / m.o.Block) // blocks to drop
	for {
		select {
		case <-m.stop:
			return nil
		case <-watchdog.C:
			stalled = true
			m.report(capture.Down, "%s has delivered no samples for %s: it hangs or is suspended", m.name, stallAfter)
		case c := <-chunks:
			if c.err != nil {
				return describe(c.err)
			}
			watchdog.Reset(stallAfter)
			if stalled {
				stalled = false
				m.report(capture.Up, "%s delivers samples again", m.name)
			}
			if settling > 0 {
				settling--
			} else {
				t.add(c)
			}
			free <- c.samples
		}
	}
}

// readDevice reads d, whose Read blocks, until it fails or quit is closed. It closes d.
func readDevice(d device, chunks chan<- chunk, free <-chan []float32, quit <-chan struct{}) {
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
		case chunks <- chunk{buf, overflow, err, time.Now()}:
		case <-quit:
			return
		}
		if err != nil {
			return
		}
	}
}

// describe returns err, or its type if it has no text, as PortAudio's may not.
func describe(err error) error {
	if err.Error() == "" {
		return fmt.Errorf("%T", err)
	}
	return err
}

// A tracker numbers samples by the clock and watches for silence.
type tracker struct {
	m      *Mic
	offset uint64    // of the next sample
	origin time.Time // when sample 0 was captured, going by the number of samples
	begun  bool

	lag       time.Duration // least of the current window
	windowEnd time.Time     // zero: the window begins with the next chunk
	slow      bool
	quiet     time.Duration
	silent    bool
}

func (t *tracker) duration(samples uint64) time.Duration {
	return time.Duration(float64(samples) / t.m.format.Rate * 1e9)
}

// interrupted makes the time until the next sample a gap.
func (t *tracker) interrupted() { t.windowEnd = time.Time{} }

func (t *tracker) add(c chunk) {
	m := t.m
	first := c.at.Add(-t.duration(uint64(m.frames)))
	switch {
	case !t.begun:
		t.begun, t.origin = true, first
	case t.windowEnd.IsZero():
		t.skip(first.Sub(t.origin.Add(t.duration(t.offset))))
	}
	if t.windowEnd.IsZero() {
		t.windowEnd, t.lag = c.at.Add(lagWindow), time.Hour
	}
	t.checkLag(c.at, first)
	if c.overflow {
		m.report(capture.Slow, "the device lost samples before sample %d (input overflow)", t.offset)
	}
	if m.push(c.samples, t.offset, first) != t.slow {
		t.slow = !t.slow
		if t.slow {
			m.report(capture.Slow, "the reader is slower than real time: the oldest samples are dropped")
		} else {
			m.report(capture.Up, "the reader keeps up again")
		}
	}
	t.offset += uint64(m.frames)
	t.checkSilence(c.samples)
}

// skip leaves out the samples of a time that passed without any.
func (t *tracker) skip(d time.Duration) {
	if d > 0 {
		t.offset += uint64(d.Seconds() * t.m.format.Rate)
	}
}

// checkLag compares the number of samples with the clock. A device that stalls and
// catches up has a small lag somewhere in the window; samples that are late all through
// it never came.
func (t *tracker) checkLag(now, first time.Time) {
	t.lag = min(t.lag, first.Sub(t.origin.Add(t.duration(t.offset))))
	if now.Before(t.windowEnd) {
		return
	}
	if t.lag >= vanishedLag {
		before := t.offset
		t.skip(t.lag)
		t.m.report(capture.Slow, "%d samples never came: the device was suspended, or runs slower than real time", t.offset-before)
	} else {
		t.origin = t.origin.Add(min(max(t.lag, -driftLimit), driftLimit))
	}
	t.windowEnd, t.lag = now.Add(lagWindow), time.Hour
}

// checkSilence reports silence that lasts, and its end.
func (t *tracker) checkSilence(samples []float32) {
	loud := false
	for _, v := range samples {
		if math.Abs(float64(v)) > silenceLevel {
			loud = true
			break
		}
	}
	if !loud {
		t.quiet += t.m.o.Block
		if t.quiet >= t.m.o.Silence && !t.silent {
			t.silent = true
			t.m.report(capture.Silent, "%s has been silent for %s: check that it is the device you mean, plugged in and not muted", t.m.name, t.m.o.Silence)
		}
		return
	}
	t.quiet = 0
	if t.silent {
		t.silent = false
		t.m.report(capture.Up, "%s is no longer silent", t.m.name)
	}
}
