package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/stream/natsio"
)

// A Member is what a process says of itself.
type Member struct {
	ID         string    `json:"id"`
	Host       string    `json:"host,omitempty"`
	Since      time.Time `json:"since"`
	Partitions []int     `json:"partitions"` // that it works on
}

// owner returns which of the members a partition is of; "": there is none.
func owner(members []string, partition int) string {
	best, most := "", uint64(0)
	var number [20]byte
	digits := strconv.AppendInt(number[:0], int64(partition), 10)
	for _, m := range members {
		if x := mix(fnv1(fnv1(fnv1(fnvOffset, m), "/"), digits)); best == "" || x > most || x == most && m < best {
			best, most = m, x
		}
	}
	return best
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// fnv1 adds text to a hash of FNV-1a, which package hash/fnv would allocate.
func fnv1[T string | []byte](h uint64, text T) uint64 {
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * fnvPrime
	}
	return h
}

// mix spreads the bits of a hash: those of FNV differ little for names that differ at their
// ends. It is the finalizer of MurmurHash3 (Austin Appleby).
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// Bucket makes the bucket of a group's members, or returns the one that is there. A member
// that writes nothing for lease is gone. log, if set, is told while the server does not answer.
func Bucket(ctx context.Context, js jetstream.JetStream, name string, lease time.Duration, replicas int, log func(format string, args ...any)) (jetstream.KeyValue, error) {
	c := jetstream.KeyValueConfig{Bucket: name, Description: "members of an inkling group", History: 1,
		TTL: lease, LimitMarkerTTL: max(lease, time.Second), Replicas: max(replicas, 1)}
	kv, err := EnsureBucket(ctx, js, c, log)
	if errors.Is(err, jetstream.ErrLimitMarkerTTLNotSupported) { // before 2.11: who is gone is known by silence alone
		c.LimitMarkerTTL = 0
		kv, err = EnsureBucket(ctx, js, c, log)
	}
	if err == nil {
		err = natsio.Try(ctx, js.Conn(), "KV bucket "+name, log, func(ctx context.Context) error {
			status, err := kv.Status(ctx)
			if err == nil && (status.TTL() != lease || copies(status) != c.Replicas) {
				kv, err = js.UpdateKeyValue(ctx, c)
			}
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("KV bucket %s: %w", name, err)
	}
	return kv, nil
}

// copies returns how many copies of a bucket are kept.
func copies(s jetstream.KeyValueStatus) int {
	of, ok := s.(*jetstream.KeyValueBucketStatus)
	if !ok {
		return 0
	}
	return of.StreamInfo().Config.Replicas
}

// EnsureBucket makes a KV bucket, or returns the one that is there.
func EnsureBucket(ctx context.Context, js jetstream.JetStream, c jetstream.KeyValueConfig, log func(format string, args ...any)) (jetstream.KeyValue, error) {
	return natsio.Ensure(ctx, js.Conn(), "KV bucket "+c.Bucket, log,
		func(ctx context.Context) (jetstream.KeyValue, error) { return js.KeyValue(ctx, c.Bucket) },
		func(ctx context.Context) (jetstream.KeyValue, error) { return js.CreateKeyValue(ctx, c) },
		jetstream.ErrBucketNotFound, jetstream.ErrBucketExists)
}

// roster knows the members by what the bucket says. One that has not been heard of for the
// lease is gone, also if the bucket does not say so.
//
// A member that does not hear of itself cannot see the bucket, whose servers may be choosing
// their leader: nobody has been heard of then. All entries may have expired when it can be
// seen again, so everybody has another lease to be heard of, or each would take what all have.
type roster struct {
	self  string
	lease time.Duration
	last  map[string]time.Time // when each was heard of
}

// hear notes an entry of the bucket.
func (r *roster) hear(e jetstream.KeyValueEntry, now time.Time) {
	blind := now.Sub(r.last[r.self]) > r.lease/2 // who can see hears of itself every quarter
	switch e.Operation() {
	case jetstream.KeyValueDelete: // it has left
		delete(r.last, e.Key())
	case jetstream.KeyValuePurge: // it has expired
		if !blind && e.Key() != r.self {
			delete(r.last, e.Key())
		}
	default:
		if blind && e.Key() == r.self {
			for m := range r.last {
				r.last[m] = now
			}
		}
		r.last[e.Key()] = now
	}
}

// sees reports whether the bucket can be seen: a member that hears of itself hears of others.
func (r *roster) sees(now time.Time) bool {
	last, ok := r.last[r.self]
	return ok && now.Sub(last) < r.lease
}

// members returns the members, sorted.
func (r *roster) members(now time.Time) []string {
	maps.DeleteFunc(r.last, func(_ string, last time.Time) bool { return now.Sub(last) > r.lease+r.lease/2 })
	return slices.Sorted(maps.Keys(r.last))
}

// Members returns what the members of a group say of themselves.
func Members(ctx context.Context, kv jetstream.KeyValue) ([]Member, error) {
	keys, err := kv.ListKeys(ctx)
	if err != nil {
		return nil, err
	}
	var all []Member
	for key := range keys.Keys() {
		e, err := kv.Get(ctx, key)
		if err != nil {
			continue // it has just expired
		}
		var m Member
		if err := json.Unmarshal(e.Value(), &m); err == nil {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b Member) int { return a.Since.Compare(b.Since) })
	return all, nil
}
