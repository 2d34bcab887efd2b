package natsio

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"inkling/stream"
)

var _ stream.Store = (*Ledger)(nil)

// A Ledger is a stream.Store in a JetStream stream: events and the state that they led to are
// stored in one atomic batch, or not at all. The batch names the sequence of the state before,
// so that of two processes that work on the same, one is refused whole. So each event is
// stored once, whatever is killed, cut off or frozen.
//
// Events are stored on the subjects that a Sink publishes them on. Running events, forecasts
// and status go out at once and are not stored: they are provisional.
//
// The state lies on the subject PREFIX.state.NAME, its parts before it if it is large. A
// server that stores batches atomically is needed, 2.12 or later, with AllowAtomicPublish for
// the stream, and without AllowDirect, which could read an old state.
type Ledger struct {
	js      jetstream.JetStream
	stream  string
	subject string // of the state
	live    *Sink

	commit sync.Mutex // held by Load and Save; guards what follows
	last   uint64     // sequence of the state
	id     string     // of the state
	state  []byte     // the last that was saved
	saved  int        // so often

	mu      sync.Mutex // guards what follows
	pending []*nats.Msg
	mark    int // of pending: those before the last Position
}

const (
	headerCommit = "Inkling-Commit" // identity of a commit, on its state and on the parts
	headerParts  = "Inkling-Parts"  // number of parts before the state

	mostBatch   = 900       // events in one batch
	statePart   = 512 << 10 // bytes
	purgeEvery  = 16        // commits
	commitRetry = 100 * time.Millisecond
	commitWait  = 5 * time.Second // for the answer to one attempt
)

// NewLedger returns a ledger in a stream whose subjects contain PREFIX.>, under a name. Only
// one process at a time may go on from what a name has; see Load.
func NewLedger(nc *nats.Conn, name, prefix, of string) (*Ledger, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	live, err := NewSink(nc, prefix)
	if err != nil {
		return nil, err
	}
	return &Ledger{js: js, stream: name, subject: live.prefix + ".state." + of, live: live}, nil
}

func (l *Ledger) String() string { return "JetStream stream " + l.stream + ", " + l.subject }

// Write implements stream.Sink.
func (l *Ledger) Write(ctx context.Context, e *stream.Event) error {
	if e.Type.MayBeLost() || e.Type == stream.Status {
		return l.live.Write(ctx, e)
	}
	m := &nats.Msg{Subject: l.live.subject(e), Data: stream.AppendJSON(nil, e), Header: nats.Header{}}
	l.mu.Lock()
	l.pending = append(l.pending, m)
	l.mu.Unlock()
	return nil
}

// Flush implements stream.Sink. What is pending is delivered by Save.
func (l *Ledger) Flush(ctx context.Context) error { return l.live.Flush(ctx) }

// Close implements stream.Sink.
func (l *Ledger) Close() error { return l.live.Close() }

// Position implements stream.Rewinder.
func (l *Ledger) Position() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mark = len(l.pending)
	return []byte{1}, nil
}

// Rewind implements stream.Rewinder: nothing was stored that the state does not have.
func (l *Ledger) Rewind([]byte) error { return nil }

// Load implements stream.Store. The state is this ledger's from its first Save on, which the
// Run makes before it reads: from then on no other process can save.
func (l *Ledger) Load(ctx context.Context) ([]byte, error) {
	l.commit.Lock()
	defer l.commit.Unlock()
	st, err := l.js.Stream(ctx, l.stream)
	if err != nil {
		return nil, streamError(ctx, l.js, l.stream, err)
	}
	switch c := st.CachedInfo().Config; {
	case !c.AllowAtomicPublish:
		return nil, errors.New("the stream does not store batches atomically: set AllowAtomicPublish, which needs nats-server 2.12 or later")
	case c.AllowDirect:
		return nil, errors.New("the stream has AllowDirect, by which an old state can be read: turn it off")
	}
	head, err := st.GetLastMsgForSubject(ctx, l.subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	parts, err := strconv.Atoi(head.Header.Get(headerParts))
	if err != nil || parts < 0 || uint64(parts) >= head.Sequence {
		return nil, errors.New("the state is damaged: its number of parts is missing")
	}
	var state []byte
	for i := range uint64(parts) {
		m, err := st.GetMsg(ctx, head.Sequence-uint64(parts)+i)
		if err != nil {
			return nil, fmt.Errorf("part %d of the state: %w", i+1, err)
		}
		if m.Header.Get(headerCommit) != head.Header.Get(headerCommit) {
			return nil, fmt.Errorf("the state is damaged: part %d is of another", i+1)
		}
		state = append(state, m.Data...)
	}
	l.state = append(state, head.Data...)
	l.last, l.id = head.Sequence, head.Header.Get(headerCommit)
	return l.state, nil
}

// Save implements stream.Store.
func (l *Ledger) Save(ctx context.Context, state []byte) error {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.mu.Lock()
	events := l.pending[:l.mark:l.mark]
	l.mu.Unlock()
	done := 0
	for ; len(events)-done > mostBatch; done += mostBatch {
		if err := l.store(ctx, events[done:done+mostBatch], l.state); err != nil {
			return err
		}
	}
	if err := l.store(ctx, events[done:], state); err != nil {
		return err
	}
	l.state = state
	l.mu.Lock()
	l.pending = slices.Clone(l.pending[len(events):])
	l.mark = 0
	l.mu.Unlock()
	if l.saved++; l.saved%purgeEvery == 0 {
		l.purge(ctx)
	}
	return nil
}

// store stores events and a state, and tries again until it knows what became of them.
func (l *Ledger) store(ctx context.Context, events []*nats.Msg, state []byte) error {
	var b [12]byte
	rand.Read(b[:])
	id := hex.EncodeToString(b[:])
	for {
		seq, err := l.try(ctx, id, events, state)
		if err == nil {
			l.last, l.id = seq, id
			return nil
		}
		seq, now, unknown := l.present(ctx)
		switch {
		case unknown != nil:
			err = unknown
		case now == id: // the answer was lost
			l.last, l.id = seq, id
			return nil
		case now != l.id || seq != l.last:
			return stream.ErrTaken
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(commitRetry):
		}
	}
}

// present returns the sequence and the identity of the state that is stored.
func (l *Ledger) present(ctx context.Context) (seq uint64, id string, err error) {
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	st, err := l.js.Stream(ctx, l.stream)
	if err != nil {
		return 0, "", err
	}
	head, err := st.GetLastMsgForSubject(ctx, l.subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", err
	}
	return head.Sequence, head.Header.Get(headerCommit), nil
}

// try stores a batch, and returns the sequence of the state.
func (l *Ledger) try(ctx context.Context, id string, events []*nats.Msg, state []byte) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	batch, err := jetstreamext.NewBatchPublisher(l.js, jetstreamext.BatchFlowControl{AckTimeout: commitWait})
	if err != nil {
		return 0, err
	}
	defer batch.Discard()
	for _, m := range events {
		m := &nats.Msg{Subject: m.Subject, Data: m.Data, Header: nats.Header{}}
		if err := batch.AddMsg(m); err != nil {
			return 0, err
		}
	}
	parts := 0
	for len(state) > statePart {
		m := &nats.Msg{Subject: l.subject + ".part", Data: state[:statePart], Header: nats.Header{headerCommit: {id}}}
		if err := batch.AddMsg(m); err != nil {
			return 0, err
		}
		state = state[statePart:]
		parts++
	}
	head := &nats.Msg{Subject: l.subject, Data: state, Header: nats.Header{headerCommit: {id}, headerParts: {strconv.Itoa(parts)}}}
	ack, err := batch.CommitMsg(ctx, head, jetstreamext.WithBatchExpectLastSequencePerSubject(l.last))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// purge removes states before the last. If it fails the next one does it.
func (l *Ledger) purge(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	st, err := l.js.Stream(ctx, l.stream)
	if err != nil {
		return
	}
	for _, subject := range []string{l.subject, l.subject + ".part"} {
		_ = st.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(l.last-uint64(max(len(l.state)-1, 0)/statePart)))
	}
}

// LedgerSubjects returns the subjects of the stream of a Ledger.
func LedgerSubjects(prefix string) (subjects []string) {
	for _, t := range []stream.Type{stream.Confirmed, stream.Dropped, stream.Early, stream.Gap, stream.Summary, "state"} {
		subjects = append(subjects, prefix+"."+string(t)+".>")
	}
	return subjects
}
