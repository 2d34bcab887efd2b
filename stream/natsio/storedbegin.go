package natsio

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/capture"
)

// begin begins to fetch messages behind the position. While that fails for a reason that passes,
// such as the loss of the server that had the stream, it is told, and s.fetch stays nil.
func (s *Stored) begin(ctx context.Context) error {
	if s.failed != "" {
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
		s.failed, s.pause = "", 0
		s.in.report("", capture.Up, fmt.Sprintf("the JetStream stream %s answers again", s.stream))
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return s.later(err)
}

// later has begin called again after a failure that passes, and returns any other.
func (s *Stored) later(err error) error {
	if err == nil || !passes(s.js.Conn(), err) {
		return err
	}
	s.fetch.stop()
	s.fetch = nil
	s.pause = min(max(2*s.pause, firstPause), longestPause)
	s.beginAt = time.Now().Add(s.pause)
	if text := err.Error(); text != s.failed {
		s.failed = text
		s.in.report("", capture.Down, fmt.Sprintf("the JetStream stream %s does not answer, it is asked again and again: %v", s.stream, err))
	}
	return nil
}

// open asks for the messages behind the position.
func (s *Stored) open(ctx context.Context) error {
	st, err := s.js.Stream(ctx, s.stream)
	if err != nil {
		return streamError(ctx, s.js, s.stream, err)
	}
	c := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy}
	for _, p := range s.in.pattern.parts {
		if subject := s.o.Strip + p.subject; subject != ">" {
			c.FilterSubjects = append(c.FilterSubjects, subject)
		}
	}
	from := s.seq + 1
	if first := st.CachedInfo().State.FirstSeq; first > from {
		s.in.report("", capture.Down, fmt.Sprintf("the JetStream stream %s keeps nothing before sequence %d any more: %d sequences from %d on are lost; let it keep messages for longer than an outage lasts", s.stream, first, first-from, from))
	}
	c.OptStartSeq = from
	s.fetch, err = newFetcher(ctx, s.js, s.stream, c)
	return err
}
