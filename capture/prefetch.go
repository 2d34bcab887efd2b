package capture

import (
	"context"
	"os"
	"sync"
)

// prefetch reads a source that may block without regard to its context, such as a
// pipe, in a goroutine, at most two blocks ahead.
type prefetch struct {
	src     Source
	filled  chan *item
	free    chan *item
	closing chan struct{}
	start   sync.Once
	stop    sync.Once
	held    *item // its memory is in use by the last block returned
	err     error
}

type item struct {
	block   Block
	samples []float32 // memory of block.Samples
	err     error
}

func newPrefetch(src Source) *prefetch {
	p := &prefetch{src: src, filled: make(chan *item, 2), free: make(chan *item, 3), closing: make(chan struct{})}
	for range cap(p.free) {
		p.free <- new(item)
	}
	return p
}

func (p *prefetch) run() {
	for {
		var it *item
		select {
		case it = <-p.free:
		case <-p.closing:
			return
		}
		it.err = p.src.Read(context.Background(), &it.block)
		it.samples = append(it.samples[:0], it.block.Samples...)
		it.block.Samples = it.samples
		failed := it.err != nil // once sent, the item belongs to Read
		select {
		case p.filled <- it:
		case <-p.closing:
			return
		}
		if failed {
			return
		}
	}
}

func (p *prefetch) Read(ctx context.Context, b *Block) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.err != nil {
		return p.err
	}
	p.start.Do(func() { go p.run() })
	if p.held != nil {
		p.free <- p.held // never blocks: free has room for every item
		p.held = nil
	}
	select {
	case it := <-p.filled:
		if it.err != nil {
			p.err = it.err
			return it.err
		}
		p.held = it
		*b = it.block
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-p.closing:
		return os.ErrClosed
	}
}

// Close also closes the underlying source, which ends the goroutine if its Read can
// be interrupted. A Read of a terminal cannot: it ends with the process.
func (p *prefetch) Close() error {
	var err error
	p.stop.Do(func() {
		close(p.closing)
		err = p.src.Close()
	})
	return err
}
