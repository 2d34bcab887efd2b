package stream

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"
)

// A Pool is workers that several Runs share, so that the steps of streams of all of them are
// made together. The events of each Run are those that it has alone.
type Pool struct {
	workers int
	most    int           // lanes a batch
	gather  time.Duration // the longest that a step waits for others; 0: no gathering, most is 1
	now     func() time.Time
	heap    int // bytes of live objects at first

	mu         sync.Mutex
	work       sync.Cond // signals that there may be something for a worker
	ready      lanes     // to feed or to step, the longest waiting first
	ended      lanes     // to confirm
	confirming int       // workers that confirm
	runs       int       // that have begun
	alive      int       // streams
	free       *item     // list
	memory     int       // samples that all items have memory for
	timer      *time.Timer
	armed      bool
	closed     bool
	done       sync.WaitGroup
}

// NewPool returns a pool of workers, as many as there are processors if workers is 0. Gather
// is that of RunOptions, which does not count in a Run that has a pool. RunOptions.Memory of its
// Runs counts from now on, for all of them together. The caller closes it after the last Run.
func NewPool(workers int, gather time.Duration) *Pool {
	p := newPool(&RunOptions{Workers: workers, Gather: gather})
	p.heap = heapInUse()
	p.start()
	return p
}

func newPool(o *RunOptions) *Pool {
	s := &Pool{workers: o.Workers, most: o.most, gather: o.Gather, now: o.now}
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
	s.work.L = &s.mu
	s.timer = time.AfterFunc(time.Hour, s.wakeLate)
	s.timer.Stop()
	return s
}

// start starts the workers.
func (s *Pool) start() {
	for range s.workers {
		s.done.Add(1)
		go newWorker(s).run()
	}
}

// Close ends the workers, when all Runs have ended.
func (s *Pool) Close() {
	s.mu.Lock()
	s.closed = true
	s.work.Broadcast()
	s.mu.Unlock()
	s.done.Wait()
}

// shrink drops the free items and their memory.
func (s *Pool) shrink() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for it := s.free; it != nil; it = it.next {
		s.memory -= cap(it.samples)
	}
	s.free = nil
}

// begin makes it the item that the lane is at.
func (s *Pool) begin(l *lane, it *item) {
	l.cur, l.fed, l.need = it, false, needNothing
	s.ready.push(l)
}

// wake ends the gathering.
func (s *Pool) wake() {
	if s.armed {
		s.armed = false
		s.timer.Stop()
	}
	if s.ready.n > 0 {
		s.work.Signal()
	}
}

// wakeLate ends the gathering because half of the time is over.
func (s *Pool) wakeLate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
}

// turn takes back the lanes of w and gives it others, for which it waits. It returns false
// when there will be none.
func (s *Pool) turn(w *worker) bool {
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
		if s.runs > 1 { // those of one Run together, which get their events at once
			slices.SortStableFunc(w.lanes, func(a, b *lane) int { return cmp.Compare(a.of.turnOf, b.of.turnOf) })
		}
		return true
	}
}

// takeShare gives w its share of the ready lanes. A large block is a share of its own,
// since the steps of other lanes would wait for it to be fed.
func (s *Pool) takeShare(w *worker) {
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
func (s *Pool) takeEnded(w *worker) {
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
func (s *Pool) share() int {
	n := (s.ready.n + s.workers - 1) / s.workers
	return min(max(n, minShare), s.most, s.ready.n)
}

// mayConfirm reports whether the next thing for w to do is to confirm a segment.
func (s *Pool) mayConfirm(w *worker) bool {
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
func (s *Pool) takeBack(w *worker) {
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
			l.of.finish(l)
		}
	}
	w.lanes = w.lanes[:0]
}
