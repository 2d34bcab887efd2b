package natsio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
)

// A life is a process that labels streams from a state on: event k of a stream is its segment k+1.
type life struct {
	l   *Ledger
	at  []uint64 // by stream: the next event
	rng *rand.Rand
}

// begin goes on from what is stored, and raises the fence.
func begin(t *testing.T, l *Ledger, streams int, rng *rand.Rand) *life {
	t.Helper()
	commits, err := l.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f := &life{l: l, at: make([]uint64, streams), rng: rng}
	if len(commits) > 0 {
		for i := range f.at {
			f.at[i] = binary.LittleEndian.Uint64(commits[len(commits)-1][8*i:])
		}
	}
	if _, err := l.Position(); err != nil {
		t.Fatal(err)
	}
	if err := l.Save(t.Context(), f.state(), 1); err != nil {
		t.Fatal(err)
	}
	return f
}

// state is the state, and what makes it large now and then.
func (f *life) state() (data []byte) {
	for _, n := range f.at {
		data = binary.LittleEndian.AppendUint64(data, n)
	}
	if f.rng.IntN(4) == 0 {
		data = append(data, make([]byte, f.rng.IntN(3*statePart))...)
	}
	return data
}

// work gives n events of streams in any order, up to those that there are of each.
func (f *life) work(t *testing.T, n int, all uint64) (more bool) {
	t.Helper()
	for range n {
		i := f.rng.IntN(len(f.at))
		for try := 0; f.at[i] == all; try++ {
			if try == len(f.at) {
				return false
			}
			i = (i + 1) % len(f.at)
		}
		if err := f.l.Write(t.Context(), confirmed(fmt.Sprint("s", i), int(f.at[i]+1))); err != nil {
			t.Fatal(err)
		}
		f.at[i]++
	}
	return true
}

// Processes that are killed between the batches of a commit, again and again, also while the
// next one repeats what was stored, store each event once, in the order of its stream. Without
// batches they are killed between messages, and the server drops what comes again.
func TestLedgerKilledBetweenBatches(t *testing.T) { withAndWithoutBatches(t, killedBetweenBatches) }

func killedBetweenBatches(t *testing.T, batches bool) {
	streams, all := 9, uint64(900)
	if !batches {
		streams, all = 40, 200 // of which many are stored at once
	}
	l, js, another := ledgerOf(t, "a", batches)
	rng := rand.New(rand.NewPCG(5, 6))
	kills, lives := 0, 0
	for more := true; more; l = another() {
		lives++
		f := begin(t, l, streams, rng)
		most := 4 * mostBatch
		l.killed = func() bool { return rng.IntN(3) == 0 }
		if !batches {
			most = 300
			l.killed = func() bool { return rng.IntN(30) == 0 }
		}
		for more {
			more = f.work(t, rng.IntN(most), all)
			if _, err := l.Position(); err != nil {
				t.Fatal(err)
			}
			data := f.state()
			if more {
				f.work(t, rng.IntN(50), all) // behind the state
			}
			err := l.Save(t.Context(), data, 1)
			if errors.Is(err, errKilled) {
				kills, more = kills+1, true
				if next := another(); batches {
					if _, err := next.Load(t.Context()); err != nil || !next.Repeats() {
						t.Fatal("nothing comes again, after a kill between batches: ", err)
					}
				}
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if rng.IntN(3) == 0 { // killed after a commit
				more = true
				break
			}
		}
		if lives > 500 {
			t.Fatal("it does not end")
		}
	}
	if kills < 3 {
		t.Errorf("%d kills between batches", kills)
	}
	cons, err := js.OrderedConsumer(t.Context(), "L", jetstream.OrderedConsumerConfig{FilterSubjects: []string{"l.confirmed.>"}})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := cons.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	next, total := map[string]int{}, uint64(streams)*all
	for range total {
		m, err := messages.Next(jetstream.NextContext(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(m.Subject(), "l.confirmed.")
		if want := fmt.Sprintf(`"segment":%d,`, next[name]+1); !bytes.Contains(m.Data(), []byte(want)) {
			t.Fatalf("%s: %s instead of %s", name, m.Data(), want)
		}
		next[name]++
		if d, err := m.Metadata(); err != nil || d.NumPending == 0 && (next[name] != int(all) || d.Sequence.Consumer != total) {
			t.Fatalf("%d events are stored, %v, want %d", d.Sequence.Consumer, err, total)
		} else if d.Sequence.Consumer == total && d.NumPending > 0 {
			t.Fatalf("%d events more than there are", d.NumPending)
		}
	}
	t.Logf("%d processes, of which %d were killed between batches", lives, kills)
}

// What says which events are stored is read as it was written, or refused.
func FuzzDone(f *testing.F) {
	f.Add([]byte{})
	f.Add(done{keyOf("a"): 1, keyOf("b"): 300}.append(nil))
	f.Add(bytes.Repeat([]byte{255}, 30))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := done{}
		if d.add(data) != nil {
			return
		}
		again := done{}
		if err := again.add(d.append(nil)); err != nil || len(again) != len(d) {
			t.Fatalf("%v: %v, %v", err, d, again)
		}
		for k, n := range d {
			if again[k] != n {
				t.Fatalf("%d, %d", n, again[k])
			}
			for range min(n, 3) {
				again.take(k)
			}
			if left, ok := again[k]; left != n-min(n, 3) || ok != (n > 3) {
				t.Fatalf("%d of %d are left", left, n)
			}
		}
	})
}
