package natsio

import "inkling/capture"

var _ capture.Drainer = (*Source)(nil)

// Drain implements capture.Drainer: it ends the subscription. What the server has sent is
// still read.
func (s *Source) Drain() {
	if s.sub == nil { // of Watch
		s.drain()
		return
	}
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
	for stream := range s.in.held {
		s.in.release(stream)
	}
	for l := s.in.pop(); l != nil; l = s.in.pop() {
		s.leave(l)
	}
	s.wake()
}

// leave drops a message after Abandon: the last block of its stream then begins behind it.
// The caller holds s.mu.
func (s *Source) leave(l *letterIn) {
	d := &s.msg
	if d.decode(l.msg.Header, l.msg.Data, &s.o.Format) != nil || s.repeated(l, d) {
		return
	}
	s.places.put(l.stream, d)
	last := capture.Block{Stream: l.stream, Format: d.format, Offset: d.offset + uint64(d.frames()), Time: l.arrived, Arrived: l.arrived}
	i, again := s.leftAt[l.stream]
	if again {
		s.left[i] = last
		return
	}
	if s.leftAt == nil {
		s.leftAt = map[string]int{}
	}
	s.leftAt[l.stream] = len(s.left)
	s.left = append(s.left, last)
}
