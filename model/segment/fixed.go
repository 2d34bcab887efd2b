package segment

import "inkling/internal/codec"

// fixed makes segments of a fixed number of steps, one after another.
type fixed struct {
	base
	length uint64 // samples of a segment
	ending Ending
}

func newFixed(b base, c *Config) *fixed {
	s := &fixed{base: b, length: b.limit, ending: ByMaximum}
	if n := uint64(b.front.End(c.Steps)); n < b.limit {
		s.length, s.ending = n, ByFixed
	}
	return s
}

func (s *fixed) Push(f *Found, samples []float32) { s.extractUpTo(f, samples, s.length, s.ending) }

func (s *fixed) Finish(f *Found, why Ending) { s.finish(f, why) }

func (s *fixed) Restore(data []byte) ([]byte, error) {
	k := codec.Reader(data)
	s.visit(k)
	s.check(k, s.length)
	return k.Rest()
}
