package capture

import (
	"context"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// still is a clock that only Sleep moves.
type still struct {
	now   time.Time
	slept time.Duration
}

func (c *still) Now() time.Time { return c.now }
func (c *still) Sleep(_ context.Context, _ <-chan struct{}, d time.Duration) {
	c.now = c.now.Add(d)
	c.slept += d
}

func TestReplayKeepsPace(t *testing.T) {
	clock := &still{now: time.Unix(1e9, 0)}
	blocks := append(Cut("a", Format{8000, 2}, tone(8000, 2), 160), Cut("b", Format{1000, 1}, tone(500, 1), 100)...)
	blocks = append(blocks, Cut("no rate", Format{0, 1}, tone(500, 1), 100)...)
	src := Replay(NewMemory(blocks...), 2, clock)
	start := clock.now
	var b Block
	for i := 1; i <= 50; i++ {
		if err := src.Read(background, &b); err != nil {
			t.Fatal(err)
		}
		if got := clock.now.Sub(start); got != time.Duration(i)*10*time.Millisecond {
			t.Fatalf("block %d came after %v", i, got)
		}
	}
	clock.now = clock.now.Add(200 * time.Millisecond) // a slow reader: b begins here
	got := play(t, src)
	if got.err != nil || len(got.x["b"]) != 500 || len(got.x["no rate"]) != 500 {
		t.Fatalf("%d and %d samples, %v", len(got.x["b"]), len(got.x["no rate"]), got.err)
	}
	if d := clock.now.Sub(start); d != 950*time.Millisecond {
		t.Errorf("all took %v", d)
	}
}

func TestLateReaderCatchesUp(t *testing.T) {
	clock := &still{now: time.Unix(1e9, 0)}
	x := Cut("a", Format{100, 1}, tone(30, 1), 10)
	x[2].Offset += 100 // lost samples take their time too
	src := Replay(NewMemory(x...), 1, clock)
	var b Block
	src.Read(background, &b)
	clock.now = clock.now.Add(time.Second)
	src.Read(background, &b)
	if clock.slept != 100*time.Millisecond {
		t.Errorf("slept %v though late", clock.slept)
	}
	src.Read(background, &b)
	if got := clock.now.Sub(time.Unix(1e9, 0)); got != 1300*time.Millisecond {
		t.Errorf("the block after the gap came at %v", got)
	}
}

func TestReplayWithoutSpeedNeverWaits(t *testing.T) {
	clock := &still{}
	play(t, Replay(NewMemory(Cut("a", Format{100, 1}, tone(40, 1), 20)...), 0, clock))
	if clock.slept != 0 {
		t.Errorf("slept %v", clock.slept)
	}
}

func TestCancelledReplayLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := Replay(NewMemory(Cut("a", Format{100, 1}, tone(40, 1), 20)...), 1, nil)
		ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
		defer cancel()
		start := time.Now()
		var b Block
		if err := src.Read(ctx, &b); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		if err := src.Read(background, &b); err != nil || b.Offset != 0 || b.Len() != 20 {
			t.Fatalf("%+v, %v", b, err)
		}
		if d := time.Since(start); d != 200*time.Millisecond {
			t.Errorf("0.2 s of samples came after %v", d)
		}
		end := make(chan error)
		go func() { end <- src.Read(background, &b) }()
		synctest.Wait()
		src.Close()
		if err := <-end; err != os.ErrClosed {
			t.Errorf("Read during Close returned %v", err)
		}
	})
}
