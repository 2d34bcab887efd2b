package natsio

import (
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
)

var _ capture.Drainer = (*Source)(nil)

// Drain implements capture.Drainer: it ends the subscription. What the server has sent is
// still read.
func (s *Source) Drain() {
	s.sub.SetClosedHandler(func(string) { s.drain() })
	if !s.nc.IsConnected() || s.sub.Drain() != nil {
		s.drain() // nothing more comes over a connection that is down
	}
}

// drain makes Read return io.EOF after what has come.
func (s *Source) drain() {
	s.mu.Lock()
	s.drained = true
	s.mu.Unlock()
	s.wake()
}

// Abandon implements capture.Drainer.
func (s *Source) Abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drained, s.abandoned = true, true
	for _, m := range s.queue[s.head:] {
		if m != nil {
			s.leave(m)
		}
	}
	s.queue, s.head = nil, 0
	clear(s.waiting)
	s.wake()
}

// leave drops a message after Abandon: the last block of its stream then begins behind it.
// The caller holds s.mu.
func (s *Source) leave(m *nats.Msg) {
	var d message
	if d.decode(m.Header, m.Data, &s.o.Format) != nil {
		return
	}
	name := streamOf(m)
	s.place(name, &d)
	last := capture.Block{Stream: name, Format: d.format, Offset: s.next[name], Time: time.Now()}
	if i := slices.IndexFunc(s.left, func(b capture.Block) bool { return b.Stream == name }); i >= 0 {
		s.left[i] = last
		return
	}
	s.left = append(s.left, last)
}
