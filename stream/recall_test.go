package stream

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// An aheadStore is a memoryStore that keeps events before the commit that has what they led to,
// and may be killed in between. Those that come again it leaves out, by their number.
type aheadStore struct {
	memoryStore
	ahead  []Event        // kept beyond the last commit, in their order
	again  map[string]int // how many of a stream come again
	beyond map[string]int // how many did at the last Position
	left   []string       // events that were left out
	kill   bool           // at the next commit that has events
	killed func()
}

func (s *aheadStore) Load(ctx context.Context) ([][]byte, error) {
	s.again, s.left = map[string]int{}, nil
	for _, e := range s.ahead {
		s.again[e.Stream]++
	}
	return s.memoryStore.Load(ctx)
}

func (s *aheadStore) Repeats() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.again) > 0
}

func (s *aheadStore) Write(ctx context.Context, e *Event) error {
	s.mu.Lock()
	if n := s.again[e.Stream]; n > 0 && e.Type == Confirmed {
		if s.again[e.Stream] = n - 1; n == 1 {
			delete(s.again, e.Stream)
		}
		s.left = append(s.left, saidBy(e))
		s.mu.Unlock()
		return nil
	}
	s.mu.Unlock()
	return s.memoryStore.Write(ctx, e)
}

func (s *aheadStore) Position() ([]byte, error) {
	at, err := s.memoryStore.Position()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.beyond = maps.Clone(s.again)
	return at, err
}

func (s *aheadStore) Save(ctx context.Context, commit []byte, keep int) error {
	s.mu.Lock()
	if s.kill && s.mark > 1 && !s.dead {
		s.kill, s.dead = false, true
		s.ahead = append(s.ahead, s.pending[:s.mark]...)
		s.events = append(s.events, s.pending[:s.mark]...)
		s.killed()
	}
	s.mu.Unlock()
	if err := s.memoryStore.Save(ctx, commit, keep); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n := maps.Clone(s.beyond) // the last ones of each stream
	for i := len(s.ahead) - 1; i >= 0; i-- {
		if n[s.ahead[i].Stream]--; n[s.ahead[i].Stream] < 0 {
			s.ahead = slices.Delete(s.ahead, i, i+1)
		}
	}
	return nil
}

func saidBy(e *Event) string {
	return fmt.Sprint(e.Stream, " ", e.Segment, " ", e.Start, "-", e.End, " ", e.Label)
}

// Events that were kept before their commit, by a Run that was killed then, come again equal,
// whatever models its streams had, and whichever the next Run has. Then those of that count.
func TestEventsComeAgainEqual(t *testing.T) { synctest.Test(t, testEventsComeAgainEqual) }

func testEventsComeAgainEqual(t *testing.T) {
	models := map[string]*model.Model{}
	var all []*model.Model
	for _, labels := range [][]string{{"high", "low"}, {"up", "down"}, {"plus", "minus"}} {
		m := signModel(t, decide.Config{}, labels...)
		models[m.Hash()], all = m, append(all, m)
	}
	options := Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit: Emit{Confirmed: true}}
	compared, other := 0, 0
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		blocks := crowdBlocks(rng, 20, 300)
		store := &aheadStore{}
		for run := 0; ; run++ {
			first := all[rng.IntN(3)]
			sw := &Switch{}
			if rng.IntN(2) == 0 {
				if err := sw.Canary(all[rng.IntN(3)], &options, rng.Float64()); err != nil {
					t.Fatal(err)
				}
			}
			stop := false
			store.kill, store.killed = run < 4, func() { stop = true }
			src := &timed{capture.NewMemory(blocks...), func() error {
				store.mu.Lock()
				defer store.mu.Unlock()
				if stop {
					return errKilled
				}
				if rng.IntN(30) == 0 {
					return sw.To(all[rng.IntN(3)], &options)
				}
				if rng.IntN(30) == 0 {
					return sw.Canary(all[rng.IntN(3)], &options, rng.Float64())
				}
				return nil
			}}
			var began []string
			for _, e := range store.ahead {
				began = append(began, saidBy(&e))
			}
			err := Run(t.Context(), src, first, &RunOptions{Options: options, Finite: true, Session: "g", Save: 5 * time.Millisecond, Store: store, Switch: sw,
				Former: func(hash string) (*model.Model, *Options, error) { return models[hash], &options, nil }})
			if err != nil && err != errKilled && !store.dead {
				t.Fatal(err)
			}
			want := map[string]int{}
			for _, e := range began {
				want[e]++
			}
			for _, e := range store.left {
				if compared++; want[e] == 0 {
					t.Errorf("seed %d, run %d: %s came, and is not what was stored: %v", seed, run, e, began)
				}
				want[e]--
			}
			if err == nil {
				for _, e := range store.events {
					if e.Label != "high" && e.Label != "low" {
						other++
					}
				}
				break
			}
			if run > 10 {
				t.Fatal("it does not end")
			}
		}
	}
	if compared < 20 || other < 50 {
		t.Errorf("%d events came again, %d are of another model: this test tests little", compared, other)
	}
}

// timed is a source whose Reads take a moment, before which it does something.
type timed struct {
	*capture.Memory
	do func() error
}

func (s *timed) Read(ctx context.Context, b *capture.Block) error {
	time.Sleep(time.Millisecond)
	if err := s.do(); err != nil {
		return err
	}
	return s.Memory.Read(ctx, b)
}
