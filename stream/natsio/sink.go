package natsio

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/stream"
)

var _ stream.Sink = (*Sink)(nil)

// Sink publishes each event as JSON on the subject that Subject returns. An outage is
// waited out, however long: Write and Flush return when the server is back, or their
// context ends.
//
// Events that must not be lost, all but running and forecast events, are delivered at
// least once. Each has a header Nats-Msg-Id, SESSION/STREAM/SEGMENT/TYPE, and is held
// until the server has answered a ping that followed it on the same connection. If that
// connection ends before, it is published again with the same id.
type Sink struct {
	nc       *nats.Conn
	prefix   string
	subjects map[streamOfType]string
	line     []byte
	count    uint64   // of ids that need a number, from a random one on
	held     []letter // published, and not known to have been received
	bytes    int      // of held
	sent     int      // of held: published on the connection conn
	conn     uint64
	denied   atomic.Pointer[error] // the server refuses events that must not be lost
}

type streamOfType struct {
	typ    stream.Type
	stream string
}

// A letter is a published event that must not be lost.
type letter struct {
	msg    *nats.Msg
	typ    stream.Type
	header stream.Header // of the event
}

// DefaultPrefix begins the events' subjects unless another prefix is chosen.
const DefaultPrefix = "inkling"

const (
	retry     = 50 * time.Millisecond // between two attempts during an outage
	pong      = 10 * time.Second      // within which a server that is there answers a ping
	heldBytes = 1 << 20               // that are held before Write waits for the server
)

// NewSink returns a sink that publishes on PREFIX.TYPE.STREAM; prefix "" stands for
// DefaultPrefix.
func NewSink(nc *nats.Conn, prefix string) (*Sink, error) {
	prefix = cmp.Or(prefix, DefaultPrefix)
	if !valid(prefix) || strings.ContainsAny(prefix, "*>") {
		return nil, fmt.Errorf("nats prefix %q: give tokens between dots, without wildcards", prefix)
	}
	s := &Sink{nc: nc, prefix: prefix, subjects: map[streamOfType]string{}, count: uint64(rand.Uint32()) << 24}
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
	case stream.Running, stream.Forecast, stream.Detector:
		return false
	case stream.Status:
		return true
	}
	err := fmt.Errorf("%s events cannot be published: %w: allow the user to publish on %s.>", typ, why, s.prefix)
	s.denied.CompareAndSwap(nil, &err)
	return true
}

// Write publishes e. During an outage it waits for the server, or for ctx to end.
func (s *Sink) Write(ctx context.Context, e *stream.Event) error {
	if err := s.denied.Load(); err != nil {
		return *err
	}
	s.line = stream.AppendJSON(s.line[:0], e)
	subject := s.subject(e)
	if e.Type.MayBeLost() {
		return s.publish(ctx, e.Type, &e.Header, len(s.line), func() error { return s.nc.Publish(subject, s.line) })
	}
	msg := &nats.Msg{Subject: subject, Data: bytes.Clone(s.line), Header: nats.Header{nats.MsgIdHdr: {s.id(e)}}}
	s.held = append(s.held, letter{msg: msg, typ: e.Type, header: e.Header})
	s.bytes += len(msg.Data)
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	if s.bytes > heldBytes {
		return s.Flush(ctx)
	}
	return nil
}

// id returns an identity of e that no other event has. A segment has one event of a
// type; other events are numbered, by a Run or else here.
func (s *Sink) id(e *stream.Event) string {
	id := fmt.Sprintf("%s/%s/%d/%s", e.Session, e.Stream, e.Segment, e.Type)
	switch {
	case e.Number > 0:
		return fmt.Sprintf("%s/%d", id, e.Number)
	case e.Segment > 0 && (e.Type == stream.Confirmed || e.Type == stream.Dropped || e.Type == stream.Early):
		return id
	}
	s.count++
	return fmt.Sprintf("%s/%d", id, s.count)
}

// catchUp publishes what has not been published on the present connection, in order.
func (s *Sink) catchUp(ctx context.Context) error {
	for {
		if now := s.connection(); now != s.conn {
			s.conn, s.sent = now, 0
		}
		if s.sent == len(s.held) {
			return nil
		}
		switch err := s.send(ctx, &s.held[s.sent]); {
		case err == nil:
			s.sent++
		case err != errMoved:
			return err
		}
	}
}

// send publishes a letter on the connection s.conn; errMoved says that there is another.
func (s *Sink) send(ctx context.Context, l *letter) error {
	return s.publish(ctx, l.typ, &l.header, len(l.msg.Data), func() error {
		if s.connection() != s.conn {
			return errMoved
		}
		err := s.nc.PublishMsg(l.msg)
		if errors.Is(err, nats.ErrHeadersNotSupported) {
			err = s.nc.Publish(l.msg.Subject, l.msg.Data)
		}
		return err
	})
}

// connection returns the number of the present connection, or during an outage of the one
// before, from 1 on. It counts every connection to a server. So if it is the same before an event is
// published and after a ping has been answered, both went over that connection.
func (s *Sink) connection() uint64 { return 1 + s.nc.Stats().Reconnects }

// publish calls try until the event of the type and header is published, or can never be.
func (s *Sink) publish(ctx context.Context, typ stream.Type, h *stream.Header, size int, try func() error) error {
	for {
		err := nats.ErrReconnectBufExceeded
		if s.nc.IsConnected() || s.nc.IsClosed() {
			err = try()
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject):
			return s.refuse(typ, *h, size, err)
		case err == errMoved:
			return err
		case s.nc.IsClosed():
			return err
		}
		if err := s.pause(ctx); err != nil {
			return err
		}
	}
}

// pause waits a little for the server to come back.
func (s *Sink) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(retry):
		return nil
	}
}

// refuse reports an event that no server takes in a status event of its stream, which
// is shorter: one event's failure does not end the others.
func (s *Sink) refuse(typ stream.Type, h stream.Header, size int, why error) error {
	if typ == stream.Status {
		return nil // it would not fit either
	}
	h.Stream = cut(h.Stream)
	status := stream.NewStatus(h, capture.Slow, fmt.Sprintf("a %s event of %d bytes was not published: %v", typ, size, why))
	err := s.nc.Publish(s.subject(&status), stream.AppendJSON(nil, &status))
	if s.nc.IsClosed() {
		return err
	}
	return nil
}

// subject caches the subjects of the streams.
func (s *Sink) subject(e *stream.Event) string {
	name := cmp.Or(e.Stream, "all")
	key := streamOfType{e.Type, name}
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

// Flush waits until the server has everything, or ctx ends.
func (s *Sink) Flush(ctx context.Context) error {
	for {
		err := s.flush(ctx)
		// A flush that an outage cuts off fails with nats.ErrConnectionClosed too, though
		// the connection is not closed then.
		if denied := s.denied.Load(); denied != nil {
			return *denied // the server has said so before it answered the flush
		}
		if err == nil || s.nc.IsClosed() || ctx.Err() != nil {
			return err
		}
		if err := s.pause(ctx); err != nil {
			return err
		}
	}
}

// errMoved says that the connection is no longer that on which events were published.
var errMoved = errors.New("there is another connection to the server")

// flush publishes again what an earlier connection may have lost, and asks the server
// whether it has everything.
func (s *Sink) flush(ctx context.Context) error {
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pong)
	defer cancel()
	if err := s.nc.FlushWithContext(ctx); err != nil {
		return err
	}
	if s.connection() != s.conn {
		return errMoved
	}
	clear(s.held)
	s.held, s.bytes, s.sent = s.held[:0], 0, 0
	return nil
}

// Close leaves the connection open, for its owner to close.
func (s *Sink) Close() error {
	unwatchSink(s.nc, s)
	return nil
}
