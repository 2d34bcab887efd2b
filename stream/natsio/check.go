package natsio

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
)

var (
	_ capture.Checker = (*Source)(nil)
	_ capture.Checker = (*Sink)(nil)
	_ capture.Checker = (*Service)(nil)
)

// answerWithin is how long Check waits for the server's answer: one that is there and
// hangs is soon known as well.
const answerWithin = 500 * time.Millisecond

// Check implements capture.Checker: the server answers, and has the subscription.
func (s *Source) Check(ctx context.Context) error {
	s.mu.Lock()
	gone, drained := s.gone, s.drained
	s.mu.Unlock()
	switch {
	case gone != nil:
		return gone
	case drained || s.sub != nil && !s.sub.IsValid():
		return fmt.Errorf("nats subject %q: the subscription has ended", s.subject)
	}
	return answers(ctx, s.nc)
}

// Check implements capture.Checker: the server answers, and refuses no events that must
// not be lost.
func (s *Sink) Check(ctx context.Context) error {
	if err := s.denied.Load(); err != nil {
		return *err
	}
	return answers(ctx, s.nc)
}

// answers returns an error unless the server answers a ping.
func answers(ctx context.Context, nc *nats.Conn) error {
	if state := nc.Status(); state != nats.CONNECTED {
		return fmt.Errorf("nats: the connection is %s", stateName(state))
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := nc.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("nats: the server does not answer: %w", err)
	}
	return nil
}

func stateName(s nats.Status) string {
	switch s {
	case nats.RECONNECTING, nats.DISCONNECTED:
		return "lost; reconnecting"
	case nats.CLOSED:
		return "closed"
	}
	return "not up yet"
}

// Check implements capture.Checker: the server answers, and the service has not stopped.
func (s *Service) Check(ctx context.Context) error {
	if s.Stopped() {
		return fmt.Errorf("nats service %q: it has stopped", s.o.Subject)
	}
	return answers(ctx, s.nc)
}
