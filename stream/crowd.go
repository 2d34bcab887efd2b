package stream

import (
	"hash/maphash"
	"maps"
	"runtime"
	"runtime/debug"
)

// A past remembers the last segments of dropped streams, so that a stream that comes back
// counts on and no id is given twice within a session. It keeps hashes of names, since
// strangers choose those: of streams that share one, the later counts on further.
type past struct {
	seed  maphash.Seed
	last  map[uint64]uint64 // by the hash of the name
	least uint64            // the greatest last segment of those no longer in last
}

// maxPast bounds the number of dropped streams that are remembered one by one.
const maxPast = 1 << 15

func newPast() past { return past{seed: maphash.MakeSeed(), last: map[uint64]uint64{}} }

// of returns the last segment of a stream, and whether it is known to have been there.
func (p *past) of(name string) (id uint64, known bool) {
	id, known = p.last[maphash.String(p.seed, name)]
	return max(id, p.least), known
}

func (p *past) add(name string, id uint64) {
	if len(p.last) == maxPast {
		for _, id := range p.last {
			p.least = max(p.least, id)
		}
		clear(p.last)
	}
	p.last[maphash.String(p.seed, name)] = id
}

// crowd is the number of streams from which on their memory is given back to the system
// when at least half of them have gone.
const crowd = 256

// disperse is called when streams may have been dropped; dropped says whether some were
// just now. Once no more go it gives back the memory of a crowd that has gone.
func (r *runner) disperse(dropped bool) {
	n := len(r.streams)
	r.most = max(r.most, n)
	if dropped || r.most < crowd || n > r.most/2 {
		return
	}
	r.most = n
	r.streams, r.names = maps.Collect(maps.All(r.streams)), nil // neither shrinks by itself
	r.sched.shrink()
	go giveBack()
}

// giveBack makes pools forget, which takes two collections, and returns free memory to the
// system.
func giveBack() {
	runtime.GC()
	debug.FreeOSMemory()
}
