package natsio

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Patience is how long Try goes on: servers of a cluster that have just been started, or have
// lost one of them, take seconds to agree who answers, and tens of seconds under load.
const Patience = time.Minute

// The time that one attempt of Try has for its answer, and the pause after it: each is twice
// the one before. An answer that was lost is soon asked for again, and a slow one gets its time.
const (
	firstAttempt, longestAttempt = 2 * time.Second, 15 * time.Second
	firstPause, longestPause     = 50 * time.Millisecond, 2 * time.Second
)

// Try calls do until it succeeds, or fails for a reason that time does not mend, or has been
// tried for Patience. The context of a call ends with its attempt. log, if set, is told of the
// first failure, and of each that differs from the one before; what names what is tried, such
// as "KV bucket members".
//
// What do makes may be there already when it is called again: the answer may have been lost.
func Try(ctx context.Context, nc *nats.Conn, what string, log func(format string, args ...any), do func(context.Context) error) error {
	deadline := time.Now().Add(Patience)
	attempt, pause, told := firstAttempt, firstPause, ""
	for {
		one, cancel := context.WithTimeout(ctx, attempt)
		err := do(one)
		cancel()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil || !passes(nc, err):
			return err
		case !time.Now().Before(deadline):
			return fmt.Errorf("%w: tried for %v", err, Patience)
		}
		if text := err.Error(); text != told && log != nil {
			told = text
			log("%s: %v; trying again", what, err)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
		attempt, pause = min(2*attempt, longestAttempt), min(2*pause, longestPause)
	}
}

// passing are the codes of JetStream's errors that pass by themselves: while there is no
// leader, servers have not found one another, or those that have a stream are away.
var passing = map[jetstream.ErrorCode]bool{
	10004: true, // incomplete results
	10005: true, // no suitable peers
	10006: true, // not in clustered mode
	10007: true, // the cluster is not assigned to this server
	10008: true, // temporarily unavailable
	10009: true, // the cluster cannot handle the request
	10023: true, // insufficient resources: servers are missing
	10041: true, // Raft
	10118: true, // the stream is offline
	10119: true, // the consumer is offline
	10163: true, // the expected last sequence is not known yet
}

// errNotYet says that what was made cannot be seen yet: the server that makes a stream may be
// faster than the one that says which streams there are.
var errNotYet = errors.New("it has just been made")

// passes reports whether a failure of JetStream is one that passes by itself.
func passes(nc *nats.Conn, err error) bool {
	var api jetstream.JetStreamError
	if errors.As(err, &api) && api.APIError() != nil && passing[api.APIError().ErrorCode] {
		return true
	}
	for _, e := range []error{errNotYet, context.DeadlineExceeded, nats.ErrTimeout, nats.ErrDisconnected, nats.ErrReconnectBufExceeded, jetstream.ErrNoStreamResponse} {
		if errors.Is(err, e) {
			return true
		}
	}
	// A single server without JetStream stays without; of several, another may answer.
	return errors.Is(err, nats.ErrNoResponders) && nc != nil && len(nc.Servers()) > 1
}

// Ensure returns what get finds. If get fails with absent it calls create, if that is not nil,
// which may find, with exists, that somebody else has just made it. Nothing is updated: when one
// client makes a stream while another updates it, servers of a cluster lose both answers.
func Ensure[T any](ctx context.Context, nc *nats.Conn, what string, log func(format string, args ...any), get, create func(context.Context) (T, error), absent, exists error) (v T, err error) {
	err = Try(ctx, nc, what, log, func(ctx context.Context) error {
		var err error
		if v, err = get(ctx); !errors.Is(err, absent) || create == nil {
			return err
		}
		if v, err = create(ctx); err != nil && !errors.Is(err, exists) {
			return err
		}
		if v, err = get(ctx); errors.Is(err, absent) {
			return fmt.Errorf("%w: %w", errNotYet, err)
		}
		return err
	})
	return v, err
}
