package natsio

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"inkling/internal/codec"
)

// AppendPosition implements capture.Replayer.
func (s *Stored) AppendPosition(dst []byte) []byte {
	k := codec.Writer(dst)
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	s.visit(k)
	return k.Bytes()
}

// visit has the position.
func (s *Stored) visit(k *codec.Codec) {
	if s.visitShared(k); !k.Bad() {
		s.in.visitPlaces(k)
	}
}

// visitShared has what of the position is no stream's.
func (s *Stored) visitShared(k *codec.Codec) {
	name, subject, created := s.stream, s.in.pattern.text, s.created
	k.String(&name)
	k.String(&subject)
	k.Time(&created)
	if k.Reading() && (name != s.stream || subject != s.in.pattern.text || !created.Equal(s.created)) {
		k.Fail()
		return
	}
	k.Uint64(&s.seq)
	k.Time(&s.at)
	s.in.visitShared(k)
}

// ReadPosition returns how far a position of a Stored source is: the sequence of the last
// message that was taken in, and up to when nothing else had been stored.
func ReadPosition(position []byte) (sequence uint64, reached time.Time, err error) {
	k := codec.Reader(position)
	var name, subject string
	var created time.Time
	k.String(&name)
	k.String(&subject)
	k.Time(&created)
	k.Uint64(&sequence)
	k.Time(&reached)
	_, err = k.Rest()
	return sequence, reached, err
}

// Seek implements capture.Replayer.
func (s *Stored) Seek(_ context.Context, position []byte) error {
	s.fetch.stop()
	s.fetch, s.next = nil, nil
	k := codec.Reader(position)
	s.in.mu.Lock()
	defer s.in.mu.Unlock()
	s.in.forgetAll()
	if bytes.HasPrefix(position, joined) {
		k = codec.Reader(position[len(joined):])
		s.readParts(k)
	} else {
		s.visit(k)
	}
	if rest, err := k.Rest(); err != nil || len(rest) > 0 {
		return fmt.Errorf("the position is damaged, or not of the subject %s of this JetStream stream %s, made %s", s.in.pattern.text, s.stream, s.created.Format(time.RFC3339))
	}
	s.ended = s.end > 0 && s.seq >= s.end
	return nil
}
