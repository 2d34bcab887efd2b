package decide

import (
	"math"

	"inkling/internal/codec"
	"inkling/internal/f32"
)

// running is the running label as it is reported: the head's best label after averaging,
// hysteresis, hold and the test on the evidence. Without such rules it is the head's.
type running struct {
	probs []float32 // averaged
	begun bool      // there is something to average with
	label int       // −1: none
	last  int       // the last label there was since the warm-up; −1: none
	age   int       // steps since it came, hold at most

	up, down float64 // evidence for a label, and against all of them
	peak     float64 // the greatest up in this segment
	lost     bool    // down has reached the limit after up
}

// begin precedes a segment's first step.
func (s *running) begin(carry bool) {
	if !carry {
		*s = running{probs: s.probs, label: -1, last: -1}
	}
	s.peak = 0
}

// step moves on by a step of the running head. While the network warms up nothing holds
// the label back, since it is not reported.
func (s *running) step(r *Rules, p []float32, warm bool) {
	s.average(r, p)
	if warm {
		s.test(r, p)
		s.choose(r, f32.Argmax(s.probs))
		return
	}
	s.label, s.last = f32.Argmax(s.probs), -1
}

// average is exponential, over probabilities and not over their logarithms, where a
// single step of p = 0 would outweigh any number of others.
func (s *running) average(r *Rules, p []float32) {
	if !s.begun || r.newest == 1 {
		s.begun = true
		copy(s.probs, p)
		return
	}
	for i, v := range p {
		s.probs[i] += float32(r.newest * (v - s.probs[i]))
	}
}

// test is Page's (Continuous inspection schemes, Biometrika 1954), in both directions:
// up adds each step's evidence less the drift, down subtracts it, and neither goes
// under 0. Each is held at the limit, so that the time to notice a change does not
// depend on how long the segment has been open.
func (s *running) test(r *Rules, p []float32) {
	if r.limit == 0 {
		return
	}
	z := r.evidence(p) - r.drift
	s.up = min(max(s.up+z, 0), r.limit)
	s.down = min(max(s.down-z, 0), r.limit)
	s.peak = max(s.peak, s.up)
	switch r.limit {
	case s.up:
		s.lost = false
	case s.down:
		s.lost = true
	}
}

// choose keeps the label down to its runningOff, and lets the best one follow that
// reaches its runningOn, once the last one has had its hold.
func (s *running) choose(r *Rules, best int) {
	s.age = min(s.age+1, r.hold)
	if s.last < 0 || s.lost || s.label >= 0 && float64(s.probs[s.label]) < r.runningOff[s.label] {
		s.label = -1
	}
	if s.lost || float64(s.probs[best]) < r.runningOn[best] || s.last >= 0 && best != s.last && s.age < r.hold {
		return
	}
	if best != s.last {
		s.last, s.age = best, 0
	}
	s.label = best
}

func (s *running) visit(k *codec.Codec, r *Rules) {
	n := len(r.on) - 1
	k.Floats(&s.probs)
	k.Bool(&s.begun)
	k.Int(&s.label, -1, n)
	k.Int(&s.last, -1, n)
	k.Int(&s.age, 0, r.hold)
	k.Float64(&s.up)
	k.Float64(&s.down)
	k.Float64(&s.peak)
	k.Bool(&s.lost)
	if len(s.probs) != len(r.on) || math.IsNaN(s.peak) {
		k.Fail()
	}
}
