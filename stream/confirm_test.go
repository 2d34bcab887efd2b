package stream

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
)

// All workers but one confirm before they do anything else; the last one confirms only
// while no step is waiting.
func TestConfirmingLeavesWorkersForSteps(t *testing.T) {
	for _, c := range []struct {
		workers, confirming, ready, ended, steps int
		before, want                             bool
	}{
		{workers: 2, ready: 5, ended: 0, want: false},
		{workers: 2, ready: 5, ended: 1, steps: 9999, want: true},
		{workers: 2, confirming: 1, ready: 5, ended: 9, steps: 1, want: false},
		{workers: 2, confirming: 1, ended: 1, steps: shortEnd, want: true},
		{workers: 2, confirming: 1, ended: 1, steps: shortEnd + 1, want: false},
		{workers: 2, confirming: 1, ended: manyEnded, steps: 9999, want: true},
		{workers: 4, confirming: 2, ready: 5, ended: 1, steps: 9999, want: true},
		{workers: 1, ready: 5, ended: 1, steps: 9999, want: true},
		{workers: 1, ready: 5, ended: 1, steps: 1, before: true, want: false},
		{workers: 1, ended: 1, steps: 9999, before: true, want: true},
	} {
		s := Pool{workers: c.workers, confirming: c.confirming}
		for range c.ready {
			s.ready.push(&lane{})
		}
		for range c.ended {
			l := &lane{c: ending(c.steps)}
			s.ended.push(l)
		}
		if got := s.mayConfirm(&worker{confirmed: c.before}); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// ending returns a classifier with a segment of n steps to confirm.
func ending(n int) *Classifier {
	w := &walker{}
	w.counted.steps = n
	return &Classifier{follower: w}
}

// An idle worker wakes as soon as there is a segment that it may confirm.
func TestIdleWorkerIsWokenToConfirm(t *testing.T) {
	for _, steps := range [][]int{
		{shortEnd + 1, shortEnd},                                     // behind a long one
		{shortEnd + 1, 9999, 9999, 9999, 9999}, {1, 1}, {9999, 9999}, // the last: too long
	} {
		want := steps[1] <= shortEnd || len(steps) > manyEnded
		synctest.Test(t, func(t *testing.T) {
			s := newSched(&RunOptions{Workers: 2})
			idle, helps := newWorker(s.Pool), false
			go func() { helps = s.turn(idle) }()
			synctest.Wait()
			for _, n := range steps {
				l := &lane{c: ending(n)}
				s.ended.push(l)
			}
			s.turn(newWorker(s.Pool))
			synctest.Wait()
			if helps != want {
				t.Errorf("segments of %d steps: it is woken: %v, want %v", steps, helps, want)
			}
			s.mu.Lock()
			s.ended, s.closed = lanes{}, true
			s.mu.Unlock()
			s.work.Broadcast()
		})
	}
}

// longAndShort gives a segment of stream a, then, once goOn is closed, the blocks of b.
type longAndShort struct {
	blocks []capture.Block
	goOn   chan struct{}
}

func (s *longAndShort) Read(ctx context.Context, b *capture.Block) error {
	if len(s.blocks) == 0 {
		return io.EOF
	}
	if s.blocks[0].Stream == "b" {
		<-s.goOn
	}
	*b, s.blocks = s.blocks[0], s.blocks[1:]
	return nil
}

func (s *longAndShort) Close() error { return nil }

// Other streams go on while a long segment is confirmed. The test holds the confirming
// worker until every block of another stream, sent only then, has been processed.
func TestConfirmingHoldsUpNoOtherStream(t *testing.T) {
	const long, short = shortEnd + 1, 20
	m := randomModel(t, 1, feature.Config{Kind: feature.KindRaw, Samples: 1}, 0, 1, 1, model.RunningSoftmax, true)
	a := block(0, make([]float32, long)...)
	a.Stream, a.Mark = "a", capture.MarkBegin|capture.MarkEnd
	src := &longAndShort{blocks: []capture.Block{a}, goOn: make(chan struct{})}
	for i := range short {
		b := block(uint64(i), 1)
		if b.Stream = "b"; i == 0 {
			b.Mark = capture.MarkBegin
		}
		src.blocks = append(src.blocks, b)
	}
	through, n := make(chan struct{}), 0
	o := &RunOptions{Workers: 2, Finite: true, Progress: func(b *capture.Block) {
		if b.Stream == "b" {
			if n++; n == short {
				close(through)
			}
		}
	}}
	o.Segment = &segment.Config{Kind: segment.Message, MaxDuration: 86400}
	r, err := newRunner(m, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.start(t.Context(), src, nil); err != nil {
		t.Fatal(err)
	}
	deliver := r.sched.deliver
	r.sched.deliver = func(events []Event, done []*item) {
		if slices.ContainsFunc(events, func(e Event) bool { return e.Type == Confirmed && e.Stream == "a" }) {
			close(src.goOn)
			select {
			case <-through:
			case <-time.After(time.Minute):
				t.Error("another stream is held up")
			}
		}
		deliver(events, done)
	}
	err = r.loop(t.Context(), src)
	r.endAll(segment.ByEOF)
	r.sched.close()
	if err := errors.Join(err, r.fan.close()); err != nil {
		t.Fatal(err)
	}
	if n != short || r.counts.confirmed != 2 {
		t.Errorf("%d blocks of %d, %v segments confirmed", n, short, r.counts.confirmed)
	}
}
