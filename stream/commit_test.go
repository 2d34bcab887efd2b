package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// A memoryStore is a Store that outlives the Runs that write it, as a server does.
type memoryStore struct {
	mu      sync.Mutex // Write and Save may overlap
	commits [][]byte
	events  []Event
	pending []Event
	mark    int
	bytes   int
	saved   func() // nil: nobody waits for it
	dead    bool   // it keeps nothing: the process was killed
}

func (s *memoryStore) Write(_ context.Context, e *Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !e.Type.MayBeLost() && e.Type != Status {
		s.pending = append(s.pending, e.Clone())
	}
	return nil
}
func (s *memoryStore) Flush(context.Context) error { return nil }
func (s *memoryStore) Close() error                { return nil }
func (s *memoryStore) Position() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mark = len(s.pending)
	return []byte{1}, nil
}
func (s *memoryStore) Rewind([]byte) error { return nil }
func (s *memoryStore) String() string      { return "memory" }
func (s *memoryStore) Load(context.Context) ([][]byte, error) {
	s.pending, s.dead = nil, false
	return s.commits, nil
}
func (s *memoryStore) Save(_ context.Context, commit []byte, keep int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return errKilled
	}
	s.commits = append(s.commits[len(s.commits)-keep+1:len(s.commits):len(s.commits)], slices.Clone(commit))
	s.events = append(s.events, s.pending[:s.mark]...)
	s.pending = slices.Clone(s.pending[s.mark:])
	s.mark = 0
	s.bytes += len(commit)
	if s.saved != nil {
		s.saved()
	}
	return nil
}

// killed is a source that fails at its n-th Read, from which on its store keeps nothing, as if
// the process were killed. Each Read takes a moment, in which commits are made.
type killed struct {
	*capture.Memory
	store *memoryStore
	n     int
}

func (s *killed) Read(ctx context.Context, b *capture.Block) error {
	time.Sleep(time.Millisecond)
	if s.n--; s.n == 0 {
		s.store.mu.Lock()
		s.store.dead = true
		s.store.mu.Unlock()
		return errKilled
	}
	return s.Memory.Read(ctx, b)
}

var errKilled = fmt.Errorf("killed")

// crowdBlocks are blocks of many streams of two labels, of which few have something at a time;
// some end, and come again.
func crowdBlocks(rng *rand.Rand, streams, n int) (blocks []capture.Block) {
	next := make([]uint64, streams)
	for i := range n {
		k := rng.IntN(1 + (i*7)%streams)
		x := make([]float32, 1+rng.IntN(4))
		for j := range x {
			x[j] = float32(rng.IntN(2)*2 - 1)
		}
		b := liveBlock(next[k], noon.Add(time.Duration(i)*time.Second), x...)
		b.Stream = fmt.Sprint("s", k)
		if next[k] += uint64(len(x)); rng.IntN(40) == 0 {
			b.Done, next[k] = true, 0
		}
		blocks = append(blocks, b)
	}
	return blocks
}

// Whoever goes on from commits, at any moment, ends with the events of one that was never
// interrupted, each once; commits have only what has changed, and old ones are not needed.
func TestCommitsGoOn(t *testing.T) { synctest.Test(t, testCommitsGoOn) }

func testCommitsGoOn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	m := signModel(t, decide.Config{})
	o := RunOptions{Options: Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit: Emit{Confirmed: true}},
		Finite: true, Session: "g-1", Save: time.Nanosecond}
	blocks := crowdBlocks(rng, 60, 3000)
	var whole kept
	if err := Run(t.Context(), capture.NewMemory(blocks...), m, &o, &whole); err != nil {
		t.Fatal(err)
	}
	store := &memoryStore{}
	o.Store = store
	runs, most := 0, 0
	store.saved = func() { most = max(most, len(store.commits)) }
	for err := errKilled; err != nil; runs++ {
		n := 0
		if runs < 12 {
			n = 1 + rng.IntN(500)
		}
		if err = Run(t.Context(), &killed{capture.NewMemory(blocks...), store, n}, m, &o); err != nil && err != errKilled {
			t.Fatal(err)
		}
		if n > 0 {
			if saved, err := ReadSaved(store.commits[len(store.commits)-1]); err != nil || saved.Session != "g-1" || saved.Streams > 60 {
				t.Fatal(saved, err)
			}
		}
	}
	want, got := said(whole.events), said(store.events)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d events of %d, in %d runs", len(got), len(want), runs)
	}
	if most < 10 {
		t.Errorf("at most %d commits were kept: this test tests little", most)
	}
}

// A state of another model is gone on from with that model until the open segment has ended, or
// begun anew with the segments counted on, or refused.
func TestCommitsOfAnotherModel(t *testing.T) {
	old, other := signModel(t, decide.Config{}), signModel(t, decide.Config{}, "up", "down")
	options := Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit: Emit{Confirmed: true}}
	var blocks []capture.Block
	for i := range 5 { // of 2 samples: the second segment is open in the middle
		blocks = append(blocks, liveBlock(uint64(2*i), noon, 1, 1))
	}
	for name, c := range map[string]struct {
		former func(string) (*model.Model, *Options, error)
		want   string // labels by segment
		err    string
	}{
		"finished": {func(hash string) (*model.Model, *Options, error) {
			if hash != old.Hash() {
				t.Errorf("asked for %s", hash)
			}
			return old, &options, nil
		}, "1 high, 2 high, 3 up", ""},
		"anew":     {func(string) (*model.Model, *Options, error) { return nil, nil, nil }, "1 high, 3 up, 4 up", ""},
		"not had":  {func(string) (*model.Model, *Options, error) { return nil, nil, errKilled }, "", "killed"},
		"not told": {nil, "", "the saved state is of the model"},
	} {
		store := &memoryStore{}
		o := RunOptions{Options: options, Finite: true, Session: "s", Store: store, Save: time.Nanosecond}
		ctx, cancel := context.WithCancel(t.Context())
		if err := Run(ctx, &interrupted{capture.NewMemory(blocks...), 3, cancel}, old, &o); err != nil {
			t.Fatal(err)
		}
		o.Former = c.former
		err := Run(t.Context(), capture.NewMemory(blocks...), other, &o)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var got []string
		for _, e := range store.events {
			if e.Type == Confirmed && e.EndedBy != segment.ByEOF {
				got = append(got, fmt.Sprint(e.Segment, " ", e.Label))
			}
		}
		if err != nil || strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %v, want %s; %v", name, got, c.want, err)
		}
	}
}

// A share of the streams, always the same, goes on with another model, and back again.
func TestCanary(t *testing.T) {
	old, other := signModel(t, decide.Config{}), signModel(t, decide.Config{}, "up", "down")
	options := Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit: Emit{Confirmed: true}}
	var sw Switch
	out := &kept{}
	var blocks []capture.Block
	for i := range 4 {
		for k := range 50 {
			b := liveBlock(uint64(3*i), noon, 1, 1, 1)
			b.Stream = fmt.Sprint("s", k)
			blocks = append(blocks, b)
		}
	}
	var n atomic.Int64
	o := RunOptions{Options: options, Finite: true, Session: "s", Switch: &sw, Workers: 1, Gather: -1,
		Progress: func(*capture.Block) { n.Add(1) }}
	src := &staged{capture.NewMemory(blocks...), func(read int) {
		for n.Load() < int64(read) { // all that was read is labelled
			time.Sleep(time.Millisecond)
		}
		var err error
		switch read {
		case 50:
			err = sw.Canary(other, &options, 0.3)
		case 100:
			err = sw.Canary(nil, nil, 0)
		case 150:
			err = sw.To(other, &options)
		}
		if err != nil {
			t.Error(err)
		}
	}, 0}
	if err := Run(t.Context(), src, old, &o, out); err != nil {
		t.Fatal(err)
	}
	count := map[uint64]int{}
	for _, e := range out.events {
		if e.Type != Confirmed || e.EndedBy == segment.ByEOF {
			continue
		}
		count[e.Segment]++
		want := "high"
		if e.Segment == 2 && share(e.Stream) < 0.3 || e.Segment == 4 {
			want = "up"
		}
		if e.Label != want {
			t.Errorf("%s, segment %d: %s, want %s", e.Stream, e.Segment, e.Label, want)
		}
	}
	if len(count) != 4 || count[2] != 50 {
		t.Errorf("segments: %v", count)
	}
}

// staged is a source that calls at before each Read.
type staged struct {
	*capture.Memory
	at   func(read int)
	read int
}

func (s *staged) Read(ctx context.Context, b *capture.Block) error {
	s.at(s.read)
	s.read++
	return s.Memory.Read(ctx, b)
}

// A key that is never written again does not keep all commits: it is written again when they
// take too much. Each byte is written at most about twice.
func TestJournalForgets(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	j := newJournal()
	of := map[recordKey]int{} // in which commit, by what has been written
	written, again, most := 0, 0, 0
	for i := 1; i <= 3000; i++ {
		j.begin()
		bytes := 0
		write := func(key recordKey, n int) {
			r := record{key, make([]byte, n)}
			j.add(&r)
			of[key] = i
			bytes += r.size()
		}
		for range 5 {
			k := rng.IntN(20)
			if i < 100 {
				k = rng.IntN(500)
			}
			write(recordKey{ofStream, fmt.Sprint(k)}, 1000)
		}
		if key := (recordKey{ofStream, fmt.Sprint(rng.IntN(500))}); rng.IntN(10) == 0 {
			j.add(&record{recordKey: key})
			delete(of, key)
		}
		written += bytes
		for key, ok := j.stale(bytes); ok; key, ok = j.stale(bytes) {
			if of[key] == 0 {
				t.Fatalf("%v is to be written, and is gone", key)
			}
			before := bytes
			write(key, 1000)
			again += bytes - before
		}
		keep := j.end(bytes + 100)
		for key, at := range of {
			if i-at >= keep {
				t.Fatalf("after commit %d %d are kept, and %v is in commit %d", i, keep, key, at)
			}
		}
		if j.total > 2*j.live+journalSlack+10_000 {
			t.Fatalf("%d bytes are kept of %d that count", j.total, j.live)
		}
		most = max(most, j.total)
	}
	if again == 0 || again > written {
		t.Errorf("%d bytes were written again, of %d", again, written)
	}
}

// What stands in a commit is refused or taken, but brings nothing down.
func FuzzCommit(f *testing.F) {
	store := &memoryStore{}
	m := signModel(f, decide.Config{})
	o := RunOptions{Options: Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}}, Store: store, Save: time.Nanosecond, Session: "s"}
	if err := Run(f.Context(), &killed{capture.NewMemory(crowdBlocks(rand.New(rand.NewPCG(1, 3)), 4, 60)...), store, 50}, m, &o); err != errKilled {
		f.Fatal(err)
	}
	for _, c := range store.commits {
		f.Add(c[len(commitMagic) : len(c)-32])
	}
	p, err := newPlan(m, &o.Options)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _, records, err := parseCommitted(data)
		if err != nil {
			return
		}
		of := map[recordKey][]byte{}
		for _, r := range records {
			of[r.recordKey] = r.data
		}
		if s.gather(of) != nil {
			return
		}
		for i := range s.streams {
			if c, err := p.restoreStream("s", &s.streams[i]); err == nil {
				feedSome(c, c.input.format.Rate, c.input.next)
				c.End(nil, segment.ByEOF)
			}
		}
	})
}
