package stream

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"
)

// NewJSON returns a sink that writes an event a line to w.
func NewJSON(w io.Writer) Sink { return &jsonSink{w: bufio.NewWriterSize(w, 1<<15)} }

type jsonSink struct {
	w    *bufio.Writer
	line []byte
}

func (s *jsonSink) Write(_ context.Context, e *Event) error {
	s.line = append(AppendJSON(s.line[:0], e), '\n')
	_, err := s.w.Write(s.line)
	return err
}

func (s *jsonSink) Flush(context.Context) error { return s.w.Flush() }
func (s *jsonSink) Close() error                { return s.w.Flush() }

// ViewOptions say how NewView draws.
type ViewOptions struct {
	Colour bool    // with terminal colours
	Width  int     // of the terminal in columns [80]
	Rate   float64 // of the source, to give places in seconds; 0: in samples
	Live   bool    // redraw the running label in place; else only whole lines
}

// NewView returns a sink for people: the running label of the open segment on a
// line that is drawn again and again, and a line that stays for each confirmed,
// dropped, gap and status event.
func NewView(w io.Writer, o ViewOptions) Sink {
	if o.Width == 0 {
		o.Width = 80
	}
	return &view{w: bufio.NewWriter(w), o: o}
}

type view struct {
	w      *bufio.Writer
	o      ViewOptions
	drawn  bool // a running line stands at the cursor
	latest Event
	fresh  bool
	early  string
}

func (v *view) Write(_ context.Context, e *Event) error {
	switch e.Type {
	case Running, Forecast:
		v.latest, v.fresh = e.Clone(), true
		return nil
	case Early:
		v.early = fmt.Sprintf("early at step %d", e.Step)
		return nil
	}
	v.wipe()
	v.fresh = false
	line := v.line(e)
	if e.Type == Confirmed || e.Type == Dropped {
		v.early = ""
	}
	_, err := fmt.Fprintln(v.w, line)
	return err
}

// Flush draws the newest running label, however many there were.
func (v *view) Flush(context.Context) error {
	if v.fresh && v.o.Live {
		v.wipe()
		v.w.WriteString(clip(v.line(&v.latest), v.o.Width-1))
		v.drawn, v.fresh = true, false
	}
	return v.w.Flush()
}

func (v *view) Close() error {
	v.wipe()
	return v.w.Flush()
}

func (v *view) wipe() {
	if v.drawn {
		v.w.WriteString("\r\x1b[K")
		v.drawn = false
	}
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

func (v *view) line(e *Event) string {
	switch e.Type {
	case Running:
		label := e.Label
		if !e.Warm {
			label = "…"
		} else if label == "" {
			label = "–"
		}
		return fmt.Sprintf("%s  %-16s %s %3.0f %%  step %d %s", v.place(e, e.Sample), label, bar(float64(e.P), 20), 100*e.P, e.Step, v.early)
	case Forecast:
		return v.forecast(e)
	case Confirmed:
		return v.confirmed(e)
	case Dropped:
		return fmt.Sprintf("%s  %s", v.place(e, e.Start), v.paint(90, heldBack(e)+notes(e)))
	case Gap:
		return fmt.Sprintf("%s  %s", v.place(e, e.Sample), v.paint(33, fmt.Sprintf("gap: %d samples lost %s", e.Lost, e.Reason)))
	case Status:
		return v.paint(90, fmt.Sprintf("-- %s %s: %s", e.Stream, e.State, e.Reason))
	case Summary:
		var b strings.Builder
		for _, c := range e.Counts {
			fmt.Fprintf(&b, "%s %.6g  ", strings.ReplaceAll(c.Name, "_", " "), c.Value)
		}
		return strings.TrimSpace(b.String())
	}
	return string(e.Type)
}

func (v *view) confirmed(e *Event) string {
	label, colour, note := e.Label, 32, ""
	switch {
	case e.Rejected:
		label, colour, note = "none of them", 33, heldBack(e)
	case e.Running != "" && !e.Agrees:
		colour, note = 36, "overturned "+e.Running
	}
	if v.early != "" {
		note = strings.TrimSpace(note + "  " + v.early)
	}
	note = strings.TrimSpace(note + notes(e))
	if e.Truth != "" && e.Truth != e.Label {
		colour, note = 31, strings.TrimSpace("was "+e.Truth+"  "+note)
	}
	return fmt.Sprintf("%s  %s %s %3.0f %%  %d steps, by %s  %s", v.place(e, e.Start), v.paint(colour, fmt.Sprintf("%-16s", label)),
		bar(float64(e.P), 20), 100*e.P, e.Steps, e.EndedBy, note)
}

// place is the stream, shortened, and where in it.
func (v *view) place(e *Event, sample uint64) string {
	name := filepath.Base(e.Stream)
	switch {
	case !e.Time.IsZero():
		return fmt.Sprintf("%s %s", name, e.Time.Local().Format(time.TimeOnly+".000"))
	case v.o.Rate > 0:
		return fmt.Sprintf("%s %8.3f s", name, float64(sample)/v.o.Rate)
	}
	return fmt.Sprintf("%s %8d", name, sample)
}

func (v *view) paint(colour int, s string) string {
	if !v.o.Colour {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colour, s)
}

// bar draws p as so many columns.
func bar(p float64, width int) string {
	n := int(p*float64(width) + 0.5)
	return strings.Repeat("█", max(min(n, width), 0)) + strings.Repeat("·", max(width-max(n, 0), 0))
}
