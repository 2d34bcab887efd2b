package stream

import (
	"slices"
	"sync"
	"testing"
	"time"

	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
)

// turnMeter counts the turns of workers and the steps in them.
type turnMeter struct {
	mu           sync.Mutex
	turns, steps int
}

func (m *turnMeter) Begin(func() Load)                 {}
func (m *turnMeter) Event(*Event)                      {}
func (m *turnMeter) Block(int, float64, time.Duration) {}
func (m *turnMeter) Turn(steps int, _ time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turns++
	m.steps += steps
}

// Runs that share a pool of workers give the events that each gives alone, and each is told of
// its own blocks and steps alone.
func TestRunsShareAPool(t *testing.T) {
	m, other := signModel(t, decide.Config{}), signModel(t, decide.Config{}, "up", "down")
	o := Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}}
	var sources [][]capture.Block
	var want [][]string
	for i := range 4 {
		var blocks []capture.Block
		for n := range 400 {
			x := []float32{1, 1, -1, 1}
			if (n/3+i)%2 == 0 {
				x = []float32{-1, -1, 1}
			}
			b := liveBlock(uint64(n/5*4), noon, x...)
			b.Stream, b.Time = string(rune('a'+n%5)), time.Time{}
			blocks = append(blocks, b)
		}
		sources = append(sources, blocks)
		var alone kept
		if err := Run(t.Context(), capture.NewMemory(blocks...), m, &RunOptions{Options: o, Finite: true}, &alone); err != nil {
			t.Fatal(err)
		}
		want = append(want, sorted(said(alone.events)))
	}
	pool := NewPool(2, 0)
	defer pool.Close()
	var all sync.WaitGroup
	for i, blocks := range sources {
		all.Go(func() {
			meter := &turnMeter{}
			var got kept
			if err := Run(t.Context(), capture.NewMemory(blocks...), m, &RunOptions{Options: o, Finite: true, Pool: pool, Meter: meter}, &got); err != nil {
				t.Error(err)
			}
			if lines := sorted(said(got.events)); !slices.Equal(lines, want[i]) {
				t.Errorf("run %d gives %d events, alone %d, or others", i, len(lines), len(want[i]))
			}
			if meter.steps < 300 {
				t.Errorf("run %d was told of %d steps", i, meter.steps)
			}
		})
	}
	all.Go(func() { // of another model
		if err := Run(t.Context(), capture.NewMemory(sources[0]...), other, &RunOptions{Options: o, Finite: true, Pool: pool}); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
}

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}
