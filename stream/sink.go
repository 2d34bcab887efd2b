package stream

import (
	"bufio"
	"context"
	"io"
)

// A Sink is where Run sends events. Its methods are called by one goroutine, and may
// block: Run keeps a bounded queue before each sink.
type Sink interface {
	// Write takes an event, which is valid until Write returns.
	Write(ctx context.Context, e *Event) error
	// Flush returns when everything written has been delivered.
	Flush(ctx context.Context) error
	// Close flushes and releases the sink.
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
