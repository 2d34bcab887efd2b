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
	s.settle()
	var b capture.Block
	for s.next(&b) {
		s.leaveAt(capture.Block{Stream: b.Stream, Format: b.Format, Offset: b.Offset + uint64(b.Len()), Time: b.Time, Clock: b.Clock, Arrived: b.Arrived})
	}
	s.wake()
}

// leave drops a message after Abandon: the last block of its stream then begins behind it.
// The caller holds s.mu.
func (s *Source) leave(l *letterIn) {
	var b capture.Block
	ok := s.fill(&b, l)
	for ; ok; ok = s.next(&b) {
		last := capture.Block{Stream: b.Stream, Format: b.Format, Offset: b.Offset + uint64(b.Len()), Time: l.arrived, Clock: capture.ArrivalTime, Arrived: l.arrived}
		s.leaveAt(last)
	}
}

// leaveAt makes last the last block of its stream.
func (s *Source) leaveAt(last capture.Block) {
	i, again := s.leftAt[last.Stream]
	if again {
		s.left[i] = last
		return
	}
	if s.leftAt == nil {
		s.leftAt = map[string]int{}
	}
	s.leftAt[last.Stream] = len(s.left)
	s.left = append(s.left, last)
}
