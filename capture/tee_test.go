package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// slowly is a live source of blocks that come one by one.
type slowly struct {
	come    chan Block
	ended   chan struct{}
	once    sync.Once
	drained bool
	held    []string
	closes  int
	left    int // calls of Abandon
}

func newSlowly() *slowly {
	return &slowly{come: make(chan Block, 100), ended: make(chan struct{})}
}

func (s *slowly) Read(ctx context.Context, b *Block) error {
	select {
	case *b = <-s.come:
		return nil
	default:
	}
	select {
	case *b = <-s.come:
		return nil
	case <-s.ended:
		return io.EOF
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (s *slowly) Ready() bool           { return len(s.come) > 0 }
func (s *slowly) Hold(stream string)    { s.held = append(s.held, "+"+stream) }
func (s *slowly) Release(stream string) { s.held = append(s.held, "-"+stream) }
func (s *slowly) Drain()                { s.drained = true; s.once.Do(func() { close(s.ended) }) }
func (s *slowly) Abandon() {
	for s.left++; len(s.come) > 0; {
		<-s.come
	}
}
func (s *slowly) Close() error { s.closes++; s.once.Do(func() { close(s.ended) }); return nil }

func numbered(n int) Block {
	return Block{Stream: fmt.Sprint("s", n%2), Format: Format{Rate: 10, Channels: 1}, Offset: uint64(n), Samples: []float32{float32(n)}}
}

// offsets reads to the end.
func offsets(t *testing.T, src Source) (all []int, err error) {
	t.Helper()
	for {
		var b Block
		if err := src.Read(t.Context(), &b); err != nil {
			return all, err
		}
		if len(b.Samples) > 0 && b.Samples[0] != float32(b.Offset) {
			t.Errorf("the block at %d has sample %v", b.Offset, b.Samples[0])
		}
		all = append(all, int(b.Offset))
	}
}

// Every reader gets every block, and the error, at any pace of the others.
func TestTee(t *testing.T) {
	var blocks []Block
	var want []int
	for n := range 500 {
		blocks = append(blocks, numbered(n))
		want = append(want, n)
	}
	tee := NewTee(t.Context(), NewMemory(blocks...))
	readers := []*TeeReader{tee.Reader(), tee.Reader(), tee.Reader()}
	if tee.Begun() {
		t.Error("begun before the first Read")
	}
	var all sync.WaitGroup
	for _, r := range readers {
		all.Go(func() {
			defer r.Close()
			if got, err := offsets(t, r); err != io.EOF || !slices.Equal(got, want) {
				t.Errorf("%v, %d blocks", err, len(got))
			}
		})
	}
	all.Wait()
	if tee.Reader() != nil {
		t.Error("a reader of a source that is closed")
	}
}

// One that does not read holds the others up after a few blocks, until it is closed.
func TestTeeWaitsForTheSlowest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSlowly()
		tee := NewTee(t.Context(), src)
		a, b := tee.Reader(), tee.Reader()
		for n := range 40 {
			src.come <- numbered(n)
		}
		n := 0
		go func() {
			var block Block
			for a.Read(t.Context(), &block) == nil {
				n++
			}
		}()
		synctest.Wait()
		if n != mostAhead {
			t.Errorf("%d blocks ahead, want %d", n, mostAhead)
		}
		b.Close()
		synctest.Wait()
		if n != 40 || src.closes != 0 {
			t.Errorf("%d blocks, closed %d times", n, src.closes)
		}
		a.Close()
		synctest.Wait()
		var block Block
		if err := a.Read(t.Context(), &block); !errors.Is(err, os.ErrClosed) || src.closes != 1 {
			t.Errorf("%v, closed %d times", err, src.closes)
		}
	})
}

// A reader whose context ends does not end the others, and loses nothing.
func TestTeeContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSlowly()
		tee := NewTee(t.Context(), src)
		a, b := tee.Reader(), tee.Reader()
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		go func() {
			var block Block
			err = a.Read(ctx, &block)
		}()
		got := -1
		synctest.Wait()
		go func() {
			var block Block
			if b.Read(t.Context(), &block) == nil {
				got = int(block.Offset)
			}
		}()
		synctest.Wait()
		cancel()
		synctest.Wait()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		src.come <- numbered(7)
		synctest.Wait()
		var block Block
		if err := a.Read(t.Context(), &block); err != nil || block.Offset != 7 || got != 7 {
			t.Errorf("%v, %d and %d", err, block.Offset, got)
		}
		a.Close()
		b.Close()
	})
}

// A reader that is drained gets what has been read, and the source goes on for the others;
// when all are, or the context of the Tee ends, the source is drained.
func TestTeeDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		src := newSlowly()
		tee := NewTee(ctx, src)
		a, b, c := tee.Reader(), tee.Reader(), tee.Reader()
		src.come <- numbered(0)
		var block Block
		if err := b.Read(t.Context(), &block); err != nil {
			t.Fatal(err)
		}
		a.Drain()
		if got, err := offsets(t, a); err != io.EOF || !slices.Equal(got, []int{0}) || src.drained {
			t.Errorf("%v %v, drained: %v", got, err, src.drained)
		}
		src.come <- numbered(1)
		cancel()
		synctest.Wait()
		if !src.drained {
			t.Error("the source is not drained with the context")
		}
		b.Drain()
		b.Abandon()
		if got, err := offsets(t, b); err != io.EOF || !slices.Equal(got, []int{2}) {
			t.Errorf("abandoned: %v %v", got, err) // an empty block behind what is left out
		}
		if got, err := offsets(t, c); err != io.EOF || !slices.Equal(got, []int{0, 1}) {
			t.Errorf("%v %v", got, err)
		}
	})
}

// A reader that abandons the source takes nothing from those that drain it for longer: it
// gets the end of each stream, however much waits, and they get every block.
func TestTeeAbandonIsOfOneReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		src := newSlowly()
		tee := NewTee(ctx, src)
		readers := []*TeeReader{tee.Reader(), tee.Reader(), tee.Reader()}
		a, b, c := readers[0], readers[1], readers[2]
		var want []int
		for n := range 40 {
			src.come <- numbered(n)
			want = append(want, n)
		}
		cancel()
		synctest.Wait()
		for _, r := range readers {
			r.Drain()
		}
		var block Block
		if err := a.Read(t.Context(), &block); err != nil || block.Offset != 0 {
			t.Fatalf("%v, block %d", err, block.Offset)
		}
		a.Abandon()
		if got, err := offsets(t, a); err != io.EOF || !slices.Equal(got, []int{40, 39}) {
			t.Errorf("the ends of two streams: %v %v, want 40, then 39", got, err) // s1 came first
		}
		if got, err := offsets(t, b); err != io.EOF || !slices.Equal(got, want) {
			t.Errorf("%v %v", got, err)
		}
		if src.left != 0 {
			t.Error("the source is abandoned while a reader still drains it")
		}
		b.Close()
		c.Abandon()
		if src.left != 1 {
			t.Errorf("the source is abandoned %d times by the last reader that drained it", src.left)
		}
		if got, err := offsets(t, c); err != io.EOF || !slices.Equal(got, []int{39, 40}) {
			t.Errorf("the ends of two streams: %v %v, want 39, then 40", got, err)
		}
		a.Close()
		c.Close()
	})
}

// Closing the last reader that has not abandoned the source leaves nobody to read it for.
func TestTeeIsAbandonedByTheLast(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	src := newSlowly()
	tee := NewTee(ctx, src)
	a, b := tee.Reader(), tee.Reader()
	for n := range 10 {
		src.come <- numbered(n)
	}
	cancel()
	a.Drain()
	b.Drain()
	a.Abandon()
	if src.left != 0 {
		t.Error("abandoned for a reader that goes on")
	}
	b.Close()
	if src.left != 1 {
		t.Errorf("abandoned %d times", src.left)
	}
	a.Close()
}

// A stream is held while any reader holds it, and that one gets none of it.
func TestTeeHold(t *testing.T) {
	src := newSlowly()
	tee := NewTee(t.Context(), src)
	a, b := tee.Reader(), tee.Reader()
	for n := range 4 {
		src.come <- numbered(n)
	}
	a.Hold("s0")
	b.Hold("s0")
	a.Release("s0")
	a.Release("s0")
	var block Block
	if err := b.Read(t.Context(), &block); err != nil || block.Offset != 1 {
		t.Errorf("%v, block %d", err, block.Offset)
	}
	if err := a.Read(t.Context(), &block); err != nil || block.Offset != 0 {
		t.Errorf("%v, block %d", err, block.Offset)
	}
	b.Close()
	if want := []string{"+s0", "-s0"}; !slices.Equal(src.held, want) {
		t.Errorf("%q, want %q", src.held, want)
	}
}

// A reader that notices the end of the context before the Tee does still gets what has
// arrived.
func TestTeeDrainsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		src := newSlowly()
		tee := NewTee(ctx, src)
		tee.release() // the Tee itself never notices
		a, b := tee.Reader(), tee.Reader()
		cancel()
		a.Drain()
		if !src.drained {
			t.Error("the source is not drained")
		}
		b.Drain()
	})
}
