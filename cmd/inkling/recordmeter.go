package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"

	"inkling/capture"
	"inkling/internal/plain"
	"inkling/stream/view"
)

// A meter is a line on a terminal that is redrawn: what is recorded, and its level. Lines
// that are written meanwhile go above it.
type meter struct {
	w     io.Writer // nil: there is no terminal, so nothing is drawn
	width func() int

	mu    sync.Mutex
	drawn bool
}

// draw replaces the line by text followed by a level.
func (m *meter) draw(text string, rms, peak float64) {
	if m.w == nil {
		return
	}
	width := m.width() - 1
	text = view.Clip(plain.Text(text), width*2/3)
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(m.w, "\r\x1b[K%s  %s", text, view.Meter(rms, peak, width-view.Columns(text)-2))
	m.drawn = true
}

// wipe removes the line.
func (m *meter) wipe() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.drawn {
		io.WriteString(m.w, "\r\x1b[K")
		m.drawn = false
	}
}

// write writes lines of standard error, which is the meter's terminal.
func (m *meter) write(lines string) {
	m.wipe()
	io.WriteString(m.w, lines)
}

const (
	meterEvery  = 0.05 // seconds of signal between two drawings
	meterFall   = 0.7  // what is left of a level at the next one, at least
	soundSource = 1000 // samples per second from which on a level is drawn
)

// A measured source draws the level of what is read. For some seconds of signal at first it
// counts down instead of giving blocks, so that a person gets ready; what is said meanwhile,
// as the end of the sound before, is in no example.
type measured struct {
	capture.Source
	meter *meter
	text  func() string  // what is recorded
	tick  func(left int) // of the countdown, once a second
	left  float64        // seconds of the countdown
	told  int            // of tick
	sum   float64        // of squares,
	n     int            // and the number of samples, and
	peak  float64        // the peak, since the last drawing
	rms   float64        // drawn last
	top   float64
}

func (s *measured) Read(ctx context.Context, b *capture.Block) error {
	for {
		if err := s.Source.Read(ctx, b); err != nil || b.Fault != nil {
			return err
		}
		s.measure(b)
		if s.left <= 0 {
			return nil
		}
		if whole := int(math.Ceil(s.left)); whole != s.told {
			s.told = whole
			s.tick(whole)
		}
		if s.left -= float64(b.Len()) / max(b.Format.Rate, 1); b.Done {
			return nil
		}
	}
}

// measure draws the level of sound after every twentieth of a second.
func (s *measured) measure(b *capture.Block) {
	for _, v := range b.Samples {
		s.sum += float64(v) * float64(v)
		s.peak = max(s.peak, math.Abs(float64(v)))
	}
	s.n += len(b.Samples)
	if float64(s.n) < meterEvery*b.Format.Rate*float64(max(b.Format.Channels, 1)) || b.Format.Rate < soundSource || s.n == 0 {
		return
	}
	s.rms, s.top = max(math.Sqrt(s.sum/float64(s.n)), meterFall*s.rms), max(s.peak, meterFall*s.top)
	s.sum, s.peak, s.n = 0, 0, 0
	text := s.text()
	if s.left > 0 {
		text += fmt.Sprintf(" in %.0f …", math.Ceil(s.left))
	}
	s.meter.draw(text, s.rms, s.top)
}
