package stream

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/model"
	"inkling/model/decide"
)

// A worker preparing a batch stops feeding after half of the bound; the lanes left over
// come first in the next batch, in order.
func TestPreparingKeepsItsBound(t *testing.T) {
	m := signModel(t, decide.Config{})
	now := time.Unix(0, 0)
	s := newSched(&RunOptions{Workers: 1, now: func() time.Time {
		now = now.Add(300 * time.Microsecond) // as long as feeding takes
		return now
	}})
	s.deliver = func([]Event, []*item) {}
	var all []*lane
	for i := range 10 {
		b := block(0, 1, 1)
		b.Stream = fmt.Sprint(i)
		c, err := NewClassifier(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &lane{c: c})
		s.put(all[i], &b, "", now, 10, true)
	}
	w := newWorker(s.Pool)
	held := func() (names []string) {
		for _, l := range w.lanes {
			names = append(names, l.cur.block.Stream)
		}
		return names
	}
	for _, want := range []string{"0 1 2 3 4 5 6 7 8 9", "4 5 6 7 8 9 0 1 2 3", "8 9 4 5 6 7"} {
		s.turn(w)
		if got := strings.Join(held(), " "); got != want {
			t.Fatalf("the worker holds %s, want %s", got, want)
		}
		began := now
		w.prepare()
		if took := now.Sub(began); took > s.gather/2+600*time.Microsecond {
			t.Errorf("preparing took %v", took)
		}
		w.step()
		for _, l := range all {
			if mem := l.c.follower.(*walker).lent; mem != nil && len(mem.scores) > m.Classes() {
				t.Errorf("%d scores are kept, of more than this turn's step", len(mem.scores))
			}
		}
		w.release()
	}
	if slices.ContainsFunc(all, func(l *lane) bool { return !l.fed }) {
		t.Error("not all were fed")
	}
}

// laneOf returns a lane with a classifier of m.
func laneOf(t *testing.T, m *model.Model) *lane {
	c, err := NewClassifier(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &lane{c: c}
}

// A worker feeds a large block by itself, so that no other stream's step waits for it.
func TestLargeBlockIsFedAlone(t *testing.T) {
	m := signModel(t, decide.Config{})
	s := newSched(&RunOptions{Workers: 1})
	s.deliver = func([]Event, []*item) {}
	for i, n := range []int{1, largeBlock, largeBlock + 1, largeBlock + 1, 1} {
		b := block(0, make([]float32, n)...)
		b.Stream = fmt.Sprint(i)
		s.put(laneOf(t, m), &b, "", time.Now(), 5, true)
	}
	w := newWorker(s.Pool)
	for _, want := range []string{"0 1", "2", "3", "4 1 2 3"} {
		s.turn(w)
		var got []string
		for _, l := range w.lanes {
			got = append(got, l.cur.block.Stream)
			w.feed(l)
		}
		if w.step(); strings.Join(got, " ") != want {
			t.Errorf("a worker takes %v, want %s", got, want)
		}
	}
}

// The memory of free blocks is bounded, whichever streams had large blocks.
func TestMemoryOfBlocksIsBounded(t *testing.T) {
	const large = maxSamples / 8
	m := signModel(t, decide.Config{})
	s := newSched(&RunOptions{Workers: 1})
	s.puts = 1
	s.refused.Store(1) // nothing more is fed
	w, all := newWorker(s.Pool), []*lane{}
	for range 300 {
		all = append(all, laneOf(t, m))
	}
	for round := range 30 {
		for i, l := range all {
			b := block(0, 1)
			if i == round*10 {
				b.Samples = make([]float32, large)
			}
			s.put(l, &b, "", time.Now(), len(all), true)
		}
		for s.flying > 0 {
			s.turn(w)
			w.prepare()
			if s.ready.n == 0 {
				s.mu.Lock()
				s.takeBack(w)
				s.mu.Unlock()
			}
		}
	}
	memory := 0
	for it := s.free; it != nil; it = it.next {
		memory += cap(it.samples)
	}
	if memory != s.memory || memory > maxMemory {
		t.Errorf("free blocks have memory for %d samples, counted %d, at most %d", memory, s.memory, maxMemory)
	}
}
