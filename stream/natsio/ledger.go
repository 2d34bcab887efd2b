package natsio

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"inkling/stream"
)

var _ stream.Repeater = (*Ledger)(nil)

// A Ledger is a stream.Store in a JetStream stream: events and the state that they led to are
// stored in one atomic batch, or not at all; a state without events needs none. The batch names the sequence of the state before,
// so that of two processes that work on the same, one is refused whole. So each event is
// stored once, whatever is killed, cut off or frozen.
//
// Events are stored on the subjects that a Sink publishes them on. Running events, forecasts
// and status go out at once and are not stored: they are provisional.
//
// Commits lie on the subject PREFIX.state.NAME, the parts of a large one before it. Each names
// the sequence of the one before, and where those that still count begin. Events that are more
// than a batch holds come before, in batches that say how many of each stream they have.
//
// The stream has AllowAtomicPublish, which needs nats-server 2.12, and no AllowDirect, which
// could read an old state. On an older server events and state are stored one by one: less is
// promised then, see Batches.
type Ledger struct {
	js      jetstream.JetStream
	stream  string
	subject string // of the state
	live    *Sink
	old     bool // for tests: the server counts as one without batches

	commit    sync.Mutex  // held by Load and Save; guards what follows
	single    bool        // the server stores no batches
	sure      time.Time   // when the state was last known to be this ledger's
	last      uint64      // sequence of the last commit, or of events before the next one
	id        string      // of that
	committed uint64      // sequence of the last commit that Load has read
	kept      []uint64    // sequences at which the commits that count begin
	begun     uint64      // sequence of the first of the batches of events before any commit
	saved     int         // so often
	purged    uint64      // what came before is gone
	killed    func() bool // if set, is asked between batches or messages, for tests: nothing is stored any more

	mu       sync.Mutex // guards what follows
	pending  []unsaved
	mark     int    // of pending: those before the last Position
	done     done   // events that will come and are stored already
	markDone []byte // done, at the last Position
}

// An unsaved event waits for a commit.
type unsaved struct {
	*nats.Msg
	stream streamKey
	counts bool
	id     string // the same in each process that goes on from the same state
}

const (
	headerCommit = "Inkling-Commit" // identity of a commit, on all its messages of state
	headerParts  = "Inkling-Parts"  // number of parts before the commit; "": events alone came, before a commit
	headerAt     = "Inkling-At"     // sequences of those parts; "": they are those right before the commit
	headerBefore = "Inkling-Before" // sequence of the message before it on its subject
	headerFrom   = "Inkling-From"   // sequence at which the commits begin that make the state
	headerDone   = "Inkling-Done"   // bytes at the end of a commit that say which events are stored beyond it

	mostBatch   = 900       // events in one batch
	statePart   = 512 << 10 // bytes
	partSuffix  = ".part"   // of the subject of parts
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
	m := unsaved{Msg: &nats.Msg{Subject: l.live.subject(e), Data: stream.AppendJSON(nil, e)}, stream: keyOf(e.Stream), counts: counts(e), id: l.live.id(e)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !m.counts || !l.done.take(m.stream) {
		l.pending = append(l.pending, m)
	}
	return nil
}

// Repeats implements stream.Repeater.
func (l *Ledger) Repeats() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.done) > 0
}

// Flush implements stream.Sink. What is pending is delivered by Save.
func (l *Ledger) Flush(ctx context.Context) error { return l.live.Flush(ctx) }

// Close implements stream.Sink.
func (l *Ledger) Close() error { return l.live.Close() }

// Position implements stream.Rewinder.
func (l *Ledger) Position() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mark, l.markDone = len(l.pending), l.done.append(nil)
	return []byte{1}, nil
}

// Rewind implements stream.Rewinder: nothing was stored that the state does not have.
func (l *Ledger) Rewind([]byte) error { return nil }

// Save implements stream.Store.
func (l *Ledger) Save(ctx context.Context, commit []byte, keep int) error {
	l.commit.Lock()
	defer l.commit.Unlock()
	l.mu.Lock()
	events := l.pending[:l.mark:l.mark]
	c := saving{data: append(commit[:len(commit):len(commit)], l.markDone...), done: len(l.markDone)}
	l.mu.Unlock()
	if n := parts(c.data); n >= mostBatch {
		return fmt.Errorf("%s: a commit of %d MB, more than one batch of the server holds: save more often, or use more partitions", l, len(commit)>>20)
	}
	beside := mostBatch - int(parts(c.data)) // events in the batch of the commit
	for len(events) > beside && !l.single {
		n := min(mostBatch, len(events))
		if err := l.ahead(ctx, events[:n]); err != nil {
			return err
		}
		events = events[n:]
	}
	l.kept = l.kept[max(len(l.kept)-max(keep-1, 0), 0):]
	if err := l.store(ctx, events, &c); err != nil {
		return err
	}
	l.kept = append(l.kept, c.begin(l.last))
	l.forget(len(events))
	if l.saved++; l.saved%purgeEvery == 0 {
		l.purge(ctx)
	}
	return nil
}

// ahead stores events before the commit that has what they led to, and how many of each stream
// they are.
func (l *Ledger) ahead(ctx context.Context, events []unsaved) error {
	d := done{}
	for _, m := range events {
		if m.counts {
			d[m.stream]++
		}
	}
	data := d.append(nil)
	if err := l.store(ctx, events, &saving{data: data, done: len(data), ahead: true}); err != nil {
		return err
	}
	if l.begun == 0 {
		l.begun = l.last
	}
	l.forget(len(events))
	if l.killed != nil && l.killed() {
		return errKilled
	}
	return nil
}

var errKilled = errors.New("killed by a test")

// forget forgets the first n events, which are stored.
func (l *Ledger) forget(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = slices.Clone(l.pending[n:])
	l.mark -= n
}

// A saving is what becomes of a commit.
type saving struct {
	data  []byte
	done  int  // bytes of data, at its end, that say which events are stored beyond the state
	ahead bool // there is no state, and all of data says so

	// Without a batch: what is stored so far.
	events int
	at     []uint64 // sequences of parts
}

// begin returns the sequence at which a commit begins whose last message has sequence last.
func (c *saving) begin(last uint64) uint64 {
	if len(c.at) > 0 {
		return c.at[0]
	}
	return last - parts(c.data)
}

// parts returns how many messages come before the last one of a commit.
func parts(commit []byte) uint64 { return uint64(max(len(commit)-1, 0) / statePart) }

// store stores events and a commit, and tries again until it knows what became of them.
func (l *Ledger) store(ctx context.Context, events []unsaved, commit *saving) error {
	var b [12]byte
	rand.Read(b[:])
	id := hex.EncodeToString(b[:])
	try := l.try
	if l.single {
		try = l.oneByOne
	}
	for {
		seq, err := try(ctx, id, events, commit)
		if err == nil {
			l.last, l.id, l.sure = seq, id, time.Now()
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
		case errors.Is(err, errKilled):
			return err
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

// try stores a batch, and returns the sequence of its last message.
func (l *Ledger) try(ctx context.Context, id string, events []unsaved, c *saving) (uint64, error) {
	if len(events) == 0 { // its last message says which parts count; the server makes files for a batch
		return l.oneByOne(ctx, id, nil, c)
	}
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
	for i := range parts(c.data) {
		if err := batch.AddMsg(l.partOf(id, c, int(i))); err != nil {
			return 0, err
		}
	}
	head := l.headOf(id, c)
	ack, err := batch.CommitMsg(ctx, head, jetstreamext.WithBatchExpectLastSequencePerSubject(l.last))
	if err != nil {
		return 0, err
	}
	return ack.Sequence, nil
}

// partOf returns a message of a commit before the last one.
func (l *Ledger) partOf(id string, c *saving, i int) *nats.Msg {
	return &nats.Msg{Subject: l.subject + partSuffix, Data: c.data[i*statePart : (i+1)*statePart], Header: nats.Header{headerCommit: {id}}}
}

// headOf returns the last message of a commit.
func (l *Ledger) headOf(id string, c *saving) *nats.Msg {
	head := &nats.Msg{Subject: l.subject, Data: c.data[int(parts(c.data))*statePart:], Header: nats.Header{headerCommit: {id}, headerBefore: {strconv.FormatUint(l.last, 10)}}}
	switch {
	case len(l.kept) > 0:
		head.Header.Set(headerFrom, strconv.FormatUint(l.kept[0], 10))
	case c.ahead && l.begun > 0:
		head.Header.Set(headerFrom, strconv.FormatUint(l.begun, 10))
	}
	if !c.ahead {
		head.Header.Set(headerParts, strconv.FormatUint(parts(c.data), 10))
	}
	if len(c.at) > 0 {
		head.Header.Set(headerAt, strings.Trim(fmt.Sprint(c.at), "[]"))
	}
	if c.done > 0 {
		head.Header.Set(headerDone, strconv.Itoa(c.done))
	}
	return head
}

// purge removes commits that count no more. If it fails the next one does it.
func (l *Ledger) purge(ctx context.Context) {
	if l.kept[0] == l.purged {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	st, err := l.js.Stream(ctx, l.stream)
	for _, subject := range []string{l.subject, l.subject + partSuffix} {
		if err == nil {
			err = st.Purge(ctx, jetstream.WithPurgeSubject(subject), jetstream.WithPurgeSequence(l.kept[0]))
		}
	}
	if err == nil {
		l.purged = l.kept[0]
	}
}

// LedgerSubjects returns the subjects of the stream of a Ledger.
func LedgerSubjects(prefix string) (subjects []string) {
	for _, t := range []stream.Type{stream.Confirmed, stream.Dropped, stream.Early, stream.Gap, stream.Summary, "state"} {
		subjects = append(subjects, prefix+"."+string(t)+".>")
	}
	return subjects
}
