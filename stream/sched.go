package stream

import (
	"sync"
	"sync/atomic"
	"time"

	"inkling/capture"
	"inkling/model/segment"
)

// A sched shares the blocks of the streams of a Run between the workers of a Pool. A worker takes the
// lanes that have waited longest, at most a batch of them, makes one step of each in one
// pass over the weights, and gives the lanes back. So streams take turns, and no worker
// idles while there is work.
//
// Gathering: an idle worker is woken when a batch is full, when every stream has
// something to do, when the source has no more blocks right now, or after half of the
// time that a step may wait. It spends at most the other half on feeding the blocks of
// its batch. So gathering delays no step by more than gather; any further delay means
// that more arrives than the machine can handle.
//
// Confirming takes time proportional to the segment and blocks only that stream. Lanes
// that have to confirm wait in a queue of their own, which all workers but one serve
// first. The last worker serves it only when no step is waiting, and only for short
// segments, or when many have ended. So a long segment delays its own stream alone.
//
// The events of a stream, and their order, depend on none of this: one worker at a time
// holds a lane, its blocks are fed one after another, and StepBatch equals Step to the
// bit.
type sched struct {
	*Pool
	own   bool  // the Pool is of this Run alone
	meter Meter // nil: none
	// deliver gets what a worker has done: events, and the blocks that are done with them.
	deliver func([]Event, []*item)
	// refuse gets a block that the classifier has refused, and returns an event if that
	// is to be reported.
	refuse func(*item, error) (e Event, report bool)
	// refused is the number of the first refused block that ends the run; no later block is
	// fed. 0: none.
	refused atomic.Uint64
	// holder, if not nil, is told to leave out streams that have enough blocks here. So one
	// stream does not fill the room of the others.
	holder capture.Holder

	// What follows is guarded by the mutex of the Pool.
	turnOf  int       // of this Run among those of the Pool
	room    sync.Cond // signals that there is room for blocks again
	settled sync.Cond // signals that a lane is no longer busy
	streams int       // alive
	flying  int       // items that are not free
	samples int       // in flying items
	puts    uint64
}

const defaultGather = 2 * time.Millisecond

const (
	fullBatch  = 64      // lanes that one pass serves best
	minShare   = 16      // with fewer lanes a second worker does not pay
	shortEnd   = 256     // steps that are confirmed in about half of defaultGather
	mostEnded  = 1024    // steps of segments that are confirmed together: they take about as long as shortEnd by themselves
	manyEnded  = 4       // with this many lanes to confirm the last worker helps, however long they are
	largeBlock = 1 << 12 // samples that are fed in about half of defaultGather
	maxItems   = 512     // that wait or are being fed
	maxSamples = 1 << 20 // in those items, about
	maxMemory  = 2 << 20 // samples that items keep memory for
)

// newSched returns the scheduler of a Run. The caller sets deliver and refuse, then calls start.
func newSched(o *RunOptions) *sched {
	s := &sched{Pool: o.Pool, meter: o.Meter}
	if s.Pool == nil {
		s.own, s.Pool = true, newPool(o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs++
	s.turnOf = s.runs
	s.room.L, s.settled.L = &s.mu, &s.mu
	return s
}

// start starts the workers of a Pool of its own.
func (s *sched) start() {
	if s.own {
		s.Pool.start()
	}
}

// put queues a block of a lane, or the lane's end, or both. It copies the block, and waits
// while there is no room. alive is the number of streams; more says that the source has
// another block right now.
func (s *sched) put(l *lane, b *capture.Block, end segment.Ending, arrived time.Time, alive int, more bool) {
	size := 0
	if b != nil {
		size = len(b.Samples)
	}
	it := s.item(size)
	before := cap(it.samples)
	it.set(b, end, arrived)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory += cap(it.samples) - before
	s.puts++
	it.number = s.puts
	s.alive += alive - s.streams
	s.streams = alive
	if l.of == nil {
		l.of = s
	}
	if l.busy {
		s.enqueue(l, it)
		more = false // the source has come round to this stream again
	} else {
		l.busy = true
		s.begin(l, it)
	}
	switch {
	case !more || s.gather == 0 || s.ready.n >= min(s.most, s.alive):
		s.wake()
	case !s.armed:
		s.armed = true
		s.timer.Reset(s.gather / 2)
	}
}

// Of one stream this much waits before the source is to leave it out.
const (
	laneItems   = 8
	laneSamples = 1 << 15
)

// enqueue adds an item to those of a busy lane.
func (s *sched) enqueue(l *lane, it *item) {
	l.queue.push(it)
	l.waiting++
	l.samples += len(it.samples)
	if s.holder != nil && !l.held && it.feed && (l.waiting >= laneItems || l.samples >= laneSamples) {
		l.held, l.heldAs = true, it.block.Stream
		s.holder.Hold(l.heldAs)
	}
}

// dequeue returns the lane's next item; nil if there is none.
func (s *sched) dequeue(l *lane) *item {
	it := l.queue.pop()
	if it == nil {
		return nil
	}
	l.waiting--
	l.samples -= len(it.samples)
	if l.held && l.waiting <= laneItems/2 && l.samples <= laneSamples/2 {
		l.held = false
		s.holder.Release(l.heldAs)
	}
	return it
}

// item returns a free item for a block of size samples. When there is no room it waits
// until half of the room is free, so as not to be woken for every item.
func (s *sched) item(size int) *item {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flying == maxItems || s.samples+size > maxSamples {
		s.wake()
		for !s.roomy() {
			s.room.Wait()
		}
	}
	s.flying++
	s.samples += size
	it := s.free
	if it == nil {
		return new(item)
	}
	s.free, it.next = it.next, nil
	return it
}

func (s *sched) roomy() bool { return s.flying <= maxItems/2 && s.samples <= maxSamples/2 }

// settle waits until all that was put into the lane is done.
func (s *sched) settle(l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
	for l.busy {
		s.settled.Wait()
	}
}

// quiet waits until all that was put is done and delivered.
func (s *sched) quiet() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finishAll()
}

func (s *sched) finishAll() {
	s.wake()
	for s.flying > 0 {
		s.settled.Wait()
	}
}

// close waits until everything is done, then ends the workers of a Pool of its own.
func (s *sched) close() {
	s.mu.Lock()
	s.finishAll()
	s.alive -= s.streams
	s.streams = 0
	s.mu.Unlock()
	if s.own {
		s.Pool.Close()
	}
}

// finish frees the lane's item and begins the next one.
func (s *sched) finish(l *lane) {
	it := l.cur
	s.flying--
	s.samples -= len(it.samples)
	if s.memory > maxMemory {
		s.memory -= cap(it.samples)
		it.samples, it.block.Samples = nil, nil
	}
	it.next, s.free = s.free, it
	if it = s.dequeue(l); it != nil {
		s.begin(l, it)
	} else {
		l.cur, l.busy = nil, false
		s.settled.Signal()
	}
	if s.roomy() {
		s.room.Signal()
	}
}
