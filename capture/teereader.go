package capture

import (
	"context"
	"io"
	"os"
	"time"
)

// A TeeReader is one of the readers of a Tee.
type TeeReader struct {
	t     *Tee
	ready chan struct{} // holds a token if something may have changed

	// The mutex of the Tee guards the fields below.
	queue     []*teeItem
	held      *teeItem // that the last Read has returned
	holds     map[string]bool
	closed    bool
	draining  bool
	ended     bool // it gets no more
	abandoned bool
	left      []Block        // of an abandoned reader: the end of each stream that it has not read
	leftAt    map[string]int // where each stream is in left
}

func (r *TeeReader) wake() {
	select {
	case r.ready <- struct{}{}:
	default:
	}
}

// Read implements Source.
func (r *TeeReader) Read(ctx context.Context, b *Block) error {
	t := r.t
	t.mu.Lock()
	defer t.mu.Unlock()
	r.give()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if r.closed {
			return os.ErrClosed
		}
		if r.abandoned {
			r.leave()
		}
		if r.pop(b) {
			return nil
		}
		var end error
		switch {
		case len(r.queue) > 0: // of streams that it holds
		case r.draining && !t.drained:
			r.ended, end = true, io.EOF
		case t.err != nil:
			end = t.err
		}
		if end != nil && len(r.left) > 0 {
			*b, r.left = r.left[0], r.left[1:]
			return nil
		}
		if end != nil {
			return end
		}
		if t.err == nil && !t.reading && (r.abandoned || t.roomy()) {
			if err := t.read(ctx); err != nil {
				return err
			}
			continue
		}
		t.mu.Unlock()
		select {
		case <-r.ready:
		case <-ctx.Done():
		}
		t.mu.Lock()
	}
}

// give gives back the block that the last Read has returned.
func (r *TeeReader) give() {
	if r.held != nil {
		r.t.done(r.held)
		r.held = nil
	}
}

// pop takes the next block of a stream that the reader does not hold.
func (r *TeeReader) pop(b *Block) bool {
	for i, it := range r.queue {
		if r.holds[it.block.Stream] && it.block.Fault == nil && !r.abandoned {
			continue
		}
		full := len(r.queue) >= mostAhead
		r.queue = append(r.queue[:i], r.queue[i+1:]...)
		if full {
			r.t.wakeAll()
		}
		*b, r.held = it.block, it
		return true
	}
	return false
}

// leave drops what waits for an abandoned reader, except faults and the end of each stream.
func (r *TeeReader) leave() {
	kept := r.queue[:0]
	for _, it := range r.queue {
		if it.block.Fault != nil {
			kept = append(kept, it)
			continue
		}
		r.leaveAt(&it.block)
		r.t.done(it)
	}
	r.queue = kept
}

// leaveAt notes where a dropped block ends.
func (r *TeeReader) leaveAt(b *Block) {
	end := *b
	end.Offset, end.Samples, end.Mark = b.Offset+uint64(b.Len()), nil, 0
	if !b.Time.IsZero() && b.Format.Rate > 0 {
		end.Time = b.Time.Add(time.Duration(float64(b.Len()) / b.Format.Rate * 1e9))
	}
	if i, ok := r.leftAt[b.Stream]; ok && !r.left[i].Done {
		r.left[i] = end
		return
	}
	if r.leftAt == nil {
		r.leftAt = map[string]int{}
	}
	r.leftAt[b.Stream] = len(r.left)
	r.left = append(r.left, end)
}

// Ready implements Readier.
func (r *TeeReader) Ready() bool {
	t := r.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(r.queue) > 0 {
		return true
	}
	s, ok := t.src.(Readier)
	return ok && !t.reading && t.err == nil && !t.closed && s.Ready()
}

// Hold implements Holder.
func (r *TeeReader) Hold(stream string) {
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	if r.holds[stream] || r.closed {
		return
	}
	if r.holds == nil {
		r.holds = map[string]bool{}
	}
	r.holds[stream] = true
	if r.t.holds[stream]++; r.t.holds[stream] == 1 {
		if h, ok := r.t.src.(Holder); ok {
			h.Hold(stream)
		}
	}
}

// Release implements Holder.
func (r *TeeReader) Release(stream string) {
	r.t.mu.Lock()
	defer r.t.mu.Unlock()
	r.letGo(stream)
}

func (r *TeeReader) letGo(stream string) {
	if !r.holds[stream] {
		return
	}
	delete(r.holds, stream)
	if r.t.holds[stream]--; r.t.holds[stream] == 0 {
		delete(r.t.holds, stream)
		if h, ok := r.t.src.(Holder); ok {
			h.Release(stream)
		}
	}
	r.wake()
}

// Drain implements Drainer. The source itself is drained when all readers are, or when the
// context of the Tee has ended; its readers may notice that first.
func (r *TeeReader) Drain() {
	t := r.t
	t.mu.Lock()
	defer t.mu.Unlock()
	r.draining = true
	for _, other := range t.readers {
		if !other.draining && !other.ended && !t.over() {
			r.wake()
			return
		}
	}
	t.drain()
	t.wakeAll()
}

// Abandon implements Drainer. The other readers still get what has arrived: this one reads
// on for them, however many blocks they are behind, and the last one to abandon the source
// has it drop what it holds. So it gets the ends of its streams only when the others have had
// theirs or have abandoned the source too, which may be after its own drain.
func (r *TeeReader) Abandon() {
	t := r.t
	t.mu.Lock()
	defer t.mu.Unlock()
	r.abandoned = true
	t.abandon()
	r.wake()
}

// Check implements Checker.
func (r *TeeReader) Check(ctx context.Context) error { return Check(ctx, r.t.src) }

// Close implements Source. That of the last reader closes the source.
func (r *TeeReader) Close() error {
	t := r.t
	t.mu.Lock()
	if r.closed {
		t.mu.Unlock()
		return nil
	}
	r.closed, r.ended = true, true
	r.give()
	for _, it := range r.queue {
		t.done(it)
	}
	r.queue = nil
	for stream := range r.holds {
		r.letGo(stream)
	}
	for i, other := range t.readers {
		if other == r {
			t.readers = append(t.readers[:i], t.readers[i+1:]...)
			break
		}
	}
	last := len(t.readers) == 0
	t.closed = t.closed || last
	t.abandon()
	r.wake()
	t.wakeAll()
	t.mu.Unlock()
	if !last {
		return nil
	}
	t.release()
	return t.src.Close()
}
