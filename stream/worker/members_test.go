package worker

import (
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// said is an entry of the bucket.
type said struct {
	jetstream.KeyValueEntry
	key string
	op  jetstream.KeyValueOp
}

func (s said) Key() string                     { return s.key }
func (s said) Operation() jetstream.KeyValueOp { return s.op }

// A member that dies is gone when its entry expires. When the bucket could not be seen, and all
// entries have expired, nobody is gone who is heard of soon.
func TestRosterAfterAnElection(t *testing.T) {
	const lease = time.Second
	begin := time.Now()
	r := &roster{self: "b", lease: lease, last: map[string]time.Time{}}
	at := func(ms int) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
	hear := func(ms int, op jetstream.KeyValueOp, keys ...string) {
		for _, k := range keys {
			r.hear(said{key: k, op: op}, at(ms))
		}
	}
	check := func(ms int, want ...string) {
		t.Helper()
		if !r.sees(at(ms)) {
			if len(want) > 0 {
				t.Errorf("after %d ms nothing is seen, want %v", ms, want)
			}
		} else if got := r.members(at(ms)); !slices.Equal(got, want) {
			t.Errorf("after %d ms %v, want %v", ms, got, want)
		}
	}
	put, expired, left := jetstream.KeyValuePut, jetstream.KeyValuePurge, jetstream.KeyValueDelete
	hear(0, put, "a", "b", "c", "d", "e")
	hear(250, put, "a", "b", "c", "d")
	check(250, "a", "b", "c", "d", "e")
	hear(900, put, "a", "b", "c", "d")
	hear(1000, expired, "e")
	hear(1010, left, "d")
	check(1020, "a", "b", "c")
	// Nothing comes any more; then everything has expired, and d comes back.
	check(2000)
	hear(4000, expired, "a", "b", "c")
	check(4000)
	hear(4010, put, "d", "b")
	check(4010, "a", "b", "c", "d")
	for ms := 4200; ms < 5600; ms += 200 { // c is dead
		hear(ms, put, "a", "b", "d")
	}
	check(5520, "a", "b", "d")
}
