package natsio

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// SourceOptions of a Source.
type SourceOptions struct {
	Format  Format
	Prefix  string // of the outputs, which must not overlap the input
	Pending int    // bytes that may wait a stream [16 MB]; the oldest then make room
}

// Source reads the messages of a subject, wildcards allowed: each stream, named
// by its subject or the header Inkling-Stream, in the order of its messages. A
// payload that does not parse is a Fault, counted in Bad; what exceeds Pending
// is lost and shows as a jump of Offset.
type Source struct {
	nc   *nats.Conn
	sub  *nats.Subscription
	o    SourceOptions
	Bad  atomic.Uint64 // messages that did not parse
	Lost atomic.Uint64 // messages that had no room

	mu      sync.Mutex
	queue   []*nats.Msg // in order of arrival; nil where one was dropped
	head    int
	waiting map[string]int // bytes a subject
	faults  []fault
	ready   chan struct{}
	closed  chan struct{}
	once    sync.Once

	msg  message
	next map[string]uint64 // samples so far, a stream
}

type fault struct {
	stream string
	capture.Fault
}

// NewSource subscribes.
func NewSource(nc *nats.Conn, subject string, o SourceOptions) (*Source, error) {
	if !valid(subject) {
		return nil, fmt.Errorf("nats subject %q: give tokens between dots, * for one token, > at the end for the rest", subject)
	}
	if o.Prefix != "" && overlaps(subject, o.Prefix+".>") {
		return nil, fmt.Errorf("nats subject %q overlaps the output %s.>: the program would read what it writes; choose another --to nats:PREFIX", subject, o.Prefix)
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
	nc.SetDisconnectErrHandler(func(_ *nats.Conn, err error) {
		s.report("", capture.Down, fmt.Sprintf("nats: disconnected: %v; reconnecting", err))
	})
	nc.SetReconnectHandler(func(*nats.Conn) { s.report("", capture.Up, "nats: reconnected") })
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { s.report("", capture.Slow, "nats: "+err.Error()) })
	return s, nc.Flush()
}

func (s *Source) report(stream string, state capture.Health, reason string) {
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

// receive is called by the subscription, a message at a time.
func (s *Source) receive(msg *nats.Msg) {
	if ignored(msg.Subject) {
		return
	}
	s.mu.Lock()
	s.queue = append(s.queue, msg)
	s.waiting[msg.Subject] += len(msg.Data)
	if s.waiting[msg.Subject] > s.o.Pending {
		s.dropOldest(msg.Subject)
	}
	s.mu.Unlock()
	s.wake()
}

// dropOldest makes room in a subject's share of the queue.
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
				Reason: fmt.Sprintf("messages come faster than they can be labelled: the oldest of %s are dropped", subject)}})
		}
		s.account(m)
	}
}

// account moves a lost message's stream on, so that its samples show as a gap.
func (s *Source) account(m *nats.Msg) {
	var d message
	if d.decode(m.Header, m.Data, &s.o.Format) != nil {
		return
	}
	stream := streamOf(m)
	n := uint64(len(d.samples) / d.format.Channels)
	if d.placed {
		s.next[stream] = d.offset
	}
	s.next[stream] += n
}

func streamOf(m *nats.Msg) string {
	if v := m.Header.Get(headerStream); v != "" {
		return v
	}
	return m.Subject
}

// Read returns the next message's samples, or a report of health.
func (s *Source) Read(ctx context.Context, b *capture.Block) error {
	for {
		if ok, err := s.take(b); ok || err != nil {
			return err
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

// Ready tells whether messages, or reports of health, are waiting. The newest
// message is never dropped, so that a queue that has any holds one to read.
func (s *Source) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults) > 0 || s.head < len(s.queue)
}

func (s *Source) take(b *capture.Block) (ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) > 0 {
		f := s.faults[0]
		s.faults = s.faults[1:]
		*b = capture.Block{Stream: f.stream, Fault: &f.Fault, Time: time.Now(), Samples: b.Samples[:0]}
		return true, nil
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
		s.block(b, m)
		return true, nil
	}
	return false, nil
}

// block makes b of a message.
func (s *Source) block(b *capture.Block, m *nats.Msg) {
	stream := streamOf(m)
	*b = capture.Block{Stream: stream, Time: time.Now(), Samples: b.Samples[:0]}
	if err := s.msg.decode(m.Header, m.Data, &s.o.Format); err != nil {
		n := s.Bad.Add(1)
		b.Fault = &capture.Fault{State: capture.Down, Reason: fmt.Sprintf("message on %s left out (%d so far): %v", m.Subject, n, err)}
		return
	}
	d := &s.msg
	if !d.placed {
		d.offset = s.next[stream]
	}
	n := uint64(len(d.samples) / d.format.Channels)
	s.next[stream] = d.offset + n
	b.Format, b.Offset, b.Mark = d.format, d.offset, d.mark
	b.Samples = append(b.Samples, d.samples...)
	if b.Format.Rate > 0 {
		b.Time = b.Time.Add(-time.Duration(float64(n) / b.Format.Rate * 1e9))
	}
}

// Close ends the subscription; a Read that waits returns io.EOF.
func (s *Source) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closed)
		if err = s.sub.Unsubscribe(); errors.Is(err, nats.ErrConnectionClosed) {
			err = nil
		}
	})
	return err
}
