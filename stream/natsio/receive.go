package natsio

import (
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
)

// receive takes in a message of the subscription.
func (s *Source) receive(msg *nats.Msg) {
	part := s.pattern.part(msg.Subject)
	if ignored(msg.Subject) || part < 0 {
		return
	}
	group := s.pattern.stream(part, msg.Subject)
	stream, err := streamOf(group, msg.Header, s.o.TrustStreamHeader)
	if n := headerCost(msg.Header); err == nil && n > mostHeaders {
		err = fmt.Errorf("headers that take %d bytes: give at most %d", n, mostHeaders)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.arrival = later(s.now(), s.arrival); err != nil {
		s.refuse("", msg.Subject, err)
		return
	}
	l := &letterIn{msg: msg, part: part, stream: stream, arrived: s.arrival, bytes: memoryOf(msg)}
	if s.abandoned {
		s.leave(l)
		return
	}
	if s.o.TrustStreamHeader {
		group = stream
	}
	s.in.push(group, l)
	if msg.Sub != nil {
		_, behind, _ := msg.Sub.Pending()
		s.in.most = max(s.o.Pending-behind, s.o.Pending/4)
	}
	for old := s.in.drop(); old != nil; old = s.in.drop() {
		s.skip(old)
	}
	s.wake()
}

// mostHeaders bounds the headers of a message, in bytes of memory.
const mostHeaders = 64 << 10

// later returns t. If the clock has been set back it returns the time since last instead,
// added to last.
func later(t, last time.Time) time.Time {
	if t.Round(0).Before(last.Round(0)) {
		return last.Add(max(t.Sub(last), 0))
	}
	return t
}

// skip advances the stream of a dropped message, so that its samples show as a gap. The
// caller holds s.mu, as of refuse and tell.
func (s *Source) skip(l *letterIn) {
	n := s.Lost.Add(1)
	s.tell(&s.slow, fault{l.stream, capture.Fault{State: capture.Slow,
		Reason: fmt.Sprintf("messages arrive faster than they can be labelled: the oldest of %s are dropped (%d so far)", l.msg.Subject, n)}})
	p := s.places.find(l.stream)
	if p.feed != nil || p.clock != nil {
		return // the times of the messages after it say how much is missing
	}
	if d := &s.msg; s.decode(l, p) == nil && len(d.times) == 0 && !d.timed && !s.repeated(l, d) {
		p.put(d)
	}
}

// decode decodes a message. Notes about its fields are told once.
func (s *Source) decode(l *letterIn, p *place) error {
	d, schema := &s.msg, p.schema(&s.o.Format, l.part, s.pattern)
	err := d.decode(l.msg.Header, l.msg.Data, schema)
	if n := len(d.samples); err == nil && s.o.Samples > 0 && n > s.o.Samples {
		err = fmt.Errorf("it has %d samples, and SourceOptions.Samples allows %d: send shorter messages", n, s.o.Samples)
	}
	for _, note := range schema.notes {
		s.tell(&s.bad, fault{l.stream, capture.Fault{State: capture.Up, Reason: note}})
	}
	schema.notes = schema.notes[:0]
	return err
}

// refuse tells of a message that cannot be decoded, or does not name a stream.
func (s *Source) refuse(stream, subject string, why error) {
	n := s.Bad.Add(1)
	s.tell(&s.bad, refusal(stream, subject, n, why))
}

func refusal(stream, subject string, n uint64, why error) fault {
	if checkName(subject) != nil {
		subject = strconv.Quote(cut(subject))
	}
	return fault{stream, capture.Fault{State: capture.Down, Reason: cut(fmt.Sprintf("message on %s refused (%d so far): %v", subject, n, why))}}
}

// tell reports f. Reports that differ in their numbers only are told once, and then their
// count now and then; and there is a bound for those of one kind.
func (s *Source) tell(kind *seldom, f fault) {
	if kind == &s.bad {
		var now bool
		if f, now = s.first(f); !now {
			return
		}
	}
	if f, now := kind.tell(s.now(), f); now {
		s.faults = append(s.faults, f)
		s.wake()
	}
}
