// Package soak runs a model on an endless composed stream, and says what changes with time:
// memory, goroutines, open files, delays and accuracy.
package soak

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/compose"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream"
	"inkling/stream/evaluate/pairing"
)

// Options are those of Run. A zero field takes the default in brackets.
type Options struct {
	Duration  time.Duration   // of signal
	Every     time.Duration   // signal of a row [an hour, or a twelfth of Duration if that is less]
	Streams   int             // that run at once, each with a signal of its own [1]
	Speed     float64         // times real time [0: as fast as it goes]
	Compose   compose.Options // of each row's signal; Duration and Part are set by Run
	Stream    stream.Options  // of every stream
	Tolerance float64         // greatest distance, in seconds, between the start of an event and that of its segment [DefaultTolerance]

	Row      func(*Row)                // called as soon as a row is complete
	Progress func(done, total float64) // seconds of signal
}

// DefaultTolerance is that of evaluate.
const DefaultTolerance = 0.25

// LeastRows is how many rows there must be for a verdict.
const LeastRows = 6

// Run labels a stream that is composed out of set until Duration of signal is over or ctx
// ends, of which Report.Interrupted tells. The signal of the last row is that of the first, so
// that their accuracies can be compared.
func Run(ctx context.Context, m *model.Model, set *dataset.Set, o Options) (*Report, error) {
	o.Every = cmp.Or(o.Every, min(time.Hour, o.Duration/12))
	o.Streams = cmp.Or(o.Streams, 1)
	o.Tolerance = cmp.Or(o.Tolerance, DefaultTolerance)
	rows := int(o.Duration / max(o.Every, 1))
	switch {
	case rows < LeastRows:
		return nil, fmt.Errorf("soak: Options.Duration %v has %d rows of %v: give at least %d", o.Duration, rows, o.Every, LeastRows)
	case o.Streams < 0 || o.Streams > 10_000:
		return nil, fmt.Errorf("soak: %d streams: give 1 to 10000", o.Streams)
	case m.HasNext() || m.Config.Text() || m.Config.Segment.Kind == segment.Beat:
		return nil, errors.New("soak: the model is of text, of heartbeats or of what comes next: give one of sounds or sensors with labels")
	}
	events, background, err := divide(m, set)
	if err != nil {
		return nil, err
	}
	if o.Compose.Background == nil {
		o.Compose.Background = background
	}
	o.Compose.Duration = o.Every.Seconds()
	w := &watch{o: &o, rows: rows, began: time.Now(), report: &Report{Labels: m.Config.Labels}, samples: uint64(math.Round(o.Every.Seconds() * set.Rate))}
	src := &source{set: events, o: &o.Compose, rows: rows, watch: w, format: capture.Format{Rate: set.Rate, Channels: set.Channels}}
	if err := src.begin(o.Streams, m.Config.Labels); err != nil {
		return nil, err
	}
	w.margin = src.margin(m, o.Stream.Segment)
	err = stream.Run(ctx, capture.Replay(src, o.Speed, nil), m, &stream.RunOptions{Options: o.Stream, Finite: true, Idle: 1000 * time.Hour, Forget: 1000 * time.Hour,
		Streams: o.Streams, Annotate: w.event, Progress: w.block, Meter: w}, discard{})
	w.report.Interrupted = ctx.Err() != nil
	if err != nil && !errors.Is(err, ctx.Err()) { // also what a stream refuses at once
		return nil, err
	}
	if src.err != nil {
		return nil, src.err
	}
	w.finish()
	return w.report, nil
}

// divide returns the examples of labels, and those of the background; nil if there are none.
// A label that the model does not have is an error.
func divide(m *model.Model, set *dataset.Set) (events, background *dataset.Set, err error) {
	labels, others := *set, *set
	labels.Examples, others.Examples = nil, nil
	known := index(m.Config.Labels)
	for _, e := range set.Examples {
		name := set.Labels[e.Label]
		switch {
		case name == m.Config.Decision.Background || name == dataset.Background:
			others.Examples = append(others.Examples, e)
		case known[name] == 0:
			return nil, nil, fmt.Errorf("soak: %s: the label %q is none of the model's", e.Name, name)
		default:
			labels.Examples = append(labels.Examples, e)
		}
	}
	if len(others.Examples) == 0 {
		return &labels, nil, nil
	}
	return &labels, &others, nil
}

// index returns for each label its number from 1 on.
func index(labels []string) map[string]int {
	all := map[string]int{}
	for i, l := range labels {
		all[l] = i + 1
	}
	return all
}

// discard is where the events of a soak go.
type discard struct{}

func (discard) Write(context.Context, *stream.Event) error { return nil }
func (discard) Flush(context.Context) error                { return nil }
func (discard) Close() error                               { return nil }

// A source composes its streams a row at a time, and yields blocks of 10 ms of each in turn.
type source struct {
	set    *dataset.Set
	o      *compose.Options
	rows   int
	watch  *watch
	format capture.Format
	err    error

	all   []player
	next  int
	block int // values
	done  int // streams that have ended

	once   sync.Once
	closed chan struct{}
}

// A player is one stream of a source.
type player struct {
	name   string
	row    int // rows that have begun
	reader *compose.Reader
	at     uint64
	buffer []float32
	labels map[string]int
}

func (s *source) begin(streams int, labels []string) error {
	s.closed = make(chan struct{})
	s.block = max(int(s.format.Rate/100), 1) * s.format.Channels
	for i := range streams {
		s.all = append(s.all, player{name: fmt.Sprintf("soak-%d", i+1), buffer: make([]float32, s.block), labels: index(labels)})
		if err := s.row(i); err != nil {
			return err
		}
	}
	return nil
}

// row composes the next row of a stream, and tells the watch what is in it.
func (s *source) row(stream int) error {
	p, o := &s.all[stream], *s.o
	o.Seed += uint64(stream)
	if o.Part = p.row; p.row == s.rows-1 {
		o.Part = 0 // what the first row was
	}
	plan, err := compose.New(s.set, o)
	if errors.Is(err, compose.ErrTooShort) {
		err = fmt.Errorf("soak: %w the %v s of a row: raise Options.Every", compose.ErrTooShort, o.Duration)
	}
	if err != nil {
		return err
	}
	from := p.at
	var events []pairing.Span
	for _, a := range plan.Events {
		events = append(events, pairing.Span{Start: from + uint64(a.Start*s.format.Rate+0.5), End: from + uint64(a.End*s.format.Rate+0.5), Label: p.labels[a.Label] - 1})
	}
	s.watch.expect(p.name, events)
	p.row++
	p.reader = plan.Reader()
	return nil
}

// margin returns how many samples after the end of a row its last segments are decided.
func (s *source) margin(m *model.Model, c *segment.Config) uint64 {
	if c == nil {
		c = &m.Config.Segment
	}
	return uint64((c.Defaults().MaxDuration + 5) * s.format.Rate)
}

// Read implements capture.Source.
func (s *source) Read(ctx context.Context, b *capture.Block) error {
	select {
	case <-s.closed:
		return errors.New("soak: closed")
	default:
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.done == len(s.all) {
		return io.EOF
	}
	p := &s.all[s.next]
	n, err := p.reader.Read(p.buffer)
	if err != nil && p.row < s.rows {
		if s.err = s.row(s.next); s.err != nil {
			return s.err
		}
		n, err = p.reader.Read(p.buffer)
	}
	*b = capture.Block{Stream: p.name, Format: s.format, Offset: p.at, Samples: p.buffer[:n]}
	if err != nil {
		b.Done = true
		s.done++
	}
	p.at += uint64(n / s.format.Channels)
	s.next = (s.next + 1) % len(s.all)
	return nil
}

// Close implements capture.Source.
func (s *source) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}
