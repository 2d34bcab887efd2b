package natsio

import (
	"container/heap"
	"container/list"
	"time"

	"github.com/nats-io/nats.go"
)

// An inbox holds messages that wait to be read, at most a number of bytes of them.
//
// Subjects take turns, each for as many bytes as the others, and within a subject its
// streams do. A subject that had nothing waiting comes next, so that what arrives slower
// than its share never waits behind the backlog of another. If there are too many bytes
// the subject that has most of them loses its oldest. Every operation takes time
// proportional to the logarithm of the number of subjects and streams.
type inbox struct {
	most     int // bytes
	bytes    int // that wait
	clock    uint64
	subjects map[string]*subject // those with messages
	queues   map[string]*queue   // of those streams
	held     map[string]bool     // streams whose messages are not read now
	next     ranking[subject]    // with a message that may be read, the least start first
	heaviest ranking[subject]    // the most bytes first

	freeSubjects []*subject // empty ones, to be used again
	freeQueues   []*queue
}

// mostFree is how many empty subjects, and how many streams, are kept to be used again.
const mostFree = 1 << 10

// A subject is one whose messages wait.
type subject struct {
	name     string
	bytes    int
	start    uint64    // of its next message, in bytes that have been read of every busy subject
	queues   int       // with messages
	ready    list.List // of *queue: those that may be read, in turn
	heaviest ranking[queue]
	nextAt   int
	heavyAt  int
}

// A queue is a stream of a subject, with its messages in the order of their arrival.
type queue struct {
	stream      string
	subject     *subject
	first, last *letterIn
	bytes       int
	ready       *list.Element // of the subject's ready; nil: it is held
	heavyAt     int
}

// A letterIn is a message that waits.
type letterIn struct {
	msg     *nats.Msg
	part    int // of the source's pattern
	stream  string
	arrived time.Time
	bytes   int
	next    *letterIn
}

func newInbox(most int) *inbox {
	return &inbox{most: most, subjects: map[string]*subject{}, queues: map[string]*queue{}, held: map[string]bool{},
		next: ranking[subject]{before: func(a, b *subject) bool { return a.start < b.start },
			at: func(s *subject) *int { return &s.nextAt }},
		heaviest: ranking[subject]{before: func(a, b *subject) bool { return a.bytes > b.bytes },
			at: func(s *subject) *int { return &s.heavyAt }}}
}

// messageCost is about what a message, and its stream if it is alone in it, take in memory
// beside payload and headers.
const messageCost = 1 << 10

// memoryOf returns about how many bytes a message takes while it waits.
func memoryOf(m *nats.Msg) int { return messageCost + m.Size() + headerCost(m.Header) }

// headerCost returns about how many bytes decoded headers take.
func headerCost(h nats.Header) (n int) {
	for k, values := range h {
		n += 96 + len(k)
		for _, v := range values {
			n += 32 + len(v)
		}
	}
	return n
}

// push adds a message of a stream. The group, its subject, has a share of the bound.
func (in *inbox) push(group string, l *letterIn) {
	s := in.subjects[group]
	if s == nil {
		s = in.newSubject(group)
		in.subjects[group] = s
		in.heaviest.add(s)
	}
	q := in.queues[l.stream]
	if q == nil {
		q = in.newQueue(l.stream, s)
		in.queues[l.stream] = q
		s.queues++
		s.heaviest.add(q)
	}
	if q.last == nil {
		q.first = l
	} else {
		q.last.next = l
	}
	q.last = l
	in.weigh(q, l.bytes)
	if q.ready == nil && !in.held[q.stream] {
		in.makeReady(q)
	}
}

// newSubject returns a subject without messages.
func (in *inbox) newSubject(name string) *subject {
	if last := len(in.freeSubjects) - 1; last >= 0 {
		s := in.freeSubjects[last]
		in.freeSubjects = in.freeSubjects[:last]
		s.name, s.start = name, in.clock
		return s
	}
	return &subject{name: name, start: in.clock, nextAt: -1, heavyAt: -1,
		heaviest: ranking[queue]{before: func(a, b *queue) bool { return a.bytes > b.bytes }, at: func(l *queue) *int { return &l.heavyAt }}}
}

// newQueue returns a queue without messages.
func (in *inbox) newQueue(stream string, s *subject) *queue {
	if last := len(in.freeQueues) - 1; last >= 0 {
		q := in.freeQueues[last]
		in.freeQueues = in.freeQueues[:last]
		q.stream, q.subject = stream, s
		return q
	}
	return &queue{stream: stream, subject: s, heavyAt: -1}
}

// weigh adds n bytes to a queue.
func (in *inbox) weigh(q *queue, n int) {
	in.bytes += n
	q.bytes += n
	q.subject.bytes += n
	q.subject.heaviest.fix(q)
	in.heaviest.fix(q.subject)
}

// makeReady lets a queue be read.
func (in *inbox) makeReady(q *queue) {
	s := q.subject
	if q.ready = s.ready.PushBack(q); s.nextAt < 0 {
		s.start = max(s.start, in.clock)
		in.next.add(s)
	}
}

// unready undoes makeReady.
func (in *inbox) unready(q *queue) {
	if q.ready == nil {
		return
	}
	q.subject.ready.Remove(q.ready)
	if q.ready = nil; q.subject.ready.Len() == 0 {
		in.next.remove(q.subject)
	}
}

// take removes the first message of a queue.
func (in *inbox) take(q *queue) *letterIn {
	l := q.first
	if q.first = l.next; q.first == nil {
		q.last = nil
	}
	in.weigh(q, -l.bytes)
	if q.first != nil {
		return l
	}
	in.unready(q)
	delete(in.queues, q.stream)
	s := q.subject
	s.heaviest.remove(q)
	if s.queues--; s.queues == 0 {
		delete(in.subjects, s.name)
		in.heaviest.remove(s)
		if len(in.freeSubjects) < mostFree && cap(s.heaviest.items) <= 64 {
			s.name = ""
			in.freeSubjects = append(in.freeSubjects, s)
		}
	}
	if len(in.freeQueues) < mostFree {
		q.stream, q.subject = "", nil
		in.freeQueues = append(in.freeQueues, q)
	}
	return l
}

// pop removes the message that is to be read next; nil if there is none.
func (in *inbox) pop() *letterIn {
	if !in.waits() {
		return nil
	}
	s := in.next.items[0]
	q := s.ready.Front().Value.(*queue)
	in.clock = s.start
	l := in.take(q)
	if s.start += uint64(l.bytes); q.ready != nil {
		s.ready.MoveToBack(q.ready)
	}
	if s.nextAt >= 0 {
		in.next.fix(s)
	}
	return l
}

// waits reports whether pop returns a message.
func (in *inbox) waits() bool { return len(in.next.items) > 0 }

// drop removes the oldest message of the subject that has most, and there of the stream
// that has most, if there are too many bytes; otherwise it returns nil.
func (in *inbox) drop() *letterIn {
	if in.bytes <= in.most {
		return nil
	}
	return in.take(in.heaviest.items[0].heaviest.items[0])
}

// hold keeps the messages of a stream from being read.
func (in *inbox) hold(stream string) {
	in.held[stream] = true
	if q := in.queues[stream]; q != nil {
		in.unready(q)
	}
}

// release ends hold.
func (in *inbox) release(stream string) {
	delete(in.held, stream)
	if q := in.queues[stream]; q != nil && q.ready == nil {
		in.makeReady(q)
	}
}

// A ranking is a heap whose items know their place, or -1, so that one can be moved or
// removed when it has changed.
type ranking[T any] struct {
	items  []*T
	before func(a, b *T) bool
	at     func(*T) *int
}

func (r *ranking[T]) add(x *T) { heap.Push(r, x) }
func (r *ranking[T]) fix(x *T) { heap.Fix(r, *r.at(x)) }
func (r *ranking[T]) remove(x *T) {
	if i := *r.at(x); i >= 0 {
		heap.Remove(r, i)
	}
}

func (r *ranking[T]) Len() int           { return len(r.items) }
func (r *ranking[T]) Less(i, j int) bool { return r.before(r.items[i], r.items[j]) }
func (r *ranking[T]) Swap(i, j int) {
	r.items[i], r.items[j] = r.items[j], r.items[i]
	*r.at(r.items[i]), *r.at(r.items[j]) = i, j
}
func (r *ranking[T]) Push(x any) {
	*r.at(x.(*T)) = len(r.items)
	r.items = append(r.items, x.(*T))
}
func (r *ranking[T]) Pop() any {
	last := len(r.items) - 1
	x := r.items[last]
	r.items[last] = nil
	r.items = r.items[:last]
	*r.at(x) = -1
	return x
}
