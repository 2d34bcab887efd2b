package natsio

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A fetcher fetches the messages of a stream ahead, in their order and without a gap. It ends
// when it cannot any more: another one goes on behind the last message that was read. The
// ordered consumer of the client does that by itself, but waits for its servers for so long
// that it stands for minutes after one of a cluster is lost.
type fetcher struct {
	messages chan jetstream.Msg // closed when none comes any more
	iter     jetstream.MessagesContext
	remove   func() // its consumer
	quit     chan struct{}
	once     sync.Once
	err      error // why messages was closed
}

const (
	// The messages that are fetched ahead: in the client, and of those decoded.
	aheadBytes    = 16 << 20
	aheadMessages = 256

	fetchExpiry    = 10 * time.Second // of a request for messages
	fetchHeartbeat = 2 * time.Second  // a consumer from which nothing comes for twice this is lost
	fetchIdle      = time.Minute      // the server removes a consumer that nobody asks for so long
	fetchBegin     = 5 * time.Second  // for the answer when one is made
)

// newFetcher begins at a sequence, with the messages of some subjects, or of all.
func newFetcher(ctx context.Context, js jetstream.JetStream, stream string, from uint64, subjects []string) (*fetcher, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchBegin)
	defer cancel()
	cons, err := js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{FilterSubjects: subjects, DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq: from, AckPolicy: jetstream.AckNonePolicy, MaxDeliver: 1, MemoryStorage: true, Replicas: 1, InactiveThreshold: fetchIdle})
	if err != nil {
		return nil, fmt.Errorf("JetStream stream %s: %w", stream, err)
	}
	f := &fetcher{messages: make(chan jetstream.Msg, aheadMessages), quit: make(chan struct{})}
	f.remove = func() {
		ctx, cancel := context.WithTimeout(context.Background(), fetchBegin)
		defer cancel()
		js.DeleteConsumer(ctx, stream, cons.CachedInfo().Name) // otherwise the server does, later
	}
	if f.iter, err = cons.Messages(jetstream.PullMaxBytes(aheadBytes), jetstream.PullExpiry(fetchExpiry), jetstream.PullHeartbeat(fetchHeartbeat)); err != nil {
		go f.remove()
		return nil, fmt.Errorf("JetStream stream %s: %w", stream, err)
	}
	go f.run()
	return f, nil
}

func (f *fetcher) run() {
	defer close(f.messages)
	for next := uint64(1); ; next++ {
		m, err := f.iter.Next()
		if err == nil {
			err = follows(m, next)
		}
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

// errMissed says that a message was lost between the server and here.
var errMissed = errors.New("messages were lost on their way")

// follows returns an error unless m is the message of this number of its consumer.
func follows(m jetstream.Msg, number uint64) error {
	d, err := m.Metadata()
	if err == nil && d.Sequence.Consumer != number {
		err = errMissed
	}
	return err
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
		go f.remove()
	})
}
