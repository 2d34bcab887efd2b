package natsio

import (
	"container/heap"
	"sync"
	"time"
)

// A desk does requests beside one another, as many at once as it has places. The others
// wait. Each request is due when it came plus the length of its signal, and the one that
// is due first is next, so that a short request overtakes long ones and every request is
// done in the end. One place is kept from long requests.
type desk struct {
	places int // [at least 2]
	most   int // bytes that wait

	mu     sync.Mutex
	idle   sync.Cond // signals that nothing is being done
	short  requests
	long   requests
	bytes  int // that wait
	busy   int // places taken
	longs  int // places taken by long requests
	closed bool
}

// A request is something to do.
type request struct {
	do      func()
	refuse  func(why string)
	samples float64 // at the model's rate, about
	bytes   int
	due     time.Time
}

const (
	longSamples = 1 << 18               // a request of more is long
	perSample   = 20 * time.Microsecond // by which a request is due later
	requestCost = 1 << 10               // bytes that a waiting request takes beside its payload
	stopping    = "the service is stopping: ask again"
	overloaded  = "too many requests are waiting: ask again later"
)

func newDesk(places, most int) *desk {
	d := &desk{places: max(places, 2), most: most}
	d.idle.L = &d.mu
	return d
}

func (r *request) isLong() bool { return r.samples > longSamples }

// take takes a request, or refuses it.
func (d *desk) take(r *request, now time.Time) {
	r.bytes += requestCost
	r.due = now.Add(time.Duration(min(r.samples, 1e9)) * perSample)
	if why := d.put(r); why != "" {
		r.refuse(why)
	}
}

// put begins a request or lets it wait; otherwise it says why not.
func (d *desk) put(r *request) (why string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return stopping
	case d.bytes+r.bytes > d.most && d.busy > 0:
		return overloaded
	}
	d.bytes += r.bytes
	if r.isLong() {
		heap.Push(&d.long, r)
	} else {
		heap.Push(&d.short, r)
	}
	if next := d.next(); next != nil {
		go d.work(next)
	}
	return ""
}

// next takes a place for the next request; nil if there is none that may begin.
func (d *desk) next() *request {
	if d.busy == d.places {
		return nil
	}
	from := &d.short
	if len(d.long) > 0 && d.longs < d.places-1 && (len(d.short) == 0 || d.long[0].due.Before(d.short[0].due)) {
		from = &d.long
	}
	if len(*from) == 0 {
		return nil
	}
	r := heap.Pop(from).(*request)
	d.bytes -= r.bytes
	d.busy++
	if r.isLong() {
		d.longs++
	}
	return r
}

// work does a request, then further ones as long as there are any.
func (d *desk) work(r *request) {
	for r != nil {
		r.do()
		r = d.done(r)
	}
}

// done gives the place of a request to the next one.
func (d *desk) done(r *request) *request {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy--
	if r.isLong() {
		d.longs--
	}
	if d.busy == 0 {
		d.idle.Broadcast()
	}
	return d.next()
}

// close refuses what waits, and returns when what has begun is done.
func (d *desk) close() {
	d.mu.Lock()
	d.closed = true
	waiting := append(d.short, d.long...)
	d.short, d.long, d.bytes = nil, nil, 0
	d.mu.Unlock()
	for _, r := range waiting {
		r.refuse(stopping)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.busy > 0 {
		d.idle.Wait()
	}
}

// requests is a heap, the first to be due on top.
type requests []*request

func (q requests) Len() int           { return len(q) }
func (q requests) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q requests) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *requests) Push(x any)        { *q = append(*q, x.(*request)) }
func (q *requests) Pop() any {
	last := len(*q) - 1
	r := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return r
}
