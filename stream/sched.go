package stream

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/segment"
)

// A sched shares the blocks of many streams between several workers. A worker takes the
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
	m       *model.Model
	workers int
	most    int           // lanes a batch
	gather  time.Duration // the longest that a step waits for others; 0: no gathering, most is 1
	now     func() time.Time
	meter   Meter // nil: none
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

	mu         sync.Mutex
	work       sync.Cond // signals that there may be something for a worker
	room       sync.Cond // signals that there is room for blocks again
	settled    sync.Cond // signals that a lane is no longer busy
	ready      lanes     // to feed or to step, the longest waiting first
	ended      lanes     // to confirm
	confirming int       // workers that confirm
	alive      int       // streams
	free       *item     // list
	flying     int       // items that are not free
	samples    int       // in flying items
	memory     int       // samples that all items have memory for
	puts       uint64
	timer      *time.Timer
	armed      bool
	closed     bool
	done       sync.WaitGroup
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

// newSched returns a scheduler without workers. The caller sets deliver and refuse, then
// calls start.
func newSched(m *model.Model, o *RunOptions) *sched {
	s := &sched{m: m, workers: o.Workers, most: o.most, gather: o.Gather, now: o.now, meter: o.Meter}
	if s.workers < 1 {
		s.workers = runtime.GOMAXPROCS(0)
	}
	if s.most < 1 {
		s.most = fullBatch
	}
	s.gather = cmp.Or(s.gather, defaultGather)
	if s.gather < 0 {
		s.gather, s.most = 0, 1
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.work.L, s.room.L, s.settled.L = &s.mu, &s.mu, &s.mu
	s.timer = time.AfterFunc(time.Hour, s.wakeLate)
	s.timer.Stop()
	return s
}

// start starts the workers.
func (s *sched) start() {
	for range s.workers {
		s.done.Add(1)
		go newWorker(s).run()
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
	s.alive = alive
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

// shrink drops the free items and their memory.
func (s *sched) shrink() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for it := s.free; it != nil; it = it.next {
		s.memory -= cap(it.samples)
	}
	s.free = nil
}

func (s *sched) roomy() bool { return s.flying <= maxItems/2 && s.samples <= maxSamples/2 }

// begin makes it the item that the lane is at.
func (s *sched) begin(l *lane, it *item) {
	l.cur, l.fed, l.need = it, false, needNothing
	s.ready.push(l)
}

// wake ends the gathering.
func (s *sched) wake() {
	if s.armed {
		s.armed = false
		s.timer.Stop()
	}
	if s.ready.n > 0 {
		s.work.Signal()
	}
}

// wakeLate ends the gathering because half of the time is over.
func (s *sched) wakeLate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
}

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

// close waits until everything is done, then ends the workers.
func (s *sched) close() {
	s.mu.Lock()
	s.finishAll()
	s.closed = true
	s.work.Broadcast()
	s.mu.Unlock()
	s.done.Wait()
}

// turn takes back the lanes of w and gives it others, for which it waits. It returns false
// when there will be none.
func (s *sched) turn(w *worker) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takeBack(w)
	for {
		switch {
		case s.mayConfirm(w):
			s.takeEnded(w)
			w.confirms = true
			s.confirming++
		case s.ready.n > 0:
			s.takeShare(w)
		case s.closed:
			return false
		default:
			s.work.Wait()
			continue
		}
		if s.ready.n > 0 || s.workers > 1 && s.mayConfirm(w) {
			s.work.Signal() // there is work for another
		}
		return true
	}
}

// takeShare gives w its share of the ready lanes. A large block is a share of its own,
// since the steps of other lanes would wait for it to be fed.
func (s *sched) takeShare(w *worker) {
	for range s.share() {
		large := s.ready.first.large()
		if large && len(w.lanes) > 0 {
			return
		}
		if w.lanes = append(w.lanes, s.ready.pop()); large {
			return
		}
	}
}

// takeEnded gives w a lane to confirm, and its share of the short ones behind it.
func (s *sched) takeEnded(w *worker) {
	most := min((s.ended.n+s.workers-1)/s.workers, s.most)
	for steps := 0; len(w.lanes) < most; {
		n := s.ended.first.c.confirmSteps()
		if steps += n; len(w.lanes) > 0 && (n > shortEnd || steps > mostEnded) {
			return
		}
		w.lanes = append(w.lanes, s.ended.pop())
	}
}

// share returns how many of the ready lanes a worker takes at most.
func (s *sched) share() int {
	n := (s.ready.n + s.workers - 1) / s.workers
	return min(max(n, minShare), s.most, s.ready.n)
}

// mayConfirm reports whether the next thing for w to do is to confirm a segment.
func (s *sched) mayConfirm(w *worker) bool {
	switch {
	case s.ended.n == 0:
		return false
	case s.workers == 1:
		return s.ready.n == 0 || !w.confirmed // in turn
	case s.confirming < s.workers-1:
		return true
	}
	return s.ready.n == 0 && (s.ended.n >= manyEnded || s.ended.first.c.confirmSteps() <= shortEnd)
}

// takeBack queues the lanes of w for what they need next.
func (s *sched) takeBack(w *worker) {
	if w.confirmed = w.confirms; w.confirms {
		w.confirms = false
		s.confirming--
	}
	for _, l := range slices.Backward(w.lanes) {
		if !l.fed {
			s.ready.pushFront(l) // there was no time to feed it
		}
	}
	for _, l := range w.lanes {
		switch {
		case !l.fed:
		case l.need == needStep:
			s.ready.push(l)
		case l.need == needConfirm:
			s.ended.push(l)
		default:
			s.finish(l)
		}
	}
	w.lanes = w.lanes[:0]
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
