package natsio

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Load implements stream.Store. The state is this ledger's from its first Save on, which the
// Run makes before it reads: from then on no other process can save.
func (l *Ledger) Load(ctx context.Context) (commits [][]byte, err error) {
	l.commit.Lock()
	defer l.commit.Unlock()
	for range readAgain {
		var again bool
		if commits, again, err = l.load(ctx); !again {
			break
		}
	}
	return commits, err
}

// readAgain is how often Load begins anew because what it reads is replaced meanwhile.
const readAgain = 5

// load reads the commits. Again says that some of them are not there: their owner may have
// replaced them.
func (l *Ledger) load(ctx context.Context) (commits [][]byte, again bool, err error) {
	st, head, err := l.head(ctx)
	if err != nil || head == nil {
		return nil, false, err
	}
	d := done{}
	from, err := l.first(ctx, st, head)
	if err != nil {
		return nil, false, err
	}
	r := &commitReader{head: head.Sequence, from: from, stored: d}
	cons, err := l.js.OrderedConsumer(ctx, l.stream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{l.subject, l.subject + partSuffix},
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from})
	if err != nil {
		return nil, false, err
	}
	messages, err := cons.Messages(jetstream.PullMaxBytes(aheadBytes))
	if err != nil {
		return nil, false, err
	}
	defer messages.Stop()
	for !r.done {
		m, err := messages.Next(jetstream.NextMaxWait(commitWait))
		if err != nil {
			return nil, errors.Is(err, nats.ErrTimeout), err
		}
		if err := r.take(m, l.subject); err != nil {
			return nil, true, err
		}
	}
	l.last, l.id, l.kept, l.begun = head.Sequence, head.Header.Get(headerCommit), r.begins, 0
	l.committed = r.committed
	if len(r.begins) == 0 {
		l.begun = from
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done, l.markDone = d, d.append(nil)
	return r.commits, false, nil
}

// head returns the last message of state, and checks the stream; nil: there is no state.
func (l *Ledger) head(ctx context.Context) (jetstream.Stream, *jetstream.RawStreamMsg, error) {
	st, err := l.js.Stream(ctx, l.stream)
	if err != nil {
		return nil, nil, streamError(ctx, l.js, l.stream, err)
	}
	switch c := st.CachedInfo().Config; {
	case !c.AllowAtomicPublish:
		return nil, nil, errors.New("the stream does not store batches atomically: set AllowAtomicPublish, which needs nats-server 2.12 or later")
	case c.AllowDirect:
		return nil, nil, errors.New("the stream has AllowDirect, by which an old state can be read: turn it off")
	}
	head, err := st.GetLastMsgForSubject(ctx, l.subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return st, nil, nil
	}
	return st, head, err
}

var errNoParts = errors.New("the state is damaged, or of an earlier program: delete it there, or finish the streams with what wrote it")

// first returns the sequence at which the commits up to head begin.
func (l *Ledger) first(ctx context.Context, st jetstream.Stream, head *jetstream.RawStreamMsg) (uint64, error) {
	if text := head.Header.Get(headerFrom); text != "" {
		from, err := strconv.ParseUint(text, 10, 64)
		if err != nil || from == 0 || from > head.Sequence {
			return 0, errNoParts
		}
		return from, nil
	}
	// The first commit of all: of events before it there is no state.
	before, err := strconv.ParseUint(head.Header.Get(headerBefore), 10, 64)
	if err != nil || before >= head.Sequence {
		return 0, errNoParts
	}
	n, _ := strconv.ParseUint(head.Header.Get(headerParts), 10, 64)
	if n >= head.Sequence-before {
		return 0, errNoParts
	}
	return head.Sequence - n, nil
}

// A commitReader puts the messages of state together.
type commitReader struct {
	from, head uint64 // sequences of the first and the last message
	before     uint64 // sequence of the last one that was no part
	begins     []uint64
	commits    [][]byte
	parts      []byte // of the commit that is being read
	count      uint64 // of parts
	id         string // of them
	committed  uint64 // sequence of the last commit
	done       bool
	stored     done // events beyond the last commit
}

// take takes the next message.
func (r *commitReader) take(m jetstream.Msg, subject string) error {
	d, err := m.Metadata()
	if err != nil {
		return err
	}
	seq, h := d.Sequence.Stream, m.Headers()
	id := h.Get(headerCommit)
	if r.before == 0 && r.count == 0 && seq != r.from || seq > r.head || r.count > 0 && id != r.id {
		return fmt.Errorf("the state is damaged: what begins at sequence %d is not there", r.from)
	}
	if m.Subject() != subject {
		r.parts, r.id = append(r.parts, m.Data()...), id
		r.count++
		return nil
	}
	if before, err := strconv.ParseUint(h.Get(headerBefore), 10, 64); err != nil || r.before > 0 && before != r.before {
		return fmt.Errorf("the state is damaged: the message before sequence %d is not there", seq)
	}
	state := append(r.parts, m.Data()...)
	beyond, err := cutDone(&state, h)
	if err != nil {
		return err
	}
	if text := h.Get(headerParts); text != "" {
		if n, err := strconv.ParseUint(text, 10, 64); err != nil || n != r.count {
			return fmt.Errorf("the state is damaged: the commit at sequence %d has %d parts of %s", seq, r.count, text)
		}
		r.begins = append(r.begins, seq-r.count)
		r.commits, r.committed = append(r.commits, state), seq
		clear(r.stored)
	}
	if err := r.stored.add(beyond); err != nil {
		return err
	}
	r.parts, r.count, r.before = nil, 0, seq
	r.done = seq == r.head
	return nil
}

// cutDone cuts off, and returns, what says which events are stored beyond a commit.
func cutDone(commit *[]byte, h nats.Header) ([]byte, error) {
	text := h.Get(headerDone)
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n > uint64(len(*commit)) {
		return nil, errDone
	}
	at := len(*commit) - int(n)
	beyond := (*commit)[at:]
	*commit = (*commit)[:at:at]
	return beyond, nil
}

// Last returns the last commit; nil: there is none.
func (l *Ledger) Last(ctx context.Context) ([]byte, error) {
	st, head, err := l.head(ctx)
	for ; err == nil && head != nil && head.Header.Get(headerParts) == ""; head, err = st.GetMsg(ctx, l.before(head)) {
		if l.before(head) == 0 {
			return nil, nil
		}
	}
	if err != nil || head == nil {
		return nil, err
	}
	n, err := strconv.ParseUint(head.Header.Get(headerParts), 10, 64)
	if err != nil || n >= head.Sequence {
		return nil, errNoParts
	}
	var commit []byte
	for seq := head.Sequence - n; seq < head.Sequence; seq++ {
		m, err := st.GetMsg(ctx, seq)
		if err != nil {
			return nil, fmt.Errorf("part %d of the state: %w", seq, err)
		}
		commit = append(commit, m.Data...)
	}
	commit = append(commit, head.Data...)
	_, err = cutDone(&commit, head.Header)
	return commit, err
}

// before returns the sequence of the message of state before one; 0: there is none.
func (l *Ledger) before(head *jetstream.RawStreamMsg) uint64 {
	seq, err := strconv.ParseUint(head.Header.Get(headerBefore), 10, 64)
	if err != nil || seq >= head.Sequence {
		return 0
	}
	return seq
}
