package stream

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"

	"inkling/capture"
	"inkling/model/segment"
)

// room reports whether another stream may begin. If there are too many, the one that has
// been idle for longest makes room.
func (r *runner) room(now time.Time) bool {
	if len(r.streams) < r.o.Streams && !r.o.heavy() {
		return true
	}
	if r.recent.Len() == 0 {
		return true // one stream there always is
	}
	oldest := r.recent.Front().Value.(*live)
	if now.Sub(oldest.lastBlock) < r.o.Idle {
		return false
	}
	if !oldest.idle {
		r.give(oldest, nil, segment.ByIdle, r.now(), false)
	}
	r.forget(oldest.name, oldest)
	return true
}

// turnedAway counts blocks of streams for which there was no room.
type turnedAway struct {
	told   time.Time
	blocks uint64
}

// turnAway tells, once a second, that a block is not labelled.
func (r *runner) turnAway(b *capture.Block, now time.Time) {
	a := &r.away
	if a.blocks++; a.blocks > 1 && now.Sub(a.told) < time.Second {
		return
	}
	a.told = now
	why := fmt.Sprintf("the most that RunOptions.Streams allows is %d", r.o.Streams)
	if len(r.streams) < r.o.Streams {
		why = fmt.Sprintf("they take the %s of RunOptions.Memory", megabytes(r.o.Memory))
	}
	r.send(NewStatus(Header{Time: now}, capture.Slow, fmt.Sprintf(
		"there are %d streams, and %s: %q is not labelled until one of them is idle (%d blocks of such streams so far)", len(r.streams), why, b.Stream, a.blocks)))
}

// heapGauge returns a function that reports whether the heap has grown by most bytes since;
// 0: never.
func heapGauge(most int) func() bool {
	if most <= 0 {
		return func() bool { return false }
	}
	return heapGaugeFrom(heapInUse(), most)
}

// heapInUse returns the bytes of live objects.
func heapInUse() int {
	runtime.GC()
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(samples)
	return int(samples[0].Value.Uint64())
}

// heapGaugeFrom is heapGauge of a heap that had base bytes at first.
func heapGaugeFrom(base, most int) func() bool {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}}
	read := func() (all, live int) {
		metrics.Read(samples)
		return int(samples[0].Value.Uint64()), int(samples[1].Value.Uint64())
	}
	collected := base // live objects after the last collection of this function
	return func() bool {
		all, live := read()
		if all < base+most {
			return false
		}
		if live < base+most && all > live+most/4 && all > collected+most/4 {
			runtime.GC() // much of it may be garbage
			_, live = read()
			collected = live
		}
		return live >= base+most
	}
}
