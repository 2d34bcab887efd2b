package natsio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
)

var (
	_ capture.Source  = (*Source)(nil)
	_ capture.Readier = (*Source)(nil)
)

// SourceOptions configures NewSource.
type SourceOptions struct {
	Format  Format
	Prefix  string // of the events' subjects, which the input must not overlap ["": not checked]
	Pending int    // bytes per subject that may wait to be read [16 MB]; beyond, the oldest are dropped
}

// Source reads the messages of a subject, which may have wildcards. Each stream, named by
// its subject or by HeaderStream, comes in the order of its messages. A message that
// cannot be decoded becomes a Fault and counts in Bad. Messages dropped for lack of room
// count in Lost, and Offset jumps by their samples.
type Source struct {
	nc   *nats.Conn
	sub  *nats.Subscription
	o    SourceOptions
	Bad  atomic.Uint64 // messages that could not be decoded
	Lost atomic.Uint64 // messages dropped

	mu      sync.Mutex     // guards what follows, up to next
	queue   []*nats.Msg    // in order of arrival; nil where one was read or dropped
	head    int            // of queue
	waiting map[string]int // bytes of each subject in the queue
	faults  []fault
	msg     message           // decoded last
	next    map[string]uint64 // of each stream: the index of its next sample

	gone      error           // why nothing comes any more; guarded by mu, as the next three
	drained   bool            // nothing comes any more because of Drain
	abandoned bool            // what comes is dropped
	left      []capture.Block // of Abandon: the end of each stream that was waiting
	ready     chan struct{}   // holds a token if there may be something to read
	closed    chan struct{}
	once      sync.Once
}

// A fault is a report about a stream; "": about the connection.
type fault struct {
	stream string
	capture.Fault
}

// NewSource subscribes to subject. Until Close the source also gets the connection's
// disconnect, reconnect and error events, after the handlers that the connection has.
func NewSource(nc *nats.Conn, subject string, o SourceOptions) (*Source, error) {
	if !valid(subject) {
		return nil, fmt.Errorf("nats subject %q: give tokens between dots, * for one token, > at the end for the rest", subject)
	}
	if o.Prefix != "" && overlaps(subject, o.Prefix+".>") {
		return nil, fmt.Errorf("nats subject %q overlaps the output %s.>: the program would read what it writes; choose another SourceOptions.Prefix", subject, o.Prefix)
	}
	if o.Pending == 0 {
		o.Pending = 16 << 20
	}
	s := &Source{nc: nc, o: o, waiting: map[string]int{}, ready: make(chan struct{}, 1), closed: make(chan struct{}),
		next: map[string]uint64{}}
	sub, err := nc.Subscribe(subject, s.receive)
	if err != nil {
		return nil, fmt.Errorf("nats subject %q: %w", subject, err)
	}
	sub.SetPendingLimits(-1, -1) // receive never waits: the bound is Pending
	s.sub = sub
	watch(nc, s)
	if err := nc.Flush(); err != nil { // the server does not have the subscription
		s.Close()
		return nil, fmt.Errorf("nats subject %q: %w", subject, err)
	}
	return s, nil
}

// maxText bounds, in bytes, what a report repeats of a message or an error, and the name
// of a stream: whatever a stranger writes fits into a subject and a payload.
const maxText = 256

// cut returns text in at most maxText bytes, and says that it was cut.
func cut(text string) string {
	if len(text) <= maxText {
		return text
	}
	const end = "… (cut)"
	return strings.ToValidUTF8(text[:maxText-len(end)], "") + end
}

// ErrConnectionClosed says that the connection was closed by itself or by its owner while
// a source read from it: nothing would come any more.
var ErrConnectionClosed = errors.New("the connection to NATS is closed")

// end makes Read return why, after what has come before.
func (s *Source) end(why error) {
	s.mu.Lock()
	s.gone = why
	s.mu.Unlock()
	s.wake()
}

func (s *Source) report(stream string, state capture.Health, reason string) {
	reason = cut(reason)
	s.mu.Lock()
	s.faults = append(s.faults, fault{stream, capture.Fault{State: state, Reason: reason}})
	s.mu.Unlock()
	s.wake()
}

func (s *Source) wake() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// receive appends a message of the subscription to the queue.
func (s *Source) receive(msg *nats.Msg) {
	if ignored(msg.Subject) {
		return
	}
	s.mu.Lock()
	if s.abandoned {
		s.leave(msg)
		s.mu.Unlock()
		return
	}
	s.queue = append(s.queue, msg)
	s.waiting[msg.Subject] += len(msg.Data)
	if s.waiting[msg.Subject] > s.o.Pending {
		s.dropOldest(msg.Subject)
	}
	s.mu.Unlock()
	s.wake()
}

// dropOldest drops messages of a subject until the rest fits. It keeps the newest.
func (s *Source) dropOldest(subject string) {
	for i := s.head; i < len(s.queue) && s.waiting[subject] > s.o.Pending; i++ {
		m := s.queue[i]
		if m == nil || m.Subject != subject || m == s.queue[len(s.queue)-1] {
			continue
		}
		s.queue[i] = nil
		s.waiting[subject] -= len(m.Data)
		if s.Lost.Add(1)%1000 == 1 {
			s.faults = append(s.faults, fault{streamOf(m), capture.Fault{State: capture.Slow,
				Reason: fmt.Sprintf("messages arrive faster than they can be labelled: the oldest of %s are dropped", subject)}})
		}
		s.skip(m)
	}
}

// skip advances the stream of a dropped message, so that its samples show as a gap.
func (s *Source) skip(m *nats.Msg) {
	var d message
	if d.decode(m.Header, m.Data, &s.o.Format) == nil {
		s.place(streamOf(m), &d)
	}
}

// place sets the offset of a message without one and advances its stream.
func (s *Source) place(stream string, d *message) {
	if !d.placed {
		d.offset = s.next[stream]
	}
	s.next[stream] = d.offset + uint64(d.frames())
}

func streamOf(m *nats.Msg) string {
	if v := m.Header.Get(HeaderStream); v != "" {
		return v
	}
	return m.Subject
}

// Read returns the next message's samples, or a report of health; after Close it
// returns io.EOF.
func (s *Source) Read(ctx context.Context, b *capture.Block) error {
	for {
		if s.pop(b) {
			return nil
		}
		s.mu.Lock()
		gone := s.gone
		if gone == nil && s.drained {
			gone = io.EOF
		}
		s.mu.Unlock()
		if gone != nil {
			return gone
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closed:
			return io.EOF
		}
	}
}

// Ready reports whether messages or reports are waiting. As the newest message is never
// dropped, a queue that holds any has one to read.
func (s *Source) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)+len(s.left) > 0 || s.head < len(s.queue)
}

// pop moves the oldest report or message to b, and reports whether there was one.
func (s *Source) pop(b *capture.Block) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) > 0 {
		f := s.faults[0]
		s.faults = s.faults[1:]
		*b = capture.Block{Stream: f.stream, Fault: &f.Fault, Time: time.Now(), Samples: b.Samples[:0]}
		return true
	}
	for s.head < len(s.queue) {
		m := s.queue[s.head]
		s.queue[s.head] = nil
		if s.head++; s.head == len(s.queue) {
			s.queue, s.head = s.queue[:0], 0
		}
		if m == nil {
			continue
		}
		if s.waiting[m.Subject] -= len(m.Data); s.waiting[m.Subject] == 0 {
			delete(s.waiting, m.Subject)
		}
		s.fill(b, m)
		return true
	}
	if len(s.left) > 0 {
		*b, s.left = s.left[0], s.left[1:]
		return true
	}
	return false
}

// fill decodes a message into b.
func (s *Source) fill(b *capture.Block, m *nats.Msg) {
	stream := streamOf(m)
	*b = capture.Block{Stream: stream, Time: time.Now(), Samples: b.Samples[:0]}
	d := &s.msg
	err := d.decode(m.Header, m.Data, &s.o.Format)
	if len(stream) > maxText {
		err = fmt.Errorf("a stream name of %d bytes: give one of at most %d", len(stream), maxText)
		b.Stream = cut(m.Subject)
	}
	if err != nil {
		n := s.Bad.Add(1)
		b.Fault = &capture.Fault{State: capture.Down, Reason: cut(fmt.Sprintf("message on %s refused (%d so far): %v", m.Subject, n, err))}
		return
	}
	s.place(stream, d)
	b.Format, b.Offset, b.Mark = d.format, d.offset, d.mark
	b.Samples = append(b.Samples, d.samples...)
	if b.Format.Rate > 0 {
		b.Time = b.Time.Add(-time.Duration(float64(d.frames()) / b.Format.Rate * 1e9))
	}
}

// Close ends the subscription and leaves the connection as it was found.
func (s *Source) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closed)
		unwatch(s.nc, s)
		if err = s.sub.Unsubscribe(); errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrBadSubscription) {
			err = nil
		}
	})
	return err
}
