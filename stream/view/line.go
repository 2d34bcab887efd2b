package view

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"inkling/internal/plain"
	"inkling/stream"
)

// Colours of the terminal, as SGR parameters.
const (
	red    = 31
	green  = 32
	yellow = 33
	cyan   = 36
	grey   = 90
)

// line returns e as one line of text.
func (f *Formatter) line(e *stream.Event) string {
	switch e.Type {
	case stream.Running:
		return f.running(e)
	case stream.Forecast:
		return f.forecast(e)
	case stream.Confirmed:
		return f.confirmed(e)
	case stream.Dropped:
		return fmt.Sprintf("%s  %s", f.place(e, e.Start), f.paint(grey, heldBack(e)+notes(e)))
	case stream.Gap:
		return fmt.Sprintf("%s  %s", f.place(e, e.Sample), f.paint(yellow, gap(e)))
	case stream.Status:
		return f.paint(grey, plain.Text(fmt.Sprintf("-- %s %s: %s", e.Stream, e.State, e.Reason)))
	case stream.Summary:
		var b strings.Builder
		for _, c := range e.Counts {
			fmt.Fprintf(&b, "%s %.6g  ", plain.Text(strings.ReplaceAll(c.Name, "_", " ")), c.Value)
		}
		return strings.TrimSpace(b.String())
	}
	return plain.Text(string(e.Type))
}

func (f *Formatter) running(e *stream.Event) string {
	label := plain.Text(e.Label)
	if !e.Warm {
		label = "…"
	} else if label == "" {
		label = "–"
	}
	return fmt.Sprintf("%s  %-16s %s %3.0f %%  step %d %s", f.place(e, e.Sample), label, Bar(float64(e.P), f.barWidth()), 100*e.P, e.Step, f.early[e.Stream])
}

func (f *Formatter) confirmed(e *stream.Event) string {
	label, colour, note := plain.Text(e.Label), green, ""
	switch {
	case e.Rejected:
		label, colour, note = "none of them", yellow, heldBack(e)
	case e.Running != "" && !e.Agrees:
		colour, note = cyan, "overturned "+plain.Text(e.Running)
	}
	if early := f.early[e.Stream]; early != "" {
		note = strings.TrimSpace(note + "  " + early)
	}
	note = strings.TrimSpace(note + notes(e))
	if e.Truth != "" && e.Truth != e.Label {
		colour, note = red, strings.TrimSpace("was "+plain.Text(e.Truth)+"  "+note)
	}
	bar := ""
	if w := f.width(); w == 0 || w >= 120 {
		label, bar = fmt.Sprintf("%-16s", label), " "+Bar(float64(e.P), f.barWidth())
	} else {
		label = fmt.Sprintf("%-8s", label) // the line is long enough without a bar
	}
	return fmt.Sprintf("%s  %s%s %3.0f %%  %d steps, by %s  %s", f.place(e, e.Start), f.paint(colour, label), bar, 100*e.P, e.Steps, plain.Text(string(e.EndedBy)), note)
}

// forecast shows the values that arrived and those forecast for the next step, of at
// most eight channels; for text, the character that arrived and the likeliest next ones.
func (f *Formatter) forecast(e *stream.Event) string {
	if e.Text != nil {
		line := fmt.Sprintf("%s  %q, next", f.place(e, e.Sample), *e.Text)
		for _, s := range e.Top {
			line += fmt.Sprintf("  %q %.0f %%", s.Label, 100*s.P)
		}
		return line
	}
	n := len(e.Values)
	line := fmt.Sprintf("%s  %s → %s", f.place(e, e.Sample), list(e.Values), list(e.Ahead[:n]))
	if k := len(e.Levels); k > 1 {
		line += fmt.Sprintf("  (%g %%: %s, %g %%: %s)", 100*e.Levels[0], list(e.Quantiles[:n]), 100*e.Levels[k-1], list(e.Quantiles[(k-1)*n:]))
	}
	if e.Errors != nil {
		line += "  error " + list(e.Errors)
	}
	return line
}

// list joins the first eight values of x.
func list(x []float32) string {
	var b strings.Builder
	for i, v := range x[:min(len(x), 8)] {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%.4g", v)
	}
	return b.String()
}

// Name returns the last element of a stream's name, as it is shown.
func Name(stream string) string { return plain.Text(filepath.Base(stream)) }

// place returns the last element of the stream's name and the position in it: the
// time if e has one, else the sample in seconds or, without a rate, its number.
func (f *Formatter) place(e *stream.Event, sample uint64) string {
	name := Name(e.Stream)
	switch {
	case !e.Time.IsZero():
		return fmt.Sprintf("%s %s", name, e.Time.Local().Format(time.TimeOnly+".000"))
	case f.o.Rate > 0:
		return fmt.Sprintf("%s %8.3f s", name, float64(sample)/f.o.Rate)
	}
	return fmt.Sprintf("%s %8d", name, sample)
}

func (f *Formatter) paint(colour int, s string) string {
	if !f.o.Colour {
		return s
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", colour, s)
}

// barWidth returns the columns of a bar: fewer where there is less room.
func (f *Formatter) barWidth() int {
	switch w := f.width(); {
	case w == 0 || w >= 120:
		return 20
	case w >= 72:
		return 10
	}
	return 5
}

// Bar draws the fraction p as a bar of width columns.
func Bar(p float64, width int) string {
	n := int(p*float64(width) + 0.5)
	return strings.Repeat("█", max(min(n, width), 0)) + strings.Repeat("·", max(width-max(n, 0), 0))
}

// gap says what is missing, as far as it is known, and why.
func gap(e *stream.Event) string {
	reason := plain.Text(e.Reason)
	switch {
	case e.Lost == 0 && reason != "":
		return "gap: " + reason
	case reason != "":
		reason = ", " + reason
	}
	return fmt.Sprintf("gap: %d samples lost%s", e.Lost, reason)
}
