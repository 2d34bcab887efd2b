package natsio

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"inkling/capture"
)

// headerMQTT is set by nats-server on what an MQTT device has published: its quality of
// service, 0, 1 or 2.
const headerMQTT = "Nmqtt-Pub"

// With quality of service 1 a device sends a message again if its acknowledgement was lost,
// and MQTT 3.1.1 has no field that would identify the message for who reads it over NATS.
// So a message is known as a repeat by its bytes, if these hardly ever come twice: at least
// specificValues values, specificKinds of them different.
const (
	specificValues = 16
	specificKinds  = 8
	mostRepeats    = 32 // messages of a stream among which a repeat is looked for
)

// repeats recognises messages that MQTT devices have sent again.
type repeats struct {
	n    uint64 // repeats so far
	told bool   // of a message that may be a repeat
}

// repeated reports whether a decoded message repeats an earlier one of its stream, and
// remembers it otherwise. A message that says where its samples belong, or when they were taken, needs no such
// guess.
// The caller holds s.mu.
func (s *Source) repeated(l *letterIn, d *message) bool {
	if qos := l.msg.Header.Get(headerMQTT); qos == "" || qos[0] != '1' || d.placed || len(d.times) > 0 || d.timed || s.o.KeepRepeats {
		return false
	}
	r := &s.repeats
	hash := sha256.Sum256(l.msg.Data)
	sum := binary.LittleEndian.Uint64(hash[:])
	at := s.places.find(l.stream)
	i := slices.Index(at.recent, sum)
	switch {
	case i >= 0 && specific(d.samples):
		r.n++
		s.tell(&s.slow, fault{l.stream, capture.Fault{State: capture.Slow, Reason: fmt.Sprintf(
			"a message of quality of service 1 on %s equals an earlier one: it is taken for a repeat and left out (%d so far); publish times in the payload or with quality of service 2, or set SourceOptions.KeepRepeats", l.msg.Subject, r.n)}})
		return true
	case i >= 0 && !r.told:
		r.told = true
		s.faults = append(s.faults, fault{l.stream, capture.Fault{State: capture.Doubtful, Reason: fmt.Sprintf(
			"a message of quality of service 1 on %s equals an earlier one and is too short to say whether it is a repeat: it counts as a measurement, here and elsewhere; publish times in the payload, or with quality of service 2", l.msg.Subject)}})
		s.wake()
	}
	if at.recent = append(at.recent, sum); len(at.recent) > mostRepeats {
		at.recent = slices.Delete(at.recent, 0, 1)
	}
	return false
}

// specific reports whether samples are so many and so different that a sensor hardly
// measures them twice.
func specific(x []float32) bool {
	if len(x) < specificValues {
		return false
	}
	kinds := make([]float32, 0, specificKinds)
	for _, v := range x {
		if !slices.Contains(kinds, v) {
			if kinds = append(kinds, v); len(kinds) == specificKinds {
				return true
			}
		}
	}
	return false
}

// removal reports whether a message only removes a retained one.
func removal(l *letterIn) bool { return len(l.msg.Data) == 0 && l.msg.Header.Get(headerMQTT) != "" }
