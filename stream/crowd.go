package stream

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"runtime"
	"runtime/debug"

	"inkling/internal/codec"
)

// A past remembers the last segments of dropped streams, so that a stream that comes back
// counts on and no id is given twice within a session. It keeps hashes of names, since
// strangers choose those: of streams that share one, the later counts on further.
type past struct {
	key   [16]byte
	last  map[uint64]lastOf // by the hash of the name
	least lastOf            // the greatest of those no longer in last

	// Of a Run with a Store: the hashes in last that have changed since the last commit.
	noted   bool
	changed map[uint64]bool
}

// lastOf is how far a stream has counted.
type lastOf struct {
	segment, number uint64
	next            uint64 // offset of the next sample if nothing is lost
	forgotten       bool   // it was dropped as nothing came, and has not ended
}

// maxPast bounds the number of dropped streams that are remembered one by one.
const maxPast = 1 << 15

func newPast() past {
	p := past{last: map[uint64]lastOf{}}
	rand.Read(p.key[:])
	return p
}

func (p *past) hash(name string) uint64 {
	h := sha256.Sum256(append(p.key[:], name...))
	return binary.LittleEndian.Uint64(h[:])
}

// of returns how far a stream has counted, and whether it is known to have been there.
func (p *past) of(name string) (last lastOf, known bool) {
	last, known = p.last[p.hash(name)]
	most := last.most(p.least)
	last.segment, last.number = most.segment, most.number
	return last, known
}

func (p *past) add(name string, last lastOf) {
	if len(p.last) == maxPast {
		for _, last := range p.last {
			p.least = p.least.most(last)
		}
		for hash := range p.last {
			p.note(hash)
		}
		clear(p.last)
	}
	hash := p.hash(name)
	p.last[hash] = last
	p.note(hash)
}

// note notes that what is known under a hash has changed.
func (p *past) note(hash uint64) {
	if p.noted {
		p.changed[hash] = true
	}
}

func (l lastOf) most(m lastOf) lastOf {
	return lastOf{segment: max(l.segment, m.segment), number: max(l.number, m.number)}
}

// last returns how far the stream has counted.
func (c *Classifier) last() lastOf {
	in := &c.input
	return lastOf{segment: c.follower.where().id, number: c.number, next: in.next + in.hole, forgotten: !in.known && in.back}
}

// visitShared has what is of no single stream.
func (p *past) visitShared(k *codec.Codec) {
	key := p.key[:]
	k.Data(&key)
	if copy(p.key[:], key) != len(p.key) {
		k.Fail()
	}
	p.least.visit(k)
	if k.Reading() {
		p.last = map[uint64]lastOf{}
	}
}

func (p *past) visit(k *codec.Codec) {
	p.visitShared(k)
	n := len(p.last)
	k.Int(&n, 0, maxPast)
	if k.Reading() {
		for range n {
			var hash uint64
			var last lastOf
			k.Uint64(&hash)
			if last.visit(k); k.Bad() {
				return
			}
			p.last[hash] = last
		}
		return
	}
	for hash, last := range p.last {
		k.Uint64(&hash)
		last.visit(k)
	}
}

func (l *lastOf) visit(k *codec.Codec) {
	k.Uint64(&l.segment)
	k.Uint64(&l.number)
	k.Uint64(&l.next)
	k.Bool(&l.forgotten)
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
