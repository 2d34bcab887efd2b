package natsio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/internal/testkit/testnats"
	"inkling/stream"
)

// ledgerOf returns a ledger in a stream of its own, with or without batches, and what returns
// others with the same state.
func ledgerOf(t *testing.T, of string, prepare bool) (*Ledger, jetstream.JetStream, func() *Ledger) {
	t.Helper()
	nc, js := store(t, jetstream.StreamConfig{})
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "L", Subjects: LedgerSubjects("l"), AllowAtomicPublish: prepare}); err != nil {
		t.Fatal(err)
	}
	another := func() *Ledger {
		l, err := NewLedger(nc, "L", "l", of)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		l.old = !prepare
		return l
	}
	return another(), js, another
}

func confirmed(stream1 string, segment int) *stream.Event {
	e := &stream.Event{Type: stream.Confirmed}
	e.Stream, e.Segment = stream1, uint64(segment)
	return e
}

// withAndWithoutBatches runs a test for servers that store batches, and for those that do not.
func withAndWithoutBatches(t *testing.T, test func(t *testing.T, batches bool)) {
	t.Run("batches", func(t *testing.T) { test(t, true) })
	t.Run("one by one", func(t *testing.T) { test(t, false) })
}

// Events are stored together with the state that follows them, each once, and only by the one
// who saved last.
func TestLedgerStoresAllOrNothing(t *testing.T) { withAndWithoutBatches(t, storesAllOrNothing) }

func storesAllOrNothing(t *testing.T, batches bool) {
	ctx := t.Context()
	l, js, another := ledgerOf(t, "a", batches)
	count := func(subject string) uint64 {
		st, err := js.Stream(ctx, "L")
		if err != nil {
			t.Fatal(err)
		}
		info, err := st.Info(ctx, jetstream.WithSubjectFilter(subject))
		if err != nil {
			t.Fatal(err)
		}
		n := uint64(0)
		for _, k := range info.State.Subjects {
			n += k
		}
		return n
	}
	if state, err := l.Load(ctx); state != nil || err != nil {
		t.Fatalf("%q, %v", state, err)
	}
	save := func(l *Ledger, state []byte) {
		t.Helper()
		if err := l.Save(ctx, state, 1); err != nil {
			t.Fatal(err)
		}
	}
	save(l, []byte("begin"))
	write := func(l *Ledger, from, to int) {
		for i := from; i < to; i++ {
			if err := l.Write(ctx, confirmed("s", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(l, 0, 5)
	l.Position()
	write(l, 5, 7) // behind the state
	save(l, []byte("five"))
	if n := count("l.confirmed.>"); n != 5 {
		t.Errorf("%d events are stored with the state that follows five", n)
	}

	// One that takes over goes on, and the one before it stores nothing any more.
	next := another()
	if state, err := next.Load(ctx); fmt.Sprintf("%s", state) != "[five]" || err != nil {
		t.Fatalf("%q, %v", state, err)
	}
	save(next, []byte("five"))
	l.Position()
	l.sure = time.Time{} // it was frozen
	if err := l.Save(ctx, []byte("seven"), 1); !errors.Is(err, stream.ErrTaken) {
		t.Errorf("after another has taken over: %v", err)
	}
	if n := count("l.confirmed.>"); n != 5 {
		t.Errorf("%d events, of which some are of one that was replaced", n)
	}

	// More events than a batch has, and a state of several parts; old states go.
	write(next, 5, 5+2*mostBatch+10)
	next.Position()
	large := bytes.Repeat([]byte("state "), 300_000)
	save(next, large)
	for i := range 2 * purgeEvery {
		save(next, append(large, byte(i)))
	}
	last := another()
	state, err := last.Load(ctx)
	if want := append(large, 2*purgeEvery-1); err != nil || len(state) != 1 || !bytes.Equal(state[0], want) {
		t.Errorf("%d commits, %v", len(state), err)
	}
	if one, err := last.Last(ctx); err != nil || len(state) != 1 || !bytes.Equal(one, state[0]) {
		t.Errorf("the last one has %d bytes, %v", len(one), err)
	}
	if n := count("l.confirmed.>"); n != 5+2*mostBatch+10 {
		t.Errorf("%d events", n)
	}
	if n := count("l.state.>"); n > 4*(purgeEvery+1) {
		t.Errorf("%d messages of old states", n)
	}

	// Events that would fit into one batch, but for a commit of many parts.
	write(last, 5+2*mostBatch+10, 5+3*mostBatch+10)
	last.Position()
	save(last, make([]byte, 120*statePart))
	if n := count("l.confirmed.>"); n != 5+3*mostBatch+10 {
		t.Errorf("%d events beside a large commit", n)
	}
}

// The commits that are to be kept are what another one loads, in their order, whatever was
// purged, and however large they are.
func TestLedgerKeepsTheLastCommits(t *testing.T) { withAndWithoutBatches(t, keepsTheLastCommits) }

func keepsTheLastCommits(t *testing.T, batches bool) {
	ctx := t.Context()
	l, js, another := ledgerOf(t, "a", batches)
	if _, err := l.Load(ctx); err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var want [][]byte
	for i := range 6 * purgeEvery {
		commit := []byte(fmt.Sprint("commit ", i))
		if rng.IntN(20) == 0 {
			commit = append(commit, make([]byte, rng.IntN(3*statePart))...)
		}
		keep := 1 + rng.IntN(len(want)+1)
		if rng.IntN(4) > 0 {
			keep = len(want) + 1
		}
		want = append(want[len(want)-keep+1:], commit)
		for range rng.IntN(3) * rng.IntN(mostBatch) {
			if err := l.Write(ctx, confirmed("s", i)); err != nil {
				t.Fatal(err)
			}
		}
		l.Position()
		if err := l.Save(ctx, commit, keep); err != nil {
			t.Fatal(err)
		}
		if rng.IntN(8) > 0 {
			continue
		}
		l = another()
		got, err := l.Load(ctx)
		if err != nil || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("after %d commits: %d commits, want %d: %v", i+1, len(got), len(want), err)
		}
		if last, err := l.Last(ctx); err != nil || !bytes.Equal(last, commit) {
			t.Fatalf("the last commit has %d bytes of %d: %v", len(last), len(commit), err)
		}
	}
	// What is missing is found out.
	if err := l.Save(ctx, []byte("last"), len(want)+1); err != nil {
		t.Fatal(err)
	}
	st, err := js.Stream(ctx, "L")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.DeleteMsg(ctx, l.kept[len(l.kept)/2]); err != nil {
		t.Fatal(err)
	}
	if got, err := another().Load(ctx); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("%d commits, %v", len(got), err)
	}
}

func TestLedgerRefusesAStreamWithoutBatches(t *testing.T) {
	l, _, _ := ledgerOf(t, "a", false)
	l.old = false
	if _, err := l.Load(t.Context()); err == nil || fmt.Sprint(err) != "the stream does not store batches atomically: set AllowAtomicPublish" {
		t.Error(err)
	}
	none, err := NewLedger(l.live.nc, "none", "l", "a")
	if err != nil {
		t.Fatal(err)
	}
	defer none.Close()
	if _, err := none.Load(t.Context()); err == nil || fmt.Sprint(err) != "there is no JetStream stream none: there is L, S" {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Save(ctx, []byte("x"), 1); err == nil {
		t.Error("saved, although nobody waits")
	}
}

// BenchmarkCommit stores a commit of 64 KiB with some events, in a stream on the disk.
func BenchmarkCommit(b *testing.B) {
	nc, js := testnats.JetStream(b)
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "L", Subjects: LedgerSubjects("l"), AllowAtomicPublish: true}); err != nil {
		b.Fatal(err)
	}
	for _, events := range []int{0, 1, 100, 900} {
		b.Run(fmt.Sprint(events), func(b *testing.B) {
			l, err := NewLedger(nc, "L", "l", fmt.Sprint(events))
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			if _, err := l.Load(b.Context()); err != nil {
				b.Fatal(err)
			}
			commit := make([]byte, 64<<10)
			for i := 0; b.Loop(); i++ {
				for k := range events {
					if err := l.Write(b.Context(), confirmed("s", i*events+k)); err != nil {
						b.Fatal(err)
					}
				}
				l.Position()
				if err := l.Save(b.Context(), commit, min(i+1, 30)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
