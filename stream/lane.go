package stream

import (
	"time"

	"inkling/capture"
	"inkling/model/segment"
)

// A lane is one stream on its way through the scheduler: its blocks are worked
// off one after another, by one worker at a time. The worker that holds it owns
// c and cur; the rest is guarded by the scheduler.
type lane struct {
	c    *Classifier
	cur  *item // being worked off
	need need  // what cur waits for
	fed  bool  // cur is in the classifier's queue

	busy  bool // it has blocks: it is held by a worker or waits for one
	queue items
	next  *lane
}

// large tells whether the lane's next work is to feed a large block.
func (l *lane) large() bool { return !l.fed && len(l.cur.samples) > largeBlock }

// An item is a block to feed, the end of a stream's open segment, or both. The
// block is the item's own.
type item struct {
	block   capture.Block
	samples []float32 // memory of block.Samples
	fault   capture.Fault
	number  uint64         // of the put
	feed    bool           // there is a block, and it is not refused
	end     segment.Ending // "": the stream goes on
	arrived time.Time
	next    *item
}

// set makes it a copy of b, which may be nil.
func (it *item) set(b *capture.Block, end segment.Ending, arrived time.Time) {
	it.feed, it.end, it.arrived, it.samples = b != nil, end, arrived, it.samples[:0]
	if b == nil {
		return
	}
	it.block = *b
	it.samples = append(it.samples, b.Samples...)
	it.block.Samples = it.samples
	if b.Fault != nil {
		it.fault = *b.Fault
		it.block.Fault = &it.fault
	}
}

// items is a queue of a lane's blocks, lanes one of lanes: linked through the
// elements, so that they never allocate.
type items struct{ first, last *item }

func (q *items) push(it *item) {
	it.next = nil
	if q.first == nil {
		q.first = it
	} else {
		q.last.next = it
	}
	q.last = it
}

func (q *items) pop() *item {
	it := q.first
	if it != nil {
		q.first, it.next = it.next, nil
	}
	return it
}

type lanes struct {
	first, last *lane
	n           int
}

func (q *lanes) push(l *lane) {
	l.next = nil
	if q.n++; q.first == nil {
		q.first = l
	} else {
		q.last.next = l
	}
	q.last = l
}

// pushFront puts back what pop took.
func (q *lanes) pushFront(l *lane) {
	if q.n++; q.first == nil {
		q.last = l
	}
	l.next, q.first = q.first, l
}

func (q *lanes) pop() *lane {
	l := q.first
	q.first, l.next = l.next, nil
	q.n--
	return l
}
