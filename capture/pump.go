package capture

import (
	"context"
	"os"
	"sync"
)

// A pump reads a source that knows no context and may wait for long, such as a
// pipe, in a goroutine of its own, at most two blocks ahead.
type pump struct {
	src     Source
	filled  chan *item
	free    chan *item
	closing chan struct{}
	start   sync.Once
	stop    sync.Once
	held    *item // what the last Read gave
	err     error
}

type item struct {
	block   Block
	samples []float32 // memory of block.Samples
	err     error
}

func newPump(src Source) *pump {
	p := &pump{src: src, filled: make(chan *item, 2), free: make(chan *item, 3), closing: make(chan struct{})}
	for range cap(p.free) {
		p.free <- new(item)
	}
	return p
}

func (p *pump) run() {
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
		failed := it.err != nil // it is the reader's once sent
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

func (p *pump) Read(ctx context.Context, b *Block) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.err != nil {
		return p.err
	}
	p.start.Do(func() { go p.run() })
	if p.held != nil {
		p.free <- p.held // never full: there are as many items as places
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

// Close also closes the source, which ends the goroutine if that can be: a read
// of a terminal only ends with the program.
func (p *pump) Close() error {
	var err error
	p.stop.Do(func() {
		close(p.closing)
		err = p.src.Close()
	})
	return err
}
