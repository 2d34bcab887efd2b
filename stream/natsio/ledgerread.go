package natsio

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

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
	if err == nil {
		err = l.batches(ctx, st)
	}
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
	l.last, l.id, l.kept, l.begun, l.sure = head.Sequence, head.Header.Get(headerCommit), r.begins, 0, time.Now()
	l.committed = r.committed
	if len(r.begins) == 0 {
		l.begun = from
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done, l.markDone = d, d.append(nil)
	return r.commits, false, nil
}

// batches finds out whether events and state are stored together.
func (l *Ledger) batches(ctx context.Context, st jetstream.Stream) error {
	l.single = false
	switch c := st.CachedInfo().Config; {
	case c.AllowDirect:
		return errors.New("the stream has AllowDirect, by which an old state can be read: turn it off")
	case c.AllowAtomicPublish:
		return nil
	}
	can, err := Batches(ctx, l.js)
	if err != nil {
		return err
	}
	if can && !l.old {
		return errors.New("the stream does not store batches atomically: set AllowAtomicPublish")
	}
	l.single = true
	return nil
}

// head returns the last message of state; nil: there is none.
func (l *Ledger) head(ctx context.Context) (jetstream.Stream, *jetstream.RawStreamMsg, error) {
	st, err := l.js.Stream(ctx, l.stream)
	if err != nil {
		return nil, nil, streamError(ctx, l.js, l.stream, err)
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
	at, err := partsAt(head.Header, head.Sequence)
	if err != nil {
		return 0, err
	}
	if len(at) > 0 {
		if at[0] <= before {
			return 0, errNoParts
		}
		return at[0], nil
	}
	return head.Sequence, nil
}

// partsAt returns the sequences of the parts of the commit whose last message has sequence seq.
func partsAt(h nats.Header, seq uint64) (at []uint64, err error) {
	text := h.Get(headerParts)
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n >= seq || n > mostBatch {
		return nil, errNoParts
	}
	if text := h.Get(headerAt); text != "" {
		for _, one := range strings.Fields(text) {
			i, err := strconv.ParseUint(one, 10, 64)
			if err != nil || i == 0 || i >= seq || len(at) > 0 && i <= at[len(at)-1] {
				return nil, errNoParts
			}
			at = append(at, i)
		}
		if uint64(len(at)) != n {
			return nil, errNoParts
		}
		return at, nil
	}
	for i := seq - n; i < seq; i++ {
		at = append(at, i)
	}
	return at, nil
}

// A commitReader puts the messages of state together.
type commitReader struct {
	from, head uint64 // sequences of the first and the last message
	began      bool
	before     uint64 // sequence of the last one that was no part
	begins     []uint64
	commits    [][]byte
	parts      map[uint64]part // since the last one that was no part, by their sequences
	committed  uint64          // sequence of the last commit
	done       bool
	stored     done // events beyond the last commit
}

// A part is one of those of a commit, or of one that never came about.
type part struct {
	commit string
	data   []byte
}

// take takes the next message.
func (r *commitReader) take(m jetstream.Msg, subject string) error {
	d, err := m.Metadata()
	if err != nil {
		return err
	}
	seq, h := d.Sequence.Stream, m.Headers()
	if !r.began && seq != r.from || seq > r.head {
		return fmt.Errorf("the state is damaged: what begins at sequence %d is not there", r.from)
	}
	if r.began = true; m.Subject() != subject {
		if r.parts == nil {
			r.parts = map[uint64]part{}
		}
		r.parts[seq] = part{h.Get(headerCommit), m.Data()}
		return nil
	}
	if before, err := strconv.ParseUint(h.Get(headerBefore), 10, 64); err != nil || r.before > 0 && before != r.before {
		return fmt.Errorf("the state is damaged: the message before sequence %d is not there", seq)
	}
	at, err := partsAt(h, seq)
	if err != nil {
		return err
	}
	var state []byte
	for _, i := range at {
		p, ok := r.parts[i]
		if !ok || p.commit != h.Get(headerCommit) {
			return fmt.Errorf("the state is damaged: part %d of the commit at sequence %d is not there", i, seq)
		}
		state = append(state, p.data...)
	}
	state = append(state, m.Data()...)
	beyond, err := cutDone(&state, h)
	if err != nil {
		return err
	}
	if h.Get(headerParts) != "" {
		begin := seq
		if len(at) > 0 {
			begin = at[0]
		}
		r.begins = append(r.begins, begin)
		r.commits, r.committed = append(r.commits, state), seq
		clear(r.stored)
	}
	if err := r.stored.add(beyond); err != nil {
		return err
	}
	clear(r.parts)
	r.before, r.done = seq, seq == r.head
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
	at, err := partsAt(head.Header, head.Sequence)
	if err != nil {
		return nil, err
	}
	var commit []byte
	for _, seq := range at {
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
