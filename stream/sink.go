package stream

import (
	"bufio"
	"context"
	"io"
)

// A Sink takes events. Write is called from one goroutine, in order; it may
// block: Run keeps a bounded queue before each sink so that classification
// never waits. The event's Top is valid until Write returns. Flush returns when
// everything written has been delivered.
type Sink interface {
	Write(ctx context.Context, e *Event) error
	Flush(ctx context.Context) error
	Close() error
}

// NewJSON returns a Sink that writes each event to w as one line of JSON.
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
