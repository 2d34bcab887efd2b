package stream

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"inkling/internal/disk"
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

// NewJSON returns a Sink that writes each event to w as one line of JSON. If w is a file on a
// disk that is full, fails or may only be read, a Run of a live source waits until it takes
// more, as for any sink that takes nothing, and says so; another Run ends.
func NewJSON(w io.Writer) Sink { return &jsonSink{w: w} }

type jsonSink struct {
	w     io.Writer
	lines []byte                // not written yet
	tell  func(err error)       // nil: an ill disk is an error
	ill   atomic.Pointer[error] // why the disk takes nothing; nil: it does
}

const (
	jsonBytes = 1 << 15     // that are written at once
	retryDisk = time.Second // between two attempts on a disk that takes nothing
)

func (s *jsonSink) Write(ctx context.Context, e *Event) error {
	s.lines = append(AppendJSON(s.lines, e), '\n')
	if len(s.lines) < jsonBytes {
		return nil
	}
	return s.Flush(ctx)
}

// Flush writes the lines. What a full disk has taken of them is not written again.
func (s *jsonSink) Flush(ctx context.Context) error {
	for len(s.lines) > 0 {
		n, err := s.w.Write(s.lines)
		s.lines = append(s.lines[:0], s.lines[n:]...)
		switch {
		case err == nil && s.ill.Swap(nil) != nil:
			s.tell(nil)
		case err == nil:
		case s.tell == nil || !disk.Ill(err):
			return err
		default:
			if s.ill.Swap(&err) == nil {
				s.tell(err)
			}
			select {
			case <-ctx.Done():
				return err
			case <-time.After(retryDisk):
			}
		}
	}
	return nil
}

func (s *jsonSink) endure(tell func(error)) { s.tell = tell }

// Check implements capture.Checker: the disk takes what is written.
func (s *jsonSink) Check(context.Context) error {
	if err := s.ill.Load(); err != nil {
		return *err
	}
	return nil
}

// Close writes what is left, if the disk takes it.
func (s *jsonSink) Close() error {
	s.tell = nil
	return s.Flush(context.Background())
}

// A Sink that is enduring waits while its disk takes nothing, instead of failing. It calls
// tell with the reason, and with nil once the disk takes events again.
type enduring interface{ endure(tell func(error)) }
