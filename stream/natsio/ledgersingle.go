package natsio

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/stream"
)

// batchLevel is the level of JetStream's interface from which servers store batches atomically:
// that of nats-server 2.12.
const batchLevel = 2

// Batches reports whether the server can store batches atomically, as nats-server does from 2.12
// on. With an older one a Ledger stores the events of a commit one by one, then the state, which
// is refused if another process has stored one meanwhile. Whatever is killed, nothing is lost and
// the state is right. But events of a process that ends before it has stored their state come
// again from the next one, and those of a process that was replaced while it was frozen may
// come again from it. They have the Nats-Msg-Id that they had, by which the server drops them
// within the stream's Duplicates window, and not later.
func Batches(ctx context.Context, js jetstream.JetStream) (bool, error) {
	info, err := js.AccountInfo(ctx)
	if err != nil {
		return false, fmt.Errorf("the server does not say what it can: %w", err)
	}
	return info.API.Level >= batchLevel, nil
}

const (
	stillSure  = time.Second // after which the state may have become another's without a sign
	mostAtOnce = 64          // events that are under way
)

// oneByOne is try without a batch: for a state without events, whose last message says which
// parts before it count, and for a server that stores no batches. What it has stored of a commit it does
// not store again when it is called again.
func (l *Ledger) oneByOne(ctx context.Context, id string, events []unsaved, c *saving) (uint64, error) {
	if len(events) > 0 && time.Since(l.sure) > stillSure {
		seq, now, err := l.present(ctx)
		if err != nil {
			return 0, err
		}
		if now != l.id || seq != l.last {
			return 0, stream.ErrTaken
		}
		l.sure = time.Now()
	}
	for c.events < len(events) {
		n := apart(events[c.events:])
		if err := l.publish(ctx, events[c.events:c.events+n]); err != nil {
			return 0, err
		}
		c.events += n
		if l.killed != nil && l.killed() {
			return 0, errKilled
		}
	}
	for i := len(c.at); i < int(parts(c.data)); i++ {
		m := l.partOf(id, c, i)
		m.Header.Set(nats.MsgIdHdr, id+"/"+strconv.Itoa(i))
		seq, err := l.publishOne(ctx, m)
		if err != nil {
			return 0, err
		}
		c.at = append(c.at, seq)
	}
	return l.publishOne(ctx, l.headOf(id, c), jetstream.WithExpectLastSequencePerSubject(l.last))
}

// apart returns how many events, from the first one on, are each of another stream: they may be
// stored in any order.
func apart(events []unsaved) int {
	of := map[streamKey]bool{}
	for i := range events {
		if of[events[i].stream] || i == mostAtOnce {
			return i
		}
		of[events[i].stream] = true
	}
	return len(events)
}

// publish stores events, in any order. If it fails, some of them may be stored.
func (l *Ledger) publish(ctx context.Context, events []unsaved) error {
	errs := make([]error, len(events))
	var all sync.WaitGroup
	for i, e := range events {
		all.Go(func() {
			_, errs[i] = l.publishOne(ctx, &nats.Msg{Subject: e.Subject, Data: e.Data, Header: nats.Header{nats.MsgIdHdr: {e.id}}})
		})
	}
	all.Wait()
	for _, err := range errs { // one of them says enough
		if err != nil {
			return err
		}
	}
	return nil
}

// publishOne stores a message, and returns its sequence.
func (l *Ledger) publishOne(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	ack, err := l.js.PublishMsg(ctx, m, opts...)
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}
