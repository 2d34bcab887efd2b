package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"inkling/capture"
	"inkling/internal/testkit"
	"inkling/model/feature"
)

// passing is a live source of n streams with a block each; then nothing comes. at is called
// with the time of the bubble at each of the moments.
type passing struct {
	n       int
	block   capture.Block
	moments []time.Duration
	at      func(time.Duration)

	sent  int
	began time.Time
}

func (s *passing) Read(ctx context.Context, b *capture.Block) error {
	if s.began.IsZero() {
		s.began = time.Now()
	}
	if s.sent < s.n {
		*b = s.block
		b.Stream = fmt.Sprintf("hall.sensor-%06d", s.sent)
		s.sent++
		return nil
	}
	for len(s.moments) > 0 {
		select {
		case <-time.After(time.Until(s.began.Add(s.moments[0]))):
			s.at(s.moments[0])
			s.moments = s.moments[1:]
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s *passing) Close() error { return nil }

// The memory of a crowd of streams, each with an open segment, goes back to the system once
// they are forgotten.
func TestCrowdGivesMemoryBack(t *testing.T) {
	testkit.SkipPools(t)
	m := benchModel(t, feature.Config{Kind: feature.KindLogMel}, 16000)
	const streams = 3000
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		used := map[time.Duration]uint64{}
		resident := func(at time.Duration) {
			if at == time.Second {
				runtime.GC()
			}
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			used[at] = stats.HeapSys - stats.HeapReleased
		}
		giveBack()
		resident(0)
		src := &passing{n: streams, at: resident, moments: []time.Duration{time.Second, 2 * time.Minute}, block: capture.Block{
			Format: capture.Format{Rate: 16000, Channels: 1}, Samples: bursts(rand.New(rand.NewPCG(1, 1)), 800, 1, 16000)}}
		if err := Run(ctx, src, m, &RunOptions{Live: true}, nothing{}); err != nil {
			t.Fatal(err)
		}
		before, crowded, after := used[0], used[time.Second], used[2*time.Minute]
		t.Logf("MB of the heap in memory: %.1f before, %.1f with %d streams, %.1f after", float64(before)/1e6, float64(crowded)/1e6, streams, float64(after)/1e6)
		if crowded < before+streams*2000 || after > before+(crowded-before)/3 { // what is left depends on where the scavenger was
			t.Error("want at most a third of the increase")
		}
		if crowded > before+streams*30000 {
			t.Error("want at most 30 kB a stream")
		}
	})
}

// A stream that comes back counts on, also when others have pushed it out of what is
// remembered one by one.
func TestPastCountsOn(t *testing.T) {
	p := newPast()
	p.add("a", lastOf{segment: 7, number: 9, next: 5, forgotten: true})
	if id, known := p.of("a"); id != (lastOf{7, 9, 5, true}) || !known {
		t.Errorf("a is at %v, known %v", id, known)
	}
	if id, known := p.of("b"); id != (lastOf{}) || known {
		t.Errorf("b is at %v, known %v", id, known)
	}
	for i := range maxPast {
		p.add(fmt.Sprint("other ", i), lastOf{segment: uint64(i % 5), number: 3})
	}
	if len(p.last) > maxPast {
		t.Errorf("%d streams are remembered", len(p.last))
	}
	for _, name := range []string{"a", "b"} {
		if id, _ := p.of(name); id.segment < 7 || id.number < 9 {
			t.Errorf("%s is at %v: an id would be given twice", name, id)
		}
	}
}
