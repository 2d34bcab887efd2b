package natsio

import (
	"cmp"
	"container/list"
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
	_ capture.Holder  = (*Source)(nil)
)

// SourceOptions configures NewSource. A zero field takes the default in brackets.
type SourceOptions struct {
	Format  Format
	Grid    GridOptions    // of rows with times
	Clock   capture.Timing // ArrivalTime: times in messages are not used [they are, where there are any]
	Prefix  string         // of the events' subjects, which the input must not overlap ["": not checked]
	Pending int            // bytes of messages that may wait to be read, with what keeping them takes [256 MB]
	Streams int            // of how many streams the position is known, at most [65536]
	Samples int            // of all channels in one message; a longer one is refused [16777216]

	// Notes, if set, is called with remarks about a stream: at its end about gaps and missing
	// values.
	Notes func(stream string, notes []string)

	// TrustStreamHeader makes HeaderStream the whole name of a stream, where it divides the
	// subject into streams SUBJECT#NAME otherwise. Whoever may publish on one subject can
	// then write into any stream.
	TrustStreamHeader bool

	// KeepRepeats labels a message of an MQTT device also if it has quality of service 1
	// and equals an earlier one, as a repeat would.
	KeepRepeats bool
}

// Source reads the messages of a subject, which may have wildcards. Each subject is a
// stream, or several that HeaderStream tells apart, and the messages of a stream come in
// their order. Streams take turns: one with a backlog does not delay the others.
//
// Subjects with a + between them belong together, and a token {NAME} stands for any:
// sensors.{device}.accel+sensors.{device}.gyro is one stream for each device, whose rows are
// joined by their times.
//
// Rows with times go through the grid that those of a capture.Table go through. They give
// the same samples and the same jumps of Offset as in a file, in any number of messages,
// also if some come later than those behind them, by up to GridOptions.Late.
//
// A message that cannot be decoded becomes a Fault and counts in Bad. If more than Pending
// bytes wait, the oldest of the subject that has most are dropped: they count in Lost, and
// Offset jumps by their samples. Faults of one kind are told ten times a second at most,
// with the number of the others.
type Source struct {
	nc      *nats.Conn
	sub     *nats.Subscription
	subject string
	pattern *pattern
	o       SourceOptions
	now     func() time.Time // the clock
	quiet   time.Duration    // rows that wait are read when none has come for so long, for tests [GridOptions.Late]
	Bad     atomic.Uint64    // messages that could not be decoded
	Lost    atomic.Uint64    // messages dropped

	mu      sync.Mutex // guards what follows, up to closed
	in      *inbox
	places  places
	repeats repeats
	faults  []fault
	bad     seldom
	slow    seldom
	told    map[string]*told // reports by what they say
	msg     message          // decoded last
	full    list.List        // of *place: those with samples to be read
	waiting list.List        // of *place: those whose rows wait for others, the longest first
	arrival time.Time        // of the last message

	gone      error           // why nothing comes any more
	drained   bool            // nothing comes any more because of Drain
	settled   bool            // and what waited for more has been completed
	abandoned bool            // what comes is dropped
	left      []capture.Block // of Abandon: the end of each stream that was waiting
	leftAt    map[string]int  // where each stream is in left
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
	s, err := unsubscribed(nc, subject, o) // before the server can refuse the subscription
	if err != nil {
		return nil, err
	}
	sub, err := nc.Subscribe(s.pattern.cover(), s.receive)
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("nats subject %q: %w", subject, err)
	}
	// receive is faster than the network, but may have to wait for a processor. What waits in
	// nats.go meanwhile counts as well.
	sub.SetPendingLimits(max(s.o.Pending/messageCost, 1<<16), max(s.o.Pending, 32<<20))
	s.mu.Lock()
	s.sub = sub
	s.mu.Unlock()
	if err := nc.Flush(); err != nil { // the server does not have the subscription
		s.Close()
		return nil, fmt.Errorf("nats subject %q: %w", subject, err)
	}
	return s, nil
}

// unsubscribed returns a source of what receive gets.
func unsubscribed(nc *nats.Conn, subject string, o SourceOptions) (*Source, error) {
	p, err := parsePattern(subject)
	if err != nil {
		return nil, err
	}
	if err := o.check(p); err != nil {
		return nil, err
	}
	o.Pending = cmp.Or(o.Pending, 256e6)
	o.Streams = cmp.Or(o.Streams, 1<<16)
	o.Samples = cmp.Or(o.Samples, 1<<24)
	s := Watch(nc, subject)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.o, s.pattern, s.in = o, p, newInbox(o.Pending)
	s.forgetAll()
	return s, nil
}

// check reports what does not fit the subjects of a source.
func (o *SourceOptions) check(p *pattern) error {
	if err := p.checkOutput(o.Prefix); err != nil {
		return err
	}
	if len(p.parts) == 1 {
		return nil
	}
	switch {
	case len(o.Format.Names) == 0:
		return fmt.Errorf("nats subject %q: subjects are joined by the names of their fields, and the channels have no names: list them in Format.Names", p.text)
	case o.Clock == capture.ArrivalTime:
		return fmt.Errorf("nats subject %q: subjects are joined by their times: leave SourceOptions.Clock out", p.text)
	case o.Grid.Rate <= 0 && o.Format.Rate <= 0:
		return fmt.Errorf("nats subject %q: subjects are joined by their times, and the rate is not known: set GridOptions.Rate", p.text)
	}
	return nil
}

// CheckOutput returns the error with which NewSource refuses a subject, or a subject for which
// events are published under prefix.
func CheckOutput(subject, prefix string) error {
	p, err := parsePattern(subject)
	if err != nil {
		return err
	}
	return p.checkOutput(prefix)
}

func (p *pattern) checkOutput(prefix string) error {
	for i := range p.parts {
		if prefix != "" && overlaps(p.parts[i].subject, prefix+".>") {
			return fmt.Errorf("nats subject %q overlaps the output %s.>: the program would read what it writes; choose another SourceOptions.Prefix", p.text, prefix)
		}
	}
	return nil
}

// forgetAll forgets every stream. The caller holds s.mu.
func (s *Source) forgetAll() {
	s.places = places{most: s.o.Streams, forget: s.forget}
	s.full.Init()
	s.waiting.Init()
	s.faults, s.bad, s.slow, s.repeats, s.told = nil, seldom{}, seldom{}, repeats{}, map[string]*told{}
	s.arrival, s.settled = time.Time{}, false
}

// Watch returns a Source without messages: it reports the health of the connection, and
// ends when the connection is closed or the server denies the subscription of subject, as
// that of a Service.
func Watch(nc *nats.Conn, subject string) *Source {
	s := &Source{nc: nc, subject: subject, now: time.Now, in: newInbox(0), told: map[string]*told{}, ready: make(chan struct{}, 1), closed: make(chan struct{})}
	watch(nc, s)
	return s
}

// listens reports whether s has subscribed to a subject.
func (s *Source) listens(subject string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pattern == nil {
		return s.subject == subject
	}
	return s.pattern.cover() == subject
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

// Read returns the next samples, or a report of health; after Close it
// returns io.EOF.
func (s *Source) Read(ctx context.Context, b *capture.Block) error {
	for {
		if s.pop(b) {
			return nil
		}
		s.mu.Lock()
		gone := s.gone
		if gone == nil && s.drained && s.in.bytes+len(s.left)+len(s.faults)+s.full.Len() == 0 {
			if !s.settled {
				s.settle()
				s.mu.Unlock()
				continue
			}
			gone = io.EOF
		}
		due := s.due()
		s.mu.Unlock()
		if gone != nil {
			return gone
		}
		var late <-chan time.Time
		if due >= 0 {
			timer := time.NewTimer(due)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-s.ready:
		case <-late:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.closed:
			return io.EOF
		}
	}
}

// Ready reports whether messages or reports are waiting.
func (s *Source) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.faults)+len(s.left)+s.full.Len() > 0 || s.in.waits()
}

// Hold implements capture.Holder.
func (s *Source) Hold(stream string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in.hold(stream)
}

// Release implements capture.Holder.
func (s *Source) Release(stream string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.in.release(stream)
	s.wake()
}

// pop moves the next report or message to b, and reports whether there was one.
func (s *Source) pop(b *capture.Block) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if s.giveFault(b) {
			return true
		}
		if s.next(b) {
			return true
		}
		l := s.in.pop()
		if l == nil {
			if s.overdue() {
				continue
			}
			break
		}
		if s.fill(b, l) {
			return true
		}
	}
	if len(s.left) > 0 {
		*b, s.left = s.left[0], s.left[1:]
		return true
	}
	return false
}

// giveFault makes b the next fault, if there is one.
func (s *Source) giveFault(b *capture.Block) bool {
	for _, kind := range [...]*seldom{&s.bad, &s.slow} {
		if kind.untold == 0 {
			continue
		}
		if f, ok := kind.late(s.now()); ok {
			s.faults = append(s.faults, f)
		}
	}
	if len(s.faults) == 0 {
		return false
	}
	f := s.faults[0]
	s.faults = s.faults[1:]
	*b = capture.Block{Stream: f.stream, Fault: &f.Fault, Time: s.now(), Clock: capture.ArrivalTime, Samples: b.Samples[:0]}
	return true
}

// Close ends the subscription and leaves the connection as it was found.
func (s *Source) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closed)
		if unwatch(s.nc, s); s.sub == nil {
			return
		}
		if err = s.sub.Unsubscribe(); errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrBadSubscription) {
			err = nil
		}
	})
	return err
}
