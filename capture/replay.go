package capture

import (
	"context"
	"os"
	"sync"
	"time"
)

// A Clock is the time that Replay keeps to; tests provide their own.
type Clock interface {
	Now() time.Time
	// Sleep returns after d, or as soon as ctx is cancelled or stop is closed.
	Sleep(ctx context.Context, stop <-chan struct{}, d time.Duration)
}

// systemClock is monotonic, as time.Now includes a monotonic reading.
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

// Replay plays src at speed times real time: it returns a block when the block's last
// sample is due. Due times are counted in samples from the first of the stream, so
// that they do not drift, and a late reader catches up. Blocks of unknown rate are
// never delayed, and with a speed of 0 or less none is. A nil clock is the system's.
func Replay(src Source, speed float64, clock Clock) Source {
	if clock == nil {
		clock = &systemClock{}
	}
	r := &replay{src: src, speed: speed, clock: clock, begin: map[string]time.Time{}, stop: make(chan struct{})}
	if again, ok := src.(Replayer); ok {
		return &replayAgain{r, again}
	}
	return r
}

type replay struct {
	src     Source
	speed   float64
	clock   Clock
	begin   map[string]time.Time // when a stream's sample 0 was due
	pending Block
	waiting bool // pending holds a block that Read has not returned yet

	position func(dst []byte) []byte // of src; nil: nobody asks for it
	before   []byte                  // the position of pending
	stop     chan struct{}
	once     sync.Once
}

func (r *replay) Read(ctx context.Context, b *Block) error {
	if !r.waiting {
		if r.position != nil {
			r.before = r.position(r.before[:0])
		}
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

// due returns when b is due; false if it need not wait.
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

// Check implements Checker, if the source does.
func (r *replay) Check(ctx context.Context) error { return Check(ctx, r.src) }

func (r *replay) Close() error {
	r.once.Do(func() { close(r.stop) })
	return r.src.Close()
}
