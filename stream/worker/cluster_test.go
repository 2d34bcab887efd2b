package worker

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/internal/testkit/testnats"
	"inkling/stream/natsio"
)

// Members that start at the same moment, on a cluster that has just been started, make what is
// missing together, and none of them ends when the server goes that leads the bucket.
func TestMembersOfACluster(t *testing.T) {
	servers := testnats.StartCluster(t, t.TempDir(), 3)
	connect := func() jetstream.JetStream {
		nc, err := nats.Connect(testnats.URLs(servers), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		js, err := jetstream.New(nc)
		if err != nil {
			t.Fatal(err)
		}
		return js
	}
	js := connect()
	in := jetstream.StreamConfig{Name: "in", Subjects: []string{"in.>"}, Replicas: 3}
	if _, err := ensureStream(t.Context(), js, in, true, t.Logf); err != nil {
		t.Fatal(err)
	}
	const partitions, lease = 20, time.Second
	all := &owners{of: map[int]map[string]bool{}, changed: make(chan struct{}, 1)}
	ctx, end := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	begin := func(id string) {
		js := connect()
		wait.Go(func() {
			l := &Layout{Input: "in", Output: "labels", Prefix: "labels", Keep: time.Hour, Lease: lease, Replicas: 3}
			l.Transforms, _ = natsio.Partition("", partitions)
			err := l.Prepare(ctx, js, true, t.Logf)
			var kv jetstream.KeyValue
			if err == nil {
				kv, err = Bucket(ctx, js, l.Bucket(), lease, 3, t.Logf)
			}
			if err == nil {
				err = Work(ctx, &Options{Bucket: kv, ID: id, Partitions: partitions, Lease: lease, Run: all.run(id), Log: t.Logf})
			}
			if err != nil {
				t.Error(id, err)
			}
		})
	}
	begin("a")
	begin("b")
	begin("c")
	all.await(t, partitions, "a", "b", "c")
	st, err := js.Stream(t.Context(), "KV_labels_members")
	if err != nil {
		t.Fatal(err)
	}
	testnats.Named(servers, st.CachedInfo().Cluster.Leader).Kill()
	begin("d") // it is seen by the others, and they by it
	all.await(t, partitions, "a", "b", "c", "d")
	end()
	wait.Wait()
}

// A stream of fewer copies than the group is to have is told, with the remedy.
func TestPrepareTellsOfCopies(t *testing.T) {
	l := &Layout{Input: "in", Output: "labels", Prefix: "labels", Lease: time.Second, Replicas: 3}
	want := l.output()
	have := want
	have.Replicas = 1
	if err := l.check(&want, &have); err == nil || !strings.Contains(fmt.Sprint(err), "is kept 1 times instead of 3: nats stream edit labels --replicas 3") {
		t.Error(err)
	}
}
