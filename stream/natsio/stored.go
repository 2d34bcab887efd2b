package natsio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/capture"
)

var (
	_ capture.Replayer   = (*Stored)(nil)
	_ capture.Chronicler = (*Stored)(nil)
	_ capture.Checker    = (*Stored)(nil)
	_ capture.Readier    = (*Stored)(nil)
)

// StoredOptions configure NewStored.
type StoredOptions struct {
	SourceOptions

	Since Since

	// Until, if not zero, ends the source before the first message stored after it. It may lie
	// in the future.
	Until time.Time

	// Strip is what the stream has put before the subjects on which messages were sent, such as
	// "p.3." of a partition. Only messages that have it are read, and it is left out.
	Strip string

	// AtHand ends the source behind the last message that was stored when NewStored was called.
	AtHand bool

	// Log, if set, is told by NewStored while the server does not answer; see Try.
	Log func(format string, args ...any)
}

// Since says with which message a Stored source begins; the zero value: with the first.
type Since struct {
	Sequence uint64    // with the first one that has this sequence or a later one
	Time     time.Time // with the first one stored at this time or later
	New      bool      // with the first one stored after NewStored was called
}

// Stored reads the messages that a JetStream stream keeps, of all its subjects or of those
// that a subject names, as Source reads those of a subject: the same message gives the same
// samples. It goes on with what is stored later, unless StoredOptions end it.
//
// Messages come in the order in which they were stored, and nothing that it does depends on
// the time at which it reads them: rows of a stream that wait for others wait by the times
// at which messages were stored. It is a capture.Replayer, whose position holds the state of
// every stream. It takes no consumer away from others, and acknowledges nothing.
//
// It cannot read what the stream no longer keeps. If messages behind its position are gone a
// Fault says how many sequences.
type Stored struct {
	in      *Source
	js      jetstream.JetStream
	stream  string
	o       StoredOptions
	created time.Time // of the stream
	end     uint64    // of the last message to read; 0: none is the last

	seq     uint64        // of the last message taken in, or left out at first
	at      time.Time     // of the streams: when the last message was stored, or later
	next    jetstream.Msg // comes when what comes before it has been read
	nextSeq uint64
	probeAt time.Time // when to ask the server up to when that is all; zero: when nothing has come for a while
	ended   bool      // nothing comes any more
	gone    bool      // it was told that the stream does not answer
	fetch   *fetcher
	fetched bool      // it has been fetched from
	lostTo  uint64    // it is reported that nothing before this sequence is kept
	failed  string    // why nothing can be fetched: begin is called again
	beginAt time.Time // when
	pause   time.Duration
	late    time.Time // since when a message that the server has does not come; zero: none is missing
}

// NewStored returns a source of the messages of a stream, on one of its subjects, which may
// have wildcards and be several that belong together, as those of NewSource; "": on all.
func NewStored(ctx context.Context, nc *nats.Conn, stream, subject string, o StoredOptions) (*Stored, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	st, err := Ensure(ctx, nc, "JetStream stream "+stream, o.Log,
		func(ctx context.Context) (jetstream.Stream, error) { return js.Stream(ctx, stream) }, nil, nil, nil)
	if err != nil {
		return nil, streamError(ctx, js, stream, err)
	}
	info := st.CachedInfo()
	if err := readable(stream, &info.Config); err != nil {
		return nil, err
	}
	s := &Stored{js: js, stream: stream, o: o, created: info.Created}
	of := o.SourceOptions
	if subject == "" {
		for _, have := range info.Config.Subjects {
			if o.Prefix != "" && overlaps(have, o.Prefix+".>") {
				return nil, fmt.Errorf("the stream %s takes %s, which overlaps the output %s.>: the program would read what it writes; name a subject of the stream, or choose another SourceOptions.Prefix", stream, have, o.Prefix)
			}
		}
		subject, of.Prefix = ">", ""
	}
	if s.in, err = unsubscribed(nc, subject, of); err != nil {
		return nil, err
	}
	s.in.now = func() time.Time { return s.at }
	have := info.Config.Subjects // none, of a stream that takes its messages from others
	if cover := s.cover(); subject != ">" && len(have) > 0 && !slices.ContainsFunc(have, func(one string) bool { return overlaps(one, cover) }) {
		err = fmt.Errorf("the stream %s has no subject that %s could be: it has %s", stream, subject, strings.Join(have, ", "))
	}
	if err == nil {
		err = Try(ctx, nc, "JetStream stream "+stream, o.Log, func(ctx context.Context) (err error) {
			if o.AtHand {
				if s.end, err = s.last(ctx, st); err != nil {
					return err
				}
			}
			s.seq, err = s.before(ctx, st)
			return err
		})
	}
	if err != nil {
		s.in.Close()
		return nil, err
	}
	return s, nil
}

// cover returns a subject that all messages to read have in the stream.
func (s *Stored) cover() string { return s.o.Strip + s.in.pattern.cover() }

// streamError says which streams there are, if there is none of a name.
func streamError(ctx context.Context, js jetstream.JetStream, name string, err error) error {
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		var names []string
		for n := range js.StreamNames(ctx).Name() {
			names = append(names, n)
		}
		if len(names) == 0 {
			return fmt.Errorf("there is no JetStream stream %s, nor any other: make one that keeps the messages", name)
		}
		return fmt.Errorf("there is no JetStream stream %s: there is %s", name, strings.Join(names, ", "))
	case errors.Is(err, jetstream.ErrJetStreamNotEnabled), errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("the server has no JetStream: start it with JetStream enabled, or read the subject itself: %w", err)
	}
	return fmt.Errorf("JetStream stream %s: %w", name, err)
}

// readable reports why a stream cannot be read without taking messages from others.
func readable(name string, c *jetstream.StreamConfig) error {
	if c.Retention == jetstream.WorkQueuePolicy {
		return fmt.Errorf("the JetStream stream %s is a work queue, which gives each message once and keeps none: make a stream with limits retention, which may take its messages from this one", name)
	}
	return nil
}

// last returns the sequence of the last message that the source may read; 0: there is none.
func (s *Stored) last(ctx context.Context, st jetstream.Stream) (uint64, error) {
	m, err := st.GetLastMsgForSubject(ctx, s.cover())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		s.ended = true
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("JetStream stream %s: %w", s.stream, err)
	}
	return m.Sequence, nil
}

// before returns the sequence before the first one to read.
func (s *Stored) before(ctx context.Context, st jetstream.Stream) (uint64, error) {
	state := st.CachedInfo().State
	since := s.o.Since
	switch {
	case since.New:
		return state.LastSeq, nil
	case since.Sequence > 0:
		return since.Sequence - 1, nil
	case since.Time.IsZero():
		return max(state.FirstSeq, 1) - 1, nil
	}
	low, high := max(state.FirstSeq, 1), state.LastSeq+1
	for low < high {
		middle := low + (high-low)/2
		m, err := st.GetMsg(ctx, middle, jetstream.WithGetMsgSubject(">"))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
			high = middle
		case err != nil:
			return 0, fmt.Errorf("JetStream stream %s: %w", s.stream, err)
		case m.Time.Before(since.Time):
			low = m.Sequence + 1
		default:
			high = middle
		}
	}
	return low - 1, nil
}

// Reached implements capture.Chronicler.
func (s *Stored) Reached() time.Time { return s.at }

// Ready implements capture.Readier.
func (s *Stored) Ready() bool { return s.in.Ready() || s.next != nil || s.fetch.waits() }

// Check implements capture.Checker: the server answers, and has the stream.
func (s *Stored) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if _, err := s.js.Stream(ctx, s.stream); err != nil {
		return fmt.Errorf("JetStream stream %s: %w", s.stream, err)
	}
	return nil
}

// Close ends reading.
func (s *Stored) Close() error {
	err := s.in.Close()
	s.fetch.stop()
	return err
}

// probeAfter is how long nothing comes before the server is asked up to when that is all.
const probeAfter = 300 * time.Millisecond

// Read implements capture.Source.
func (s *Stored) Read(ctx context.Context, b *capture.Block) error {
	for {
		if s.in.pop(b) {
			if b.Fault == nil {
				b.Arrived = time.Now()
			}
			return nil
		}
		switch {
		case s.ended && s.settled():
			return io.EOF
		case s.ended:
			continue
		case s.next != nil:
			s.take()
			continue
		}
		if err := s.wait(ctx); err != nil {
			return err
		}
	}
}

// settled completes the samples of all streams the first time.
func (s *Stored) settled() bool {
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	if s.in.settled {
		return true
	}
	if s.at.Before(s.o.Until) {
		s.at = s.o.Until
	}
	s.in.settle()
	return false
}

// take takes in the next message.
func (s *Stored) take() {
	m := &nats.Msg{Subject: strings.TrimPrefix(s.next.Subject(), s.o.Strip), Header: s.next.Headers(), Data: s.next.Data()}
	s.seq, s.next, s.pause, s.late = s.nextSeq, nil, 0, time.Time{}
	s.in.receive(m)
	s.ended = s.end > 0 && s.seq >= s.end
}

// wait waits for the next message, and for time to pass: when nothing comes the server says
// up to when there is nothing.
func (s *Stored) wait(ctx context.Context) error {
	if s.fetch == nil {
		if err := s.begin(ctx); err != nil || s.fetch == nil {
			return err
		}
	}
	if s.probeAt.IsZero() {
		s.probeAt = time.Now().Add(probeAfter)
	}
	timer := time.NewTimer(time.Until(s.probeAt))
	defer timer.Stop()
	for {
		select {
		case m, ok := <-s.fetch.messages:
			if !ok {
				return s.later(s.fetch.failed(s.stream))
			}
			return s.turn(m)
		default:
		}
		select {
		case m, ok := <-s.fetch.messages:
			if !ok {
				return s.later(s.fetch.failed(s.stream))
			}
			return s.turn(m)
		case <-s.in.ready:
			if s.in.gone != nil {
				return s.in.gone
			}
			if s.in.Ready() {
				return nil
			}
		case <-timer.C:
			s.probeAt = time.Time{}
			s.probe(ctx)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-s.in.closed:
			return io.EOF
		}
	}
}

// turn makes m the next message, and lets the time pass up to it.
func (s *Stored) turn(m jetstream.Msg) error {
	d, err := m.Metadata()
	if err != nil {
		return fmt.Errorf("JetStream stream %s: %w", s.stream, err)
	}
	if d.Sequence.Stream <= s.seq || d.Timestamp.Before(s.o.Since.Time) {
		return nil // it has been read, or comes before the time to come
	}
	if s.end > 0 && d.Sequence.Stream > s.end || !s.o.Until.IsZero() && d.Timestamp.After(s.o.Until) {
		s.ended = true
		return nil
	}
	s.next, s.nextSeq, s.probeAt = m, d.Sequence.Stream, time.Time{}
	s.passTo(d.Timestamp)
	return nil
}

// passTo lets the time of the streams pass.
func (s *Stored) passTo(t time.Time) {
	s.in.mu.Lock()
	if t.After(s.at) {
		s.at = t
	}
	s.in.mu.Unlock()
}

// probe asks the server up to when everything has been read.
func (s *Stored) probe(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	st, err := s.js.Stream(ctx, s.stream)
	s.tellGone(err)
	if err != nil {
		return // the connection tells of an outage
	}
	info := st.CachedInfo()
	if info.TimeStamp.IsZero() {
		return // a server that does not say
	}
	if info.State.LastSeq > s.seq {
		m, err := st.GetMsg(ctx, s.seq+1, jetstream.WithGetMsgSubject(s.cover()))
		switch {
		case errors.Is(err, jetstream.ErrMsgNotFound):
		case err != nil || m.Sequence <= info.State.LastSeq && (s.end == 0 || m.Sequence <= s.end):
			s.overdue(err)
			return // it is on its way
		}
	}
	s.late = time.Time{}
	if s.end > 0 || !s.o.Until.IsZero() && info.TimeStamp.After(s.o.Until) {
		s.ended = true // the last message was deleted, or there was none for long
		return
	}
	s.passTo(info.TimeStamp)
}
