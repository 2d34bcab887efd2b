package natsio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/stream"
)

var _ stream.Sink = (*Sink)(nil)

// Sink publishes each event as JSON on the subject that Subject returns. What is
// published during an outage waits in the connection; Flush returns when the server has
// all of it.
type Sink struct {
	nc       *nats.Conn
	prefix   string
	subjects map[string]string // by type and stream
	line     []byte
	denied   atomic.Pointer[error] // the server refuses events that must not be lost
	Patience time.Duration         // how long Flush waits for the server [1 min]
}

// DefaultPrefix begins the events' subjects unless another prefix is chosen.
const DefaultPrefix = "inkling"

// retry is the pause between two attempts to publish or flush during an outage.
const retry = 50 * time.Millisecond

// NewSink returns a sink that publishes on PREFIX.TYPE.STREAM; prefix "" stands for
// DefaultPrefix.
func NewSink(nc *nats.Conn, prefix string) (*Sink, error) {
	prefix = cmp.Or(prefix, DefaultPrefix)
	if !valid(prefix) || strings.ContainsAny(prefix, "*>") {
		return nil, fmt.Errorf("nats prefix %q: give tokens between dots, without wildcards", prefix)
	}
	s := &Sink{nc: nc, prefix: prefix, subjects: map[string]string{}, Patience: time.Minute}
	watchSink(nc, s)
	return s, nil
}

// typeOf returns the type of the events that s publishes on subject.
func (s *Sink) typeOf(subject string) (typ stream.Type, ours bool) {
	rest, ours := strings.CutPrefix(subject, s.prefix+".")
	name, _, _ := strings.Cut(rest, ".")
	return stream.Type(name), ours
}

// refused notes that the server refuses the events of a type, and reports whether nothing
// is to be told of it: a status that cannot be published would be the next one refused.
// Events that must not be lost end the sink.
func (s *Sink) refused(typ stream.Type, why error) bool {
	switch typ {
	case stream.Running, stream.Forecast:
		return false
	case stream.Status:
		return true
	}
	err := fmt.Errorf("%s events cannot be published: %w: allow the user to publish on %s.>", typ, why, s.prefix)
	s.denied.CompareAndSwap(nil, &err)
	return true
}

// Write publishes e. If an outage has filled the connection's buffer it waits for the
// server, or for ctx to end.
func (s *Sink) Write(ctx context.Context, e *stream.Event) error {
	if err := s.denied.Load(); err != nil {
		return *err
	}
	s.line = stream.AppendJSON(s.line[:0], e)
	for {
		err := s.nc.Publish(s.subject(e), s.line)
		if errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject) {
			return s.refuse(e, err)
		}
		if !errors.Is(err, nats.ErrReconnectBufExceeded) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(retry):
		}
	}
}

// refuse reports an event that no server takes in a status event of its stream, which
// is shorter: one event's failure does not end the others.
func (s *Sink) refuse(e *stream.Event, why error) error {
	if e.Type == stream.Status {
		return nil // it would not fit either
	}
	h := e.Header
	h.Stream = cut(h.Stream)
	status := stream.NewStatus(h, capture.Slow, fmt.Sprintf("a %s event of %d bytes was not published: %v", e.Type, len(s.line), why))
	s.line = stream.AppendJSON(s.line[:0], &status)
	err := s.nc.Publish(s.subject(&status), s.line)
	if errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject) {
		return nil
	}
	return err
}

// subject caches the subjects of the streams.
func (s *Sink) subject(e *stream.Event) string {
	name := cmp.Or(e.Stream, "all")
	key := string(e.Type) + " " + name
	if v, ok := s.subjects[key]; ok {
		return v
	}
	if len(s.subjects) > 1<<16 {
		clear(s.subjects)
	}
	v := Subject(s.prefix, string(e.Type), name)
	s.subjects[key] = v
	return v
}

// Flush waits until the server has everything, at most for Patience.
func (s *Sink) Flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	for {
		attempt, stop := context.WithTimeout(ctx, time.Second)
		err := s.nc.FlushWithContext(attempt)
		stop()
		// A flush that an outage cuts off fails with nats.ErrConnectionClosed too, though
		// the connection is not closed then.
		if denied := s.denied.Load(); denied != nil {
			return *denied // the server has said so before it answered the flush
		}
		if err == nil || s.nc.IsClosed() {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("nats: events were not delivered within %s: %w", s.Patience, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
}

// Close leaves the connection open, for its owner to close.
func (s *Sink) Close() error {
	unwatchSink(s.nc, s)
	return nil
}
