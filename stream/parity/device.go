package parity

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/export"
	"inkling/model/segment"
	"inkling/stream"
)

// Compared is what a Device found.
type Compared struct {
	Examples  int     `json:"examples"`
	Steps     int     `json:"steps"`
	Events    int     `json:"events"`
	Confirmed int     `json:"confirmed"`
	Greatest  float64 `json:"greatest_difference"` // of a probability
	Different int     `json:"different"`           // events that differ by more than the tolerance, or are missing
	First     string  `json:"first,omitempty"`     // of them
}

// A Device compares the events that exported code printed with those of a stream of the same
// samples.
type Device struct {
	Result Compared

	m         *model.Model
	settings  *export.Settings
	tolerance float64
	lines     *bufio.Scanner
	line      int
}

// NewDevice returns a Device of m that allows probabilities to differ by tolerance. log is
// what main.c printed.
func NewDevice(m *model.Model, log io.Reader, tolerance float64) (*Device, error) {
	d := &Device{m: m, tolerance: tolerance, lines: bufio.NewScanner(log)}
	d.lines.Buffer(nil, 1<<22)
	e, err := d.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty: the device printed nothing")
	case err != nil:
		return nil, err
	case e.Type != stream.Status || e.Model == "":
		return nil, errors.New("line 1: want the status event with which the program of export begins: save what it prints from the beginning")
	case e.Model != m.Hash():
		return nil, fmt.Errorf("the code is of the model %s, and this one is %s: export this model, or give that one", e.Model, m.Hash())
	}
	o := export.Options{State: decide.Reset}
	if _, err := fmt.Sscanf(e.Reason, "started: segments %s of at most %d steps", &o.Segment, &o.Steps); err != nil {
		return nil, fmt.Errorf("line 1: reason %q does not say how the code cuts segments: export the model again, with this inkling", e.Reason)
	}
	d.settings, err = export.Settle(m, o)
	return d, err
}

// Settings returns how the code cuts segments.
func (d *Device) Settings() *export.Settings { return d.settings }

// next returns the next event of the log, or io.EOF.
func (d *Device) next() (e stream.Event, err error) {
	if !d.lines.Scan() {
		if err := d.lines.Err(); err != nil {
			return e, fmt.Errorf("line %d: %w", d.line+1, err)
		}
		return e, io.EOF
	}
	d.line++
	if err := json.Unmarshal(d.lines.Bytes(), &e); err != nil {
		return e, fmt.Errorf("line %d: %.200q: %w", d.line, d.lines.Text(), err)
	}
	return e, nil
}

// Example compares what was said of the example x, channels interleaved, which was a stream
// of its own.
func (d *Device) Example(name string, x []float32) error {
	want, err := d.events(x)
	if err != nil {
		return err
	}
	d.Result.Examples++
	for _, w := range want {
		d.Result.Events++
		switch w.Type {
		case stream.Running:
			d.Result.Steps++
		case stream.Confirmed:
			d.Result.Confirmed++
		}
	}
	for i := 0; ; i++ {
		got, err := d.next()
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("it is cut off: %s has no summary", name)
		case err != nil:
			return err
		case got.Type == stream.Summary:
			if i < len(want) {
				d.differs(fmt.Sprintf("%s: nothing, want %s (and %d more)", name, line(&want[i]), len(want)-i-1), len(want)-i)
			}
			return d.samples(name, &got, len(x)/d.m.Config.Channels)
		case i >= len(want):
			d.differs(fmt.Sprintf("%s, line %d: %s, want no more", name, d.line, d.lines.Text()), 1)
		case !d.agrees(&got, &want[i]):
			d.differs(fmt.Sprintf("%s, line %d: %s, want %s", name, d.line, d.lines.Text(), line(&want[i])), 1)
		}
	}
}

// End reports a log that goes on.
func (d *Device) End() error {
	if _, err := d.next(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("it goes on after %d examples, so it is of other ones: choose the same as for the samples", d.Result.Examples)
	}
	return nil
}

func (d *Device) differs(what string, n int) {
	if d.Result.Different += n; d.Result.First == "" {
		d.Result.First = what
	}
}

func line(e *stream.Event) string { return string(stream.AppendJSON(nil, e)) }

// samples reports a device that read another number of samples.
func (d *Device) samples(name string, summary *stream.Event, want int) error {
	for _, c := range summary.Counts {
		if c.Name == "samples" && c.Value == float64(want) {
			return nil
		}
	}
	return fmt.Errorf("line %d: %s has %d samples, and the device read another number (%s): it is another example, or samples were lost", d.line, name, want, line(summary))
}

// events returns what a stream says of x.
func (d *Device) events(x []float32) (all []stream.Event, err error) {
	s := d.settings
	c, err := stream.NewClassifier(s.Model, &stream.Options{Session: "device", Segment: &s.Segment, State: decide.Reset, Gap: decide.GapReset, Top: s.Model.Classes()})
	if err != nil {
		return nil, err
	}
	b := capture.Block{Format: capture.Format{Rate: d.m.Config.Rate, Channels: d.m.Config.Channels}, Samples: x}
	if s.Segment.Kind == segment.Message {
		b.Mark = capture.MarkBegin | capture.MarkEnd
	}
	if err := c.Feed(&b); err != nil {
		return nil, err
	}
	keep := func(events []stream.Event) {
		for _, e := range events {
			if e.Type != stream.Status { // of a rate that is unlike the training data's
				all = append(all, e.Clone())
			}
		}
	}
	keep(c.Advance(nil))
	keep(c.End(nil, segment.ByEOF))
	return all, nil
}

// WriteEvents writes what a stream says of each of several signals, channels interleaved, as
// JSON lines: the events that exported code is to print of them.
func WriteEvents(w io.Writer, m *model.Model, s *export.Settings, signals [][]float32) error {
	d := &Device{m: m, settings: s}
	for i, x := range signals {
		events, err := d.events(x)
		if err != nil {
			return err
		}
		for _, e := range events {
			e.Stream = fmt.Sprint(i + 1)
			e.Top = e.Top[:min(len(e.Top), 3)]
			if _, err := w.Write(append(stream.AppendJSON(nil, &e), '\n')); err != nil {
				return err
			}
		}
	}
	return nil
}
