package natsio

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// A fetcher fetches the messages of a stream ahead, and goes on after outages.
type fetcher struct {
	messages chan jetstream.Msg // closed when none comes any more
	iter     jetstream.MessagesContext
	quit     chan struct{}
	once     sync.Once
	err      error // why messages was closed
}

// The messages that are fetched ahead: in the client, and of those decoded.
const (
	aheadBytes    = 16 << 20
	aheadMessages = 256
)

func newFetcher(ctx context.Context, js jetstream.JetStream, stream string, c jetstream.OrderedConsumerConfig) (*fetcher, error) {
	cons, err := js.OrderedConsumer(ctx, stream, c)
	if err != nil {
		return nil, fmt.Errorf("JetStream stream %s: %w", stream, err)
	}
	f := &fetcher{messages: make(chan jetstream.Msg, aheadMessages), quit: make(chan struct{})}
	if f.iter, err = cons.Messages(jetstream.PullMaxBytes(aheadBytes)); err != nil {
		return nil, fmt.Errorf("JetStream stream %s: %w", stream, err)
	}
	go f.run()
	return f, nil
}

func (f *fetcher) run() {
	defer close(f.messages)
	for {
		m, err := f.iter.Next()
		if err != nil {
			f.err = err
			return
		}
		select {
		case f.messages <- m:
		case <-f.quit:
			return
		}
	}
}

// waits reports whether a message has been fetched.
func (f *fetcher) waits() bool { return f != nil && len(f.messages) > 0 }

// failed returns why messages was closed.
func (f *fetcher) failed(stream string) error {
	if errors.Is(f.err, jetstream.ErrConnectionClosed) {
		return ErrConnectionClosed
	}
	return fmt.Errorf("JetStream stream %s: %w", stream, f.err)
}

// stop ends fetching. f may be nil.
func (f *fetcher) stop() {
	if f == nil {
		return
	}
	f.once.Do(func() {
		close(f.quit)
		f.iter.Stop()
	})
}
