package export

import (
	"math/rand/v2"
)

// mostVector bounds the samples of a test vector.
const mostVector = 1 << 17

// Vectors returns streams of made-up samples, channels interleaved, to try the code with: one
// too short for anything, and one of noise that is loud now and then. They are the same on
// every machine.
func (s *Settings) Vectors() [][]float32 {
	c := &s.Model.Config
	quiet, loud := max(20*s.hop, int(s.counts.Hold)+2*s.grid()), 30*s.hop
	rng := rand.New(rand.NewPCG(1, 17))
	var x []float32
	add := func(n int, level float64) {
		for i := range n {
			if len(x) >= mostVector {
				return
			}
			for ch := range c.Channels {
				v := level * (rng.Float64()*2 - 1)
				v += float64(level * float64((i/(3+ch))%2)) // a rectangle, with an offset that some front ends hear
				x = append(x, s.unit(ch, v))
			}
		}
	}
	add(s.first+s.hop/2, 0.1)
	short := x
	x = nil
	for _, level := range []float64{0.4, 0.05, 0.8} {
		add(quiet, 0.0004)
		add(loud, level)
		add(quiet, 0.0004)
		add(3*s.hop, level)
	}
	add(quiet+s.hop/3, 0.0004)
	return [][]float32{short, x}
}

// unit returns a sample of a channel: v itself for sound, and for other signals the mean of
// the training data with v standard deviations.
func (s *Settings) unit(channel int, v float64) float32 {
	if s.Model.Config.Front.MixesChannels() {
		return float32(v)
	}
	p := s.Model.Params
	if p.Scale[channel] == 0 {
		return p.Mean[channel]
	}
	return p.Mean[channel] + float32(4*v)/p.Scale[channel]
}
