package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/internal/testkit/testnats"
	"inkling/stream"
	"inkling/stream/natsio"
)

// A member that leaves or joins moves its own share only, and shares are about equal.
func TestOwnersMoveLittle(t *testing.T) {
	const partitions = 1000
	var members []string
	for i := range 20 {
		members = append(members, fmt.Sprint("worker-", i))
	}
	count, moved := map[string]int{}, 0
	without := slices.Delete(slices.Clone(members), 7, 8)
	for k := range partitions {
		was, is := owner(members, k), owner(without, k)
		count[was]++
		if was != is {
			moved++
			if was != members[7] {
				t.Fatalf("partition %d moved from %s, which stayed", k, was)
			}
		}
	}
	if moved != count[members[7]] {
		t.Errorf("%d partitions moved, and the one that left had %d", moved, count[members[7]])
	}
	for _, m := range members {
		if n := count[m]; n < partitions/40 || n > partitions/10 {
			t.Errorf("%s has %d of %d partitions", m, n, partitions)
		}
	}
	if owner(nil, 1) != "" {
		t.Error("nobody's partition has an owner")
	}
}

// owners records who works on which partition: for a moment that may be two.
type owners struct {
	mu      sync.Mutex
	of      map[int]map[string]bool
	changed chan struct{}
}

func (o *owners) run(id string) func(context.Context, int) error {
	return func(ctx context.Context, k int) error {
		o.set(k, id, true)
		<-ctx.Done()
		o.set(k, id, false)
		return nil
	}
}

func (o *owners) set(k int, id string, works bool) {
	o.mu.Lock()
	if o.of[k] == nil {
		o.of[k] = map[string]bool{}
	}
	if o.of[k][id] = true; !works {
		delete(o.of[k], id)
	}
	o.mu.Unlock()
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

// await waits until every partition is of the members, each of which has some.
func (o *owners) await(t *testing.T, partitions int, members ...string) {
	t.Helper()
	deadline := time.After(time.Minute)
	for {
		o.mu.Lock()
		has := map[string]bool{}
		ok := len(o.of) == partitions
		for _, ids := range o.of {
			ok = ok && len(ids) == 1
			for id := range ids {
				has[id] = true
			}
		}
		ok = ok && len(has) == len(members)
		for _, m := range members {
			ok = ok && has[m]
		}
		o.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-o.changed:
		case <-time.After(50 * time.Millisecond):
		case <-deadline:
			t.Fatalf("not within a minute: %v share %d partitions; %v", members, partitions, o.of)
		}
	}
}

// Members share the partitions; one that leaves, or is not heard of, is replaced.
func TestMembersShare(t *testing.T) {
	_, js := testnats.JetStream(t)
	kv, err := Bucket(t.Context(), js, "members", 500*time.Millisecond, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	const partitions = 20
	all := &owners{of: map[int]map[string]bool{}, changed: make(chan struct{}, 1)}
	ends := map[string]context.CancelFunc{}
	var wait sync.WaitGroup
	begin := func(id string) {
		ctx, cancel := context.WithCancel(t.Context())
		ends[id] = cancel
		wait.Go(func() {
			o := &Options{Bucket: kv, ID: id, Partitions: partitions, Lease: 500 * time.Millisecond, Run: all.run(id), Log: t.Logf}
			if err := Work(ctx, o); err != nil {
				t.Error(id, err)
			}
		})
	}
	begin("a")
	all.await(t, partitions, "a")
	begin("b")
	begin("c")
	all.await(t, partitions, "a", "b", "c")
	members, err := Members(t.Context(), kv)
	if err != nil || len(members) != 3 {
		t.Errorf("%v, %v", members, err)
	}
	ends["b"]()
	all.await(t, partitions, "a", "c")
	if _, err := kv.Put(t.Context(), "ghost", []byte("{}")); err != nil { // one that is killed at once
		t.Fatal(err)
	}
	all.await(t, partitions, "a", "c")
	for _, end := range ends {
		end()
	}
	wait.Wait()
}

// The subjects of a stream come by partition; those that belong together in the same one.
func TestMain(m *testing.M) { testnats.Main(m) }

func TestPartitions(t *testing.T) {
	_, js := testnats.JetStream(t)
	for i, c := range []struct {
		subjects []string
		subject  string
		send     []string
		together [][2]string
	}{
		{[]string{"s.>"}, "", []string{"s.a", "s.b", "s.a.b.c", "s.x.y"}, nil},
		{[]string{"s.*.mic"}, "s.*.mic", []string{"s.1.mic", "s.2.mic"}, nil},
		{[]string{"d.>"}, "d.{device}.accel+d.{device}.gyro", []string{"d.1.accel", "d.1.gyro", "d.2.accel", "d.2.gyro"}, [][2]string{{"d.1.accel", "d.1.gyro"}, {"d.2.accel", "d.2.gyro"}}},
	} {
		in, lease := fmt.Sprint("in", i), time.Second
		if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: in, Subjects: c.subjects}); err != nil {
			t.Fatal(err)
		}
		l := &Layout{Input: in, Output: fmt.Sprint("out", i), Prefix: fmt.Sprint("out", i), Keep: time.Hour, Lease: lease}
		var err error
		if l.Transforms, err = natsio.Partition(c.subject, 8); err != nil {
			t.Fatal(err)
		}
		if err := l.Prepare(t.Context(), js, false, nil); err == nil || !strings.Contains(err.Error(), "there is no stream "+in+"_by_partition: let the worker make it") {
			t.Errorf("without streams: %v", err)
		}
		for range 2 { // the second time they are there
			if err := l.Prepare(t.Context(), js, true, nil); err != nil {
				t.Fatal(err)
			}
		}
		for _, s := range c.send {
			if _, err := js.Publish(t.Context(), s, []byte("[1]")); err != nil {
				t.Fatal(err)
			}
		}
		cons, err := js.OrderedConsumer(t.Context(), l.Partitioned(), jetstream.OrderedConsumerConfig{})
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]string{}
		for range c.send {
			m, err := cons.Next(jetstream.FetchMaxWait(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			tokens := strings.SplitN(m.Subject(), ".", 3)
			of[tokens[2]] = tokens[0] + "." + tokens[1]
		}
		for _, s := range c.send {
			if of[s] == "" {
				t.Errorf("%s is in no partition: %v", s, of)
			}
		}
		for _, pair := range c.together {
			if of[pair[0]] != of[pair[1]] {
				t.Errorf("%v are apart: %v", pair, of)
			}
		}
		l.Transforms, _ = natsio.Partition(c.subject, 9)
		if err := l.Prepare(t.Context(), js, true, nil); err == nil || !strings.Contains(err.Error(), "divides its messages in another way") {
			t.Errorf("another number of partitions: %v", err)
		}
		if err := js.DeleteStream(t.Context(), l.Partitioned()); err != nil {
			t.Fatal(err)
		}
		if err := js.DeleteStream(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := natsio.Partition("one.subject", 4); err == nil {
		t.Error("one subject was divided")
	}
}

// The last label of a stream lies in a KV bucket.
func TestLastLabels(t *testing.T) {
	_, js := testnats.JetStream(t)
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "in", Subjects: []string{"in.>"}}); err != nil {
		t.Fatal(err)
	}
	l := &Layout{Input: "in", Output: "labels", Prefix: "out", Keep: time.Hour, Lease: time.Second}
	l.Transforms, _ = natsio.Partition("", 4)
	for range 2 { // the second time they are there
		if err := l.Prepare(t.Context(), js, true, nil); err != nil {
			t.Fatal(err)
		}
	}
	kv, err := js.KeyValue(t.Context(), l.Last())
	if err != nil {
		t.Fatal(err)
	}
	watch, err := kv.Watch(t.Context(), "in.hall.mic")
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Stop()
	for i, subject := range []string{"out.confirmed.in.hall.mic", "out.confirmed.in.roof", "out.early.in.hall.mic", "out.confirmed.in.hall.mic"} {
		if _, err := js.Publish(t.Context(), subject, []byte{'0' + byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for e := range watch.Updates() {
		if e != nil && string(e.Value()) == "3" {
			break
		}
	}
	if e, err := kv.Get(t.Context(), "in.roof"); err != nil || string(e.Value()) != "1" {
		t.Errorf("%v, %v", e, err)
	}
	other := &Layout{Input: "in", Output: "labels", Prefix: "more", Keep: time.Hour, Lease: time.Second, Transforms: l.Transforms}
	if err := other.Prepare(t.Context(), js, false, nil); err == nil || !strings.Contains(err.Error(), "takes other messages than the labels of labels") {
		t.Errorf("another prefix: %v", err)
	}
}

// Streams that would lose or hide something are refused, each with the remedy.
func TestPrepareRefuses(t *testing.T) {
	_, js := testnats.JetStream(t)
	for _, c := range []jetstream.StreamConfig{
		{Name: "queue", Subjects: []string{"q.>"}, Retention: jetstream.WorkQueuePolicy},
		{Name: "interest", Subjects: []string{"i.>"}, Retention: jetstream.InterestPolicy},
		{Name: "short", Subjects: []string{"s.>"}, MaxAge: time.Second},
		{Name: "own", Subjects: []string{"labels.x"}},
		{Name: "in", Subjects: []string{"in.>"}},
		{Name: "plain", Subjects: natsio.LedgerSubjects("plain")},
		{Name: "direct", Subjects: natsio.LedgerSubjects("direct"), AllowAtomicPublish: true, AllowDirect: true},
	} {
		if _, err := js.CreateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ in, out, want string }{
		{"none", "labels", "there is no stream none: the input has to be there"},
		{"queue", "labels", "a work queue"},
		{"interest", "labels", "only while there are consumers"},
		{"short", "labels", "keeps messages for 1s, which an outage can outlast"},
		{"own", "labels", "the group would read what it writes"},
		{"in", "plain", "does not store batches atomically"},
		{"in", "direct", "has direct access"},
	} {
		l := &Layout{Input: c.in, Output: c.out, Prefix: c.out, Lease: time.Second, Keep: time.Hour}
		l.Transforms, _ = natsio.Partition("", 4)
		if err := l.Prepare(t.Context(), js, false, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s, %s: %v", c.in, c.out, err)
		}
	}
}

// With a server that is too old for atomic batches an output without them is taken, if it drops
// for long enough what comes again.
func TestPrepareWithAnOldServer(t *testing.T) {
	_, js := testnats.JetStream(t)
	for _, c := range []jetstream.StreamConfig{
		{Name: "in", Subjects: []string{"in.>"}},
		{Name: "short", Subjects: natsio.LedgerSubjects("short"), Duplicates: time.Second},
		{Name: "old", Subjects: natsio.LedgerSubjects("old")},
	} {
		if _, err := js.CreateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		out, want string
		single    bool
	}{
		{"short", "nats stream edit short --dupe-window 2m0s", false},
		{"old", "", true},
		{"made", "", false},
	} {
		l := &Layout{Input: "in", Output: c.out, Prefix: c.out, Lease: time.Second, Keep: time.Hour, old: true}
		l.Transforms, _ = natsio.Partition("", 4)
		err := l.Prepare(t.Context(), js, true, nil)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || l.Single != c.single || c.single && l.Window != 2*time.Minute {
			t.Errorf("%s: %v, %v, %v", c.out, err, l.Single, l.Window)
		}
		for _, name := range []string{"in_by_partition", "KV_" + l.Last()} {
			if err := js.DeleteStream(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A partition that another has taken is tried again only after a while.
func TestTakenIsTriedAgain(t *testing.T) {
	_, js := testnats.JetStream(t)
	kv, err := Bucket(t.Context(), js, "members", 300*time.Millisecond, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tries := 0
	err = Work(ctx, &Options{Bucket: kv, ID: "a", Partitions: 1, Lease: 300 * time.Millisecond, Run: func(context.Context, int) error {
		if tries++; tries == 3 {
			cancel()
		}
		return fmt.Errorf("store: %w", stream.ErrTaken)
	}})
	if err != nil && !errors.Is(err, context.Canceled) || tries < 3 {
		t.Errorf("%d tries, %v", tries, err)
	}
}
