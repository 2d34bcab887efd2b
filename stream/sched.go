package stream

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/model/segment"
)

// sched works off the blocks of many streams on several workers. A worker takes
// the lanes that have waited longest, a batch at most, makes one step of each in
// one pass over the weights, and gives them back: streams take turns, and no
// worker idles while there is work.
//
// Gathering: a worker that waits is woken when a batch is full, when every stream
// has something, when the source has no more right now, or when half the bound is
// over. To prepare a batch (to feed what has arrived) it spends no more than the
// other half. So gathering delays no step by more than the bound; what comes on
// top, when more arrives than the machine can do, is a queue.
//
// Confirming is as long as the segment, and one stream's. Lanes that come to it
// wait in a queue of their own, which all workers but one serve first. The last
// one only does so when no step is waiting, and then only for short segments, or
// when many have ended: so a long one delays its own stream alone.
//
// What a stream's events are, and their order, depends on none of this: a lane is
// held by one worker at a time, its blocks are fed one after another, and
// StepBatch is Step to the bit.
type sched struct {
	m       *model.Model
	workers int
	most    int           // lanes a batch
	gather  time.Duration // 0: off, and then most is 1
	now     func() time.Time
	// deliver takes what a worker has done: events, and the blocks that are worked
	// off with them.
	deliver func([]Event, []*item)
	// refuse takes a block that the classifier did not, and may tell of it.
	refuse func(*item, error) (e Event, tell bool)
	// refused is the number of the first block that ended reading: of those put, no
	// later one is fed. 0: none.
	refused atomic.Uint64

	mu         sync.Mutex
	work       sync.Cond // there may be something to take
	room       sync.Cond // there is room again
	settled    sync.Cond // a lane is no longer busy
	ready      lanes     // to feed or to step, the longest waiting first
	ended      lanes     // to confirm
	confirming int       // workers that do
	alive      int       // streams there are
	free       *item
	flying     int // items that are not free
	samples    int // in them
	memory     int // samples that all items have memory for
	puts       uint64
	timer      *time.Timer
	armed      bool
	closed     bool
	done       sync.WaitGroup
}

const defaultGather = 2 * time.Millisecond

const (
	fullBatch   = 64      // lanes that one pass serves best
	leastShare  = 16      // lanes under which a second worker is not worth while
	shortEnd    = 256     // steps that are confirmed in about half the default bound
	manyEnded   = 4       // lanes to confirm that the last worker helps with, however long
	largeBlock  = 1 << 12 // samples that are fed in about half the default bound
	mostItems   = 512     // that wait or are worked off,
	mostSamples = 1 << 20 // about how many samples in them,
	mostMemory  = 2 << 20 // and for how many there is memory
)

// newSched takes the options that concern it; deliver and refuse are to follow.
func newSched(m *model.Model, o *RunOptions) *sched {
	s := &sched{m: m, workers: o.Workers, most: o.most, gather: o.Gather, now: o.now}
	if s.workers < 1 {
		s.workers = runtime.GOMAXPROCS(0)
	}
	if s.most < 1 {
		s.most = fullBatch
	}
	setDefault(&s.gather, defaultGather)
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

// put queues a block of a lane, or its end, or both; the block is copied. It waits
// while there is no room. alive is the number of streams, and more tells that the
// source has another block right now.
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
		l.queue.push(it)
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

// item returns a free item for a block of size samples. When there is no room it
// waits for half of it, not to be woken for each.
func (s *sched) item(size int) *item {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flying == mostItems || s.samples+size > mostSamples {
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

func (s *sched) roomy() bool { return s.flying <= mostItems/2 && s.samples <= mostSamples/2 }

// begin makes it the lane's next work.
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

// wakeLate ends it because half of the bound is over.
func (s *sched) wakeLate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
}

// settle waits until all that was put into the lane is worked off.
func (s *sched) settle(l *lane) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
	for l.busy {
		s.settled.Wait()
	}
}

// close waits until everything is worked off, and ends the workers.
func (s *sched) close() {
	s.mu.Lock()
	s.wake()
	for s.flying > 0 {
		s.settled.Wait()
	}
	s.closed = true
	s.work.Broadcast()
	s.mu.Unlock()
	s.done.Wait()
}

// turn takes back the lanes that w has worked on and gives it others; it waits
// while there are none. It returns false at the end.
func (s *sched) turn(w *worker) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takeBack(w)
	for {
		switch {
		case s.mayConfirm(w):
			w.lanes = append(w.lanes, s.ended.pop())
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

// takeShare gives w its share of the ready lanes. A large block to feed is a share of
// its own: other lanes' steps would wait for it.
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

// share is how many of the ready lanes a worker takes at most.
func (s *sched) share() int {
	n := (s.ready.n + s.workers - 1) / s.workers
	return min(max(n, leastShare), s.most, s.ready.n)
}

// mayConfirm tells whether w's next work is to confirm.
func (s *sched) mayConfirm(w *worker) bool {
	switch {
	case s.ended.n == 0:
		return false
	case s.workers == 1:
		return s.ready.n == 0 || !w.confirmed // by turns
	case s.confirming < s.workers-1:
		return true
	}
	return s.ready.n == 0 && (s.ended.n >= manyEnded || s.ended.first.c.confirmSteps() <= shortEnd)
}

// takeBack queues w's lanes for what they need next.
func (s *sched) takeBack(w *worker) {
	if w.confirmed = w.confirms; w.confirms {
		w.confirms = false
		s.confirming--
	}
	for _, l := range slices.Backward(w.lanes) {
		if !l.fed {
			s.ready.pushFront(l) // there was no time for it
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
			s.through(l)
		}
	}
	w.lanes = w.lanes[:0]
}

// through ends a lane's current work.
func (s *sched) through(l *lane) {
	it := l.cur
	s.flying--
	s.samples -= len(it.samples)
	if s.memory > mostMemory {
		s.memory -= cap(it.samples)
		it.samples, it.block.Samples = nil, nil
	}
	it.next, s.free = s.free, it
	if it = l.queue.pop(); it != nil {
		s.begin(l, it)
	} else {
		l.cur, l.busy = nil, false
		s.settled.Signal()
	}
	if s.roomy() {
		s.room.Signal()
	}
}
