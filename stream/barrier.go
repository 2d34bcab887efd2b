package stream

import (
	"context"
	"errors"
	"time"

	"inkling/internal/spool"
)

// A Rewinder is a Sink whose output can be cut back, as a file can.
type Rewinder interface {
	Sink
	// Position describes, after a Flush, the end of the output. What was written is on the
	// disk then.
	Position() ([]byte, error)
	// Rewind cuts off what follows a position. It is called before the first Write. If the
	// output is not what it was there, nothing is cut off, and the error says so.
	Rewind(position []byte) error
}

// A barrier lies between two events of a fan. A sink passes it when everything before has
// been delivered.
type barrier struct {
	outlets   []*outlet
	passed    []chan struct{} // closed, by outlet
	positions [][]byte        // of those that are Rewinders
	errs      []error
	logs      []*spool.Log // of outlets that have all events on the disk
}

// barrier puts a barrier behind all events so far.
func (f *fan) barrier(session string, now time.Time) *barrier {
	n := len(f.outlets)
	b := &barrier{outlets: f.outlets, passed: make([]chan struct{}, n), positions: make([][]byte, n), errs: make([]error, n)}
	for i, o := range f.outlets {
		b.passed[i] = make(chan struct{})
		o.bar(held{Event: Event{Header: Header{Session: session, Time: now}}, mark: b})
	}
	return b
}

// bar puts a barrier behind all that waits for o. What a log has need not be delivered.
func (o *outlet) bar(mark held) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.log != nil && o.unlogged == 0 && o.failed == nil:
		mark.mark.logs = append(mark.mark.logs, o.log)
		close(mark.mark.passed[o.at])
		return
	case o.behind+len(o.tail) > 0:
		o.tail = append(o.tail, mark)
	default:
		o.queue = append(o.queue, mark)
	}
	o.changed.Broadcast()
}

// pass notes that o has delivered what lies before b.
func (b *barrier) pass(ctx context.Context, o *outlet) error {
	if err := o.sink.Flush(ctx); err != nil {
		return err
	}
	if r, ok := o.sink.(Rewinder); ok {
		b.positions[o.at], b.errs[o.at] = r.Position()
	}
	close(b.passed[o.at])
	return nil
}

// wait returns when all sinks have passed b, or one of them never will.
func (b *barrier) wait() error {
	for i, o := range b.outlets {
		select {
		case <-b.passed[i]:
			continue
		case <-o.gone:
		}
		select {
		case <-b.passed[i]:
		default:
			return errors.New("a sink has failed")
		}
	}
	for _, l := range b.logs {
		b.errs = append(b.errs, l.Sync())
	}
	return errors.Join(b.errs...)
}
