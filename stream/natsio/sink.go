package natsio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/stream"
)

var _ stream.Sink = (*Sink)(nil)

// Sink publishes each event as JSON on PREFIX.TYPE.STREAM. Through an outage
// nats.go keeps what was published; Flush returns when the server has all of it,
// or fails after Patience.
type Sink struct {
	nc       *nats.Conn
	prefix   string
	subjects map[string]string // by type and stream
	line     []byte
	Patience time.Duration // [1 min]
}

// DefaultPrefix of the output subjects.
const DefaultPrefix = "inkling"

// NewSink returns a sink; prefix "" is DefaultPrefix.
func NewSink(nc *nats.Conn, prefix string) (*Sink, error) {
	if prefix == "" {
		prefix = DefaultPrefix
	}
	if !valid(prefix) || strings.ContainsAny(prefix, "*>") {
		return nil, fmt.Errorf("nats prefix %q: give tokens between dots, without wildcards", prefix)
	}
	return &Sink{nc: nc, prefix: prefix, subjects: map[string]string{}, Patience: time.Minute}, nil
}

// Write publishes e.
func (s *Sink) Write(ctx context.Context, e *stream.Event) error {
	s.line = stream.AppendJSON(s.line[:0], e)
	for {
		err := s.nc.Publish(s.subject(e), s.line)
		if !errors.Is(err, nats.ErrReconnectBufExceeded) {
			return err
		}
		select { // the outage has filled the buffer: wait for the server
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// subject keeps the subjects of streams that come again and again.
func (s *Sink) subject(e *stream.Event) string {
	name := e.Stream
	if name == "" {
		name = "all"
	}
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

// Flush waits until the server has everything.
func (s *Sink) Flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	for {
		try, stop := context.WithTimeout(ctx, time.Second)
		err := s.nc.FlushWithContext(try)
		stop()
		// A flush under way when the server goes away ends with
		// nats.ErrConnectionClosed too; the connection is not closed then.
		if err == nil || s.nc.IsClosed() {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("nats: events were not delivered within %s: %w", s.Patience, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Close leaves the connection to its owner.
func (s *Sink) Close() error { return nil }
