package natsio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/capture"
)

// begin begins to fetch messages behind the position. While that fails for a reason that passes,
// such as the loss of the server that had the stream, it is told, and s.fetch stays nil.
func (s *Stored) begin(ctx context.Context) error {
	if s.pause > 0 {
		timer := time.NewTimer(time.Until(s.beginAt))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.in.closed:
			return io.EOF
		}
	}
	err := s.open(ctx)
	if err == nil && s.failed != "" {
		s.failed = ""
		s.in.report("", capture.Up, fmt.Sprintf("the JetStream stream %s answers again", s.stream))
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return s.later(err)
}

// later has begin called again after a failure that passes, and returns any other. The consumer
// itself may be lost with its server at any time, which is told only if no other can be had.
func (s *Stored) later(err error) error {
	lost := s.fetch != nil && !errors.Is(err, ErrConnectionClosed)
	gone := s.fetched && errors.Is(err, jetstream.ErrStreamNotFound)
	if err == nil || !lost && !gone && !passes(s.js.Conn(), err) {
		return err
	}
	s.fetch.stop()
	s.fetch = nil
	s.pause = min(max(2*s.pause, firstPause), longestPause)
	if s.beginAt = time.Now().Add(s.pause); lost || gone {
		return nil
	}
	if text := err.Error(); text != s.failed {
		s.failed = text
		s.in.report("", capture.Down, fmt.Sprintf("the JetStream stream %s does not answer, it is asked again and again: %v", s.stream, err))
	}
	return nil
}

// tellGone tells that the stream is gone, or is there again, by what asking for it gave.
func (s *Stored) tellGone(err error) {
	switch gone := errors.Is(err, jetstream.ErrStreamNotFound); {
	case gone && !s.gone:
		s.in.report("", capture.Down, fmt.Sprintf("the JetStream stream %s is gone: nothing comes until it is there again", s.stream))
		s.gone = true
	case err == nil && s.gone:
		s.in.report("", capture.Up, fmt.Sprintf("the JetStream stream %s is there again", s.stream))
		s.gone = false
	}
}

// mostLate is how long a message that the server has may be on its way.
const mostLate = 5 * time.Second

// overdue notes that the next message has not come, though the server has it unless err says
// that it may not, and begins anew after a while.
func (s *Stored) overdue(err error) {
	switch {
	case err != nil:
	case s.late.IsZero():
		s.late = time.Now()
	case time.Since(s.late) > mostLate && s.fetch != nil:
		s.late = time.Time{}
		s.later(errMissed)
	}
}

// open asks for the messages behind the position.
func (s *Stored) open(ctx context.Context) error {
	st, err := s.js.Stream(ctx, s.stream)
	if s.fetched {
		s.tellGone(err)
	}
	if err != nil && !(s.fetched && errors.Is(err, jetstream.ErrStreamNotFound)) {
		return streamError(ctx, s.js, s.stream, err)
	}
	if err != nil {
		return err
	}
	var subjects []string
	for _, p := range s.in.pattern.parts {
		if subject := s.o.Strip + p.subject; subject != ">" {
			subjects = append(subjects, subject)
		}
	}
	from := s.seq + 1
	if first := st.CachedInfo().State.FirstSeq; first > max(from, s.lostTo) {
		s.lostTo = first
		s.in.report("", capture.Down, fmt.Sprintf("the JetStream stream %s keeps nothing before sequence %d any more: %d sequences from %d on are lost; let it keep messages for longer than an outage lasts", s.stream, first, first-from, from))
	}
	s.fetch, err = newFetcher(ctx, s.js, s.stream, from, subjects)
	s.fetched = s.fetched || err == nil
	return err
}
