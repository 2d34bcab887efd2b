package capture

import (
	"context"
	"errors"
	"sync"
)

// A Tee reads a source once for several readers, each of which gets every block from the
// time on at which it was made. The blocks are read, and decoded, when one of the readers
// waits for one. None gets further ahead of another than a few blocks, so the slowest of
// them decides; one that is to be left behind has to be closed.
//
// A Hold of one reader holds the stream for all, until none does.
type Tee struct {
	src     Source
	over    func() bool // reports whether ctx has ended
	release func()      // of the end of ctx

	mu      sync.Mutex
	readers []*TeeReader // that are not closed
	reading bool         // one of them reads
	begun   bool
	closed  bool
	drained bool
	err     error // with which src has ended

	abandoned bool // src was
	holds     map[string]int
	free      []*teeItem
}

// mostAhead is how many blocks wait for a reader at most.
const mostAhead = 4

// A teeItem is a block with the number of readers that still need it.
type teeItem struct {
	block   Block
	samples []float32
	fault   Fault
	users   int
}

// NewTee returns a Tee that owns src: with its last reader it is closed. When ctx ends, the
// source is drained for all of them, if it is a Drainer.
func NewTee(ctx context.Context, src Source) *Tee {
	t := &Tee{src: src, over: func() bool { return ctx.Err() != nil }, holds: map[string]int{}}
	stop := context.AfterFunc(ctx, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.drain()
	})
	t.release = func() { stop() }
	return t
}

// Reader returns another reader, which also is a Readier, a Holder, a Drainer and a Checker;
// nil if the source has ended, or all readers were closed.
func (t *Tee) Reader() *TeeReader {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.err != nil {
		return nil
	}
	r := &TeeReader{t: t, ready: make(chan struct{}, 1)}
	t.readers = append(t.readers, r)
	return r
}

// Begun reports whether a block has been read: a reader that is made now misses it.
func (t *Tee) Begun() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.begun
}

// drain has the source take in nothing more. The caller holds t.mu.
func (t *Tee) drain() {
	if d, ok := t.src.(Drainer); ok && !t.drained && !t.closed {
		t.drained = true
		d.Drain()
		t.wakeAll()
	}
}

// abandon abandons the source if none of the readers waits for what is in it. The caller
// holds t.mu.
func (t *Tee) abandon() {
	d, ok := t.src.(Drainer)
	if !ok || !t.drained || t.abandoned || t.closed {
		return
	}
	for _, r := range t.readers {
		if !r.abandoned && !r.ended {
			return
		}
	}
	t.abandoned = true
	d.Abandon()
}

func (t *Tee) wakeAll() {
	for _, r := range t.readers {
		r.wake()
	}
}

// roomy reports whether every reader has room for another block.
func (t *Tee) roomy() bool {
	for _, r := range t.readers {
		if len(r.queue) >= mostAhead && !r.ended {
			return false
		}
	}
	return true
}

// item returns memory for a block.
func (t *Tee) item() *teeItem {
	if n := len(t.free); n > 0 {
		it := t.free[n-1]
		t.free = t.free[:n-1]
		return it
	}
	return new(teeItem)
}

func (t *Tee) done(it *teeItem) {
	if it.users--; it.users == 0 {
		t.free = append(t.free, it)
	}
}

// read reads a block for all readers, or their end. The caller holds t.mu, which is given
// up meanwhile.
func (t *Tee) read(ctx context.Context) error {
	it := t.item()
	t.reading, t.begun = true, true
	t.mu.Unlock()
	err := t.src.Read(ctx, &it.block)
	t.mu.Lock()
	t.reading = false
	defer t.wakeAll()
	if err != nil {
		t.free = append(t.free, it)
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return err
		}
		t.err = err
		return nil
	}
	it.samples = append(it.samples[:0], it.block.Samples...)
	it.block.Samples = it.samples
	if it.block.Fault != nil {
		it.fault = *it.block.Fault
		it.block.Fault = &it.fault
	}
	for _, r := range t.readers {
		if !r.ended {
			r.queue = append(r.queue, it)
			it.users++
		}
	}
	if it.users == 0 {
		t.free = append(t.free, it)
	}
	return nil
}
