package capture

import (
	"context"
	"os"
	"sync"
	"time"
)

// A Clock tells and awaits time.
type Clock interface {
	Now() time.Time
	// Sleep waits for d, or until ctx is cancelled or stop is closed.
	Sleep(ctx context.Context, stop <-chan struct{}, d time.Duration)
}

// systemClock is monotonic: time.Now carries that reading.
type systemClock struct{ timer *time.Timer }

func (*systemClock) Now() time.Time { return time.Now() }

func (c *systemClock) Sleep(ctx context.Context, stop <-chan struct{}, d time.Duration) {
	if c.timer == nil {
		c.timer = time.NewTimer(d)
	} else {
		c.timer.Reset(d)
	}
	defer c.timer.Stop()
	select {
	case <-c.timer.C:
	case <-ctx.Done():
	case <-stop:
	}
}

// Replay holds back the blocks of src until the time at which they would have
// been captured, speed times as fast: a block is given when its last sample is
// due. Time is counted in samples from a stream's first, so it does not drift;
// a reader that is late catches up. Blocks of unknown rate are not held back.
// A speed of 0 or less is as fast as possible. A nil clock is the system's.
func Replay(src Source, speed float64, clock Clock) Source {
	if clock == nil {
		clock = &systemClock{}
	}
	return &replay{src: src, speed: speed, clock: clock, begin: map[string]time.Time{}, stop: make(chan struct{})}
}

type replay struct {
	src     Source
	speed   float64
	clock   Clock
	begin   map[string]time.Time // when a stream's sample 0 was due
	pending Block
	waiting bool // pending was read and not yet given
	stop    chan struct{}
	once    sync.Once
}

func (r *replay) Read(ctx context.Context, b *Block) error {
	if !r.waiting {
		if err := r.src.Read(ctx, &r.pending); err != nil {
			return err
		}
		r.waiting = true
	}
	if due, ok := r.due(&r.pending); ok {
		if d := due.Sub(r.clock.Now()); d > 0 {
			r.clock.Sleep(ctx, r.stop, d)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-r.stop:
		return os.ErrClosed
	default:
	}
	if *b = r.pending; b.Done {
		delete(r.begin, b.Stream)
	}
	r.waiting = false
	return nil
}

// due is the time of the end of b; false if it need not wait.
func (r *replay) due(b *Block) (time.Time, bool) {
	if !(r.speed > 0) || !(b.Format.Rate > 0) || b.Fault != nil {
		return time.Time{}, false
	}
	at := func(sample uint64) time.Duration {
		return time.Duration(float64(sample) / b.Format.Rate / r.speed * float64(time.Second))
	}
	begin, ok := r.begin[b.Stream]
	if !ok {
		begin = r.clock.Now().Add(-at(b.Offset))
		r.begin[b.Stream] = begin
	}
	return begin.Add(at(b.Offset + uint64(b.Len()))), true
}

func (r *replay) Close() error {
	r.once.Do(func() { close(r.stop) })
	return r.src.Close()
}
