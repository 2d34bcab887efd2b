package stream

import (
	"time"

	"inkling/capture"
	"inkling/model/segment"
)

// A lane is one stream in the scheduler. Its blocks are fed and stepped one after another,
// by one worker at a time. The worker that holds the lane owns c, taps, cur, need, fed and stepped; the
// scheduler's mutex guards the rest.
type lane struct {
	of   *sched
	c    *Classifier
	taps []Tap
	cur  *item // the item that it is at
	need need  // of cur
	fed  bool  // cur was fed to c

	stepped bool // it needs no step of this turn any more
	made    bool // it has made one

	busy    bool // it has items, and a worker holds it or will
	queue   items
	waiting int    // items in queue
	samples int    // in them
	held    bool   // the source gives no more of the stream
	heldAs  string // its name
	next    *lane
}

// large reports whether the lane has a large block to feed next.
func (l *lane) large() bool { return !l.fed && len(l.cur.samples) > largeBlock }

// An item is a block to feed, the end of a stream's open segment, or both. It owns the
// block's memory.
type item struct {
	block   capture.Block
	samples []float32 // memory of block.Samples
	fault   capture.Fault
	number  uint64         // counts calls of put
	feed    bool           // there is a block, and it was not refused
	end     segment.Ending // "": the stream goes on
	arrived time.Time
	next    *item
}

// set copies b, which may be nil, into it.
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

// items and lanes are queues, linked through their elements so that they never allocate.
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

// pushFront undoes a pop.
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
