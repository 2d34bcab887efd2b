package view

import (
	"cmp"
	"fmt"

	"inkling/stream"
)

// LeastWidth is the width below which lines are not made narrower.
const LeastWidth = 40

// A Formatter writes events as lines of text for people to read. Everything in them that
// comes from outside is shown as text: control characters are escapes.
type Formatter struct {
	o     Options
	early map[string]string // the early decision about the open segment of a stream, in words
}

// NewFormatter returns a Formatter. It uses all options but Live.
func NewFormatter(o Options) *Formatter {
	return &Formatter{o: o, early: map[string]string{}}
}

// Lasting returns the line of an event that no later one replaces, wrapped to the width;
// "" for the others: running, forecast, detector and early events. Events must come in
// order, since the line of a confirmed event says whether its label was early.
func (f *Formatter) Lasting(e *stream.Event) string {
	switch e.Type {
	case stream.Running, stream.Forecast, stream.Detector:
		return ""
	case stream.Early:
		f.early[e.Stream] = fmt.Sprintf("early at step %d", e.Step)
		return ""
	}
	line := Wrap(f.line(e), f.width())
	if e.Type == stream.Confirmed || e.Type == stream.Dropped {
		delete(f.early, e.Stream)
	}
	return line
}

// Latest returns the line of an event that a later one replaces, wrapped to the width.
func (f *Formatter) Latest(e *stream.Event) string { return Wrap(f.line(e), f.width()) }

// width returns the columns to fit lines into; 0 if they may be of any length.
func (f *Formatter) width() int {
	w := f.o.Width
	if f.o.Columns != nil {
		w = cmp.Or(f.o.Columns(), w)
	}
	if w > 0 {
		w = max(w, LeastWidth)
	}
	return w
}
