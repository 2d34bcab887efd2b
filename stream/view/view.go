// Package view shows a stream's events to people on a terminal.
//
// New returns a stream.Sink for stream.Run. It keeps the running label of the open
// segment on a line that it redraws in place, and prints one lasting line for each
// confirmed, dropped, gap, status and summary event. A Formatter makes these lines for
// other views, such as that of package screen. Programs read the events from
// stream.NewJSON instead.
package view

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"

	"inkling/stream"
)

// Options configures New. The zero value suits a file or a pipe.
type Options struct {
	Colour bool // use terminal colours
	Width  int  // columns to fit lines into, at least 40; 0: lines are as long as they are, the running label's at most 80

	// Columns returns the columns of a terminal that may be resized, in place of Width; nil
	// or a result of 0: Width is right.
	Columns func() int

	Rate float64 // the source's samples per second, to show positions in seconds; 0: in samples
	Live bool    // redraw the running label in place; false: write whole lines only
}

// New returns a sink that writes to w for people to read.
func New(w io.Writer, o Options) stream.Sink {
	return &terminal{w: bufio.NewWriter(w), Formatter: NewFormatter(o)}
}

type terminal struct {
	*Formatter
	w      *bufio.Writer
	drawn  bool         // the cursor is on a running line
	latest stream.Event // the newest running or forecast event
	fresh  bool         // latest has not been drawn
}

func (t *terminal) Write(_ context.Context, e *stream.Event) error {
	line := t.Lasting(e)
	if e.Type == stream.Running || e.Type == stream.Forecast {
		t.latest, t.fresh = e.Clone(), true
	}
	if line == "" {
		return nil
	}
	t.wipe()
	t.fresh = false
	_, err := fmt.Fprintln(t.w, line)
	return err
}

// Flush draws the newest running label and skips those before it.
func (t *terminal) Flush(context.Context) error {
	if t.fresh && t.o.Live {
		t.wipe()
		t.w.WriteString(Clip(t.line(&t.latest), cmp.Or(t.width(), 80)-1))
		t.drawn, t.fresh = true, false
	}
	return t.w.Flush()
}

func (t *terminal) Close() error {
	t.wipe()
	return t.w.Flush()
}

// wipe clears the running line, if one is drawn.
func (t *terminal) wipe() {
	if t.drawn {
		t.w.WriteString("\r\x1b[K")
		t.drawn = false
	}
}
