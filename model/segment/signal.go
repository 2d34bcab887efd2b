package segment

import "slices"

// A Signal keeps the last samples that were given to a segmenter, from which the samples of
// the segments that it finds are cut.
type Signal struct {
	channels int
	x        []float32 // from position base on
	base     uint64
	pos      uint64 // of the next sample
	start    uint64 // of the open segment
	open     bool
}

// NewSignal returns a Signal for samples with this many channels, interleaved, of which the
// next one is at position pos.
func NewSignal(channels int, pos uint64) *Signal {
	return &Signal{channels: max(channels, 1), base: pos, pos: pos}
}

// Push takes samples, as the segmenter's Push does.
func (s *Signal) Push(samples []float32) {
	s.x = append(s.x, samples...)
	s.pos += uint64(len(samples) / s.channels)
}

// Restart makes the next sample the first one, as the segmenter's Restart does.
func (s *Signal) Restart() { s.x, s.base, s.pos, s.start, s.open = s.x[:0], 0, 0, 0, false }

// Follow takes an event of the segmenter. Of one that closes a segment it returns the
// segment's samples, which are the caller's to keep; nil if their beginning is not there,
// since the Signal began later.
func (s *Signal) Follow(e *Event) []float32 {
	switch e.Kind {
	case Opened:
		s.open, s.start = true, e.Start
	case Dropped:
		s.open = false
	case Closed:
		s.open = false
		if e.Start >= s.base && e.End <= s.pos {
			n := uint64(s.channels)
			return slices.Clone(s.x[(e.Start-s.base)*n : (e.End-s.base)*n])
		}
	}
	return nil
}

// Trim forgets the samples that no segment can need any more, where reach is that of the
// segmenter.
func (s *Signal) Trim(reach uint64) {
	from := s.start
	if !s.open {
		from = s.pos - min(s.pos, reach)
	}
	if n := (max(from, s.base) - s.base) * uint64(s.channels); from > s.base && n >= uint64(len(s.x))/2 {
		s.x = s.x[:copy(s.x, s.x[n:])]
		s.base = from
	}
}
