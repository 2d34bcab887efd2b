package worker

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/internal/testkit/testnats"
	"inkling/stream/natsio"
)

// The hash is that of the standard library: members of all versions agree.
func TestOwnerIsByFNV(t *testing.T) {
	for i := range 100 {
		name, k := fmt.Sprint("worker-", i), i*37
		h := fnv.New64a()
		fmt.Fprintf(h, "%s/%d", name, k)
		if got := fnvOf(name, k); got != h.Sum64() {
			t.Fatalf("%x, want %x", got, h.Sum64())
		}
	}
}

func fnvOf(name string, k int) uint64 {
	return fnv1(fnv1(fnv1(fnvOffset, name), "/"), fmt.Sprint(k))
}

// BenchmarkMillionStreams simulates 100 workers with 1,000,000 streams in 4096 partitions, of
// which one leaves and comes back: how long a member takes to know its share, how many streams
// move, how much state that is at 8 KiB a stream, and how long the others take to read it, from
// a real server on this machine: each reads what falls to it, one partition after another.
func BenchmarkMillionStreams(b *testing.B) {
	const workers, partitions, streams, state = 100, 4096, 1_000_000, 8 << 10
	var members []string
	for i := range workers {
		members = append(members, fmt.Sprintf("host-%08x", rand.Uint32()+uint32(i)))
	}
	slices.Sort(members)
	load := partitionLoad(b, streams/partitions*state)
	var moved, most, share float64
	var decided time.Duration
	n := 0
	for b.Loop() {
		gone := members[rand.IntN(workers)]
		left := slices.DeleteFunc(slices.Clone(members), func(m string) bool { return m == gone })
		began := time.Now()
		after := make([]string, partitions)
		for k := range partitions {
			after[k] = owner(left, k)
		}
		decided += time.Since(began)
		taken, has := map[string]int{}, map[string]int{}
		for k := range partitions {
			has[after[k]]++
			if owner(members, k) == gone {
				moved++
				taken[after[k]]++
			}
		}
		for _, m := range left {
			most, share = max(most, float64(taken[m])), max(share, float64(has[m])*workers/partitions)
		}
		n++
	}
	moved /= float64(n)
	b.ReportMetric(decided.Seconds()*1e3/float64(n), "ms-decide")
	b.ReportMetric(moved*streams/partitions, "streams-moved")
	b.ReportMetric(moved*streams/partitions*state/1e6, "MB-moved")
	b.ReportMetric(most, "partitions-worst")
	b.ReportMetric(share, "share-worst")
	b.ReportMetric(load.Seconds()*1e3, "ms-load")
	b.ReportMetric(most*load.Seconds()*1e3, "ms-recover")
}

// partitionLoad returns how long the state of a partition takes to read.
func partitionLoad(b *testing.B, bytes int) time.Duration {
	nc, js := testnats.JetStream(b)
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "L", Subjects: natsio.LedgerSubjects("l"), AllowAtomicPublish: true}); err != nil {
		b.Fatal(err)
	}
	l, err := natsio.NewLedger(nc, "L", "l", "a")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for i := range 50 { // most of it in old commits, as after hours
		if err := l.Save(context.Background(), make([]byte, bytes/50), i+1); err != nil {
			b.Fatal(err)
		}
	}
	var all []time.Duration
	for range 11 {
		began := time.Now()
		if _, err := l.Load(context.Background()); err != nil {
			b.Fatal(err)
		}
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	return all[len(all)/2]
}
