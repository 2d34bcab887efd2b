package stream

import (
	"sync"

	"inkling/internal/resample"
	"inkling/internal/shared"
	"inkling/model/feature"
)

// A Shared lets several Runs that get the same blocks, as those of a capture.Tee do, do
// once what they all have to do: resample a stream, and make the frames of front ends that
// are equal. Their events are the same to the bit as without it. The zero Shared is ready
// for use.
type Shared struct {
	mu      sync.Mutex
	streams map[string]*kin

	taken, computed uint64 // of streams that are gone
}

// A kin is what the streams of one name in several Runs share.
type kin struct {
	frames  *feature.Memo
	samples *shared.Memo
	runs    int
}

// Frames returns how many frames were taken from another Run, and how many computed.
func (s *Shared) Frames() (taken, computed uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken, computed = s.taken, s.computed
	for _, k := range s.streams {
		t, c := k.frames.Asked()
		taken, computed = taken+t, computed+c
	}
	return taken, computed
}

// join returns what the streams of a name share, for another of them; nil of a nil Shared.
func (s *Shared) join(stream string) *kin {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.streams[stream]
	if k == nil {
		if s.streams == nil {
			s.streams = map[string]*kin{}
		}
		k = &kin{frames: feature.NewMemo(), samples: shared.NewMemo()}
		s.streams[stream] = k
	}
	k.serve(k.runs + 1)
	return k
}

// leave is the end of a stream that has joined.
func (s *Shared) leave(stream string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.streams[stream]
	if k.serve(k.runs - 1); k.runs == 0 {
		t, c := k.frames.Asked()
		s.taken, s.computed = s.taken+t, s.computed+c
		delete(s.streams, stream)
	}
}

func (k *kin) serve(runs int) {
	k.runs = runs
	k.frames.Serve(runs)
	k.samples.Serve(runs)
}

// shareWith has the stream share its work with its kin; nil: with none.
func (c *Classifier) shareWith(k *kin) {
	if c.kin = k; k == nil {
		return
	}
	c.segmenter.Share(k.frames)
	if c.input.res != nil {
		c.input.res.Share(k.samples)
	}
}

// resampler returns one from a rate to that of p's model.
func (c *Classifier) resampler(p *plan, rate float64) (*resample.Resampler, error) {
	r, err := resample.New(rate, p.m.Config.Rate, p.m.Config.Channels)
	if err == nil && c.kin != nil {
		r.Share(c.kin.samples)
	}
	return r, err
}
