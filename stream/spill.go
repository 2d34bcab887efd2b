package stream

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"inkling/capture"
	"inkling/internal/disk"
	"inkling/internal/spool"
)

// SpillOptions configure Spill.
type SpillOptions struct {
	Dir string // folder, of this sink alone
	Max int64  // bytes that it may take [1 GB]
}

// A Spilled sink keeps the events that must not be lost on the disk, before it writes them
// and until they are delivered. What an earlier one with the same folder has not delivered
// comes first.
type Spilled struct {
	Sink
	log   *spool.Log
	notes []string
}

// Spill returns s with a folder in which Run keeps what must not be lost until s has
// delivered it: during an outage that is longer than RunOptions.Keep allows, and across
// restarts. The caller closes it unless Run does.
func Spill(s Sink, o SpillOptions) (*Spilled, error) {
	log, notes, err := spool.Open(o.Dir, cmp.Or(o.Max, 1e9))
	if disk.Ill(err) { // labels matter more than that they wait
		note := fmt.Sprintf("%v: until the next start, events wait for the sink in memory alone", err)
		return &Spilled{s, nil, []string{note}}, nil
	}
	if err != nil {
		return nil, err
	}
	if n := log.Len(); n > 0 {
		notes = append(notes, fmt.Sprintf("%s: %d events of an earlier run wait there and are sent first", o.Dir, n))
	}
	return &Spilled{s, log, notes}, nil
}

// Notes returns what there is to tell of the folder: events of an earlier run, damage.
func (s *Spilled) Notes() []string { return s.notes }

// Check implements capture.Checker, if the sink does.
func (s *Spilled) Check(ctx context.Context) error { return capture.Check(ctx, s.Sink) }

// Close implements Sink.
func (s *Spilled) Close() error {
	err := s.Sink.Close()
	if s.log != nil {
		err = errors.Join(err, s.log.Close())
	}
	return err
}

// open makes s the sink of o.
func (o *outlet) open(s Sink) {
	o.sink = s
	if p, ok := s.(*Spilled); ok {
		if o.sink, o.log = p.Sink, p.log; o.log != nil {
			o.behind, o.from = o.log.Len(), o.log.First()
		}
	}
}

func (o *outlet) closeLog() {
	if o.log != nil {
		o.log.Close()
	}
}

// appendRecord appends an event as a log has it.
func appendRecord(dst []byte, e *Event) []byte {
	return AppendJSON(binary.AppendUvarint(dst, e.Number), e)
}

func parseRecord(record []byte) (e Event, err error) {
	number, n := binary.Uvarint(record)
	if n <= 0 {
		return e, errors.New("the record has no number")
	}
	err = e.UnmarshalJSON(record[n:])
	e.Number = number
	return e, err
}

// retryLog is how long after a failure the log is tried again.
const retryLog = time.Second

// record writes an event to the log. The first failure of several returns a note.
func (o *outlet) record(h *held) (number uint64, note string) {
	now := time.Now()
	if failing := !o.refused.IsZero(); failing && now.Sub(o.refused) < retryLog {
		o.unlogged++
		return 0, ""
	}
	number, err := o.log.Append(appendRecord(nil, h.event()))
	if err == nil {
		h.logged, o.refused = true, time.Time{}
		return number, ""
	}
	if o.refused.IsZero() {
		note = fmt.Sprintf("%s takes nothing: %v: events that must not be lost are kept in memory alone, up to %s", o.log.Dir(), err, megabytes(o.keep))
	}
	o.refused = now
	o.unlogged++
	return 0, note
}

// putBehind keeps an event that comes after those that are on the disk alone.
func (o *outlet) putBehind(e *Event) (note string) {
	if e.Type.MayBeLost() {
		o.lose(e.Type)
		return ""
	}
	h := hold(e)
	if len(o.tail) > 0 && time.Since(o.refused) >= retryLog {
		o.moveTail()
	}
	if len(o.tail) == 0 {
		if _, note = o.record(&h); h.logged {
			o.behind++
			o.changed.Broadcast()
			return ""
		}
	} else {
		o.unlogged++
	}
	o.tail = append(o.tail, h)
	if o.tailBytes += h.size(); o.tailBytes > o.keep {
		o.failFull()
	}
	return note
}

// moveTail writes the tail to the log, as far as that takes it.
func (o *outlet) moveTail() {
	n := 0
	for ; n < len(o.tail); n++ {
		if o.tail[n].mark != nil {
			break
		}
		if _, err := o.log.Append(appendRecord(nil, o.tail[n].event())); err != nil {
			o.refused = time.Now()
			break
		}
		o.behind++
		o.unlogged--
		o.tailBytes -= o.tail[n].size()
	}
	if o.tail = o.tail[n:]; len(o.tail) == 0 {
		o.tail, o.refused = nil, time.Time{}
	}
}

// readBehind is the number of events that are read from the disk at once.
const readBehind = 256

// catchUp fills an empty queue with what comes after it, and reports whether the disk has
// nothing else.
func (o *outlet) catchUp() (caughtUp bool) {
	if len(o.queue) > 0 || o.behind+len(o.tail) == 0 {
		return false
	}
	if o.behind == 0 {
		o.queue, o.tail, o.tailBytes = o.tail, nil, 0
		return false
	}
	records, err := o.log.Read(o.from, min(o.behind, readBehind))
	lost := 0
	for _, r := range records {
		e, damaged := parseRecord(r)
		if damaged != nil {
			lost++
			o.logged++
			continue
		}
		o.queue = append(o.queue, held{Event: e, logged: true})
	}
	o.from += uint64(len(records))
	o.behind -= len(records)
	if err != nil || lost > 0 {
		o.queue = append(o.queue, o.damage(lost, err))
	}
	return o.behind == 0
}

// damage gives up what cannot be read any more, and returns the event that says so.
func (o *outlet) damage(lost int, err error) held {
	reason := "damaged"
	if err != nil { // then nothing behind it can be read either
		reason = err.Error()
		lost += o.behind
		o.logged += o.behind
		o.from += uint64(o.behind)
		o.behind = 0
	}
	return held{Event: NewStatus(Header{Time: time.Now()}, "slow", fmt.Sprintf("%s: %d events that were kept there cannot be read: %s", o.log.Dir(), lost, reason))}
}

// delivered notes that what was taken last has been delivered.
func (o *outlet) delivered() {
	o.writing = 0
	o.unlogged, o.unsafe = max(o.unlogged-o.unsafe, 0), 0
	if o.logged > 0 {
		o.log.Delivered(o.logged)
		o.logged = 0
	}
}
