package stream

import (
	"inkling/model/decide"
	"math"

	"inkling/internal/f32"
)

// Rules are a decide.Config as steps need it, thresholds in the order of the labels.
type Rules struct {
	on                    []float64 // of confirmed labels
	runningOn, runningOff []float64
	newest                float32 // share of the newest step in the average; 1: no average
	hold                  int
	limit, drift          float64
	background            int // −1: none
}

// NewRules returns those of d, which has passed its check.
func NewRules(d *decide.Config, labels []string) Rules {
	r := Rules{newest: 1, hold: d.Hold, limit: d.CUSUMLimit, drift: d.CUSUMDrift, background: -1}
	if d.Smooth > 0 {
		r.newest = float32(1 - math.Exp(-1/d.Smooth))
	}
	for i, label := range labels {
		on, ok := d.On[label]
		if !ok {
			on = d.Threshold
		}
		r.on = append(r.on, on)
		r.runningOn = append(r.runningOn, d.RunningOn[label])
		r.runningOff = append(r.runningOff, d.RunningOff[label])
		if label == d.Background {
			r.background = i
		}
	}
	return r
}

// best is the most probable label but the background, −1 if there is none.
func (r *Rules) best(p []float32) int {
	best := -1
	for i, v := range p {
		if i != r.background && (best < 0 || v > p[best]) {
			best = i
		}
	}
	return best
}

// evidence is a step's greatest log-odds of a label, bounded by those of SureP. The
// background is no label here: as its probability and the others' add up to one, no
// label's log-odds exceed those against the background, so they count against.
func (r *Rules) evidence(p []float32) float64 {
	b := min(max(float64(p[r.best(p)]), 1-decide.SureP), decide.SureP)
	return math.Log(b / (1 - b))
}

// Judge appends what each rule of d's says of a confirmed segment with probabilities p
// and a greatest evidence of peak, in the order in which they apply: the first that is
// not passed holds the label back.
func (r *Rules) Judge(dst []Verdict, p []float32, peak float64) []Verdict {
	label := f32.Argmax(p)
	if b := r.background; b >= 0 {
		dst = append(dst, Verdict{RuleBackground, float64(p[b]), float64(p[r.best(p)]), label != b})
	}
	if on, v := r.on[label], float64(p[label]); on > 0 {
		dst = append(dst, Verdict{RuleThreshold, v, on, v >= on})
	}
	if r.limit > 0 && label != r.background {
		dst = append(dst, Verdict{RuleCUSUM, peak, r.limit, peak >= r.limit})
	}
	return dst
}

// running is the running label as it is reported: the head's best after averaging,
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

// begin is before a segment's first step.
func (s *running) begin(carry bool) {
	if !carry {
		*s = running{probs: s.probs, label: -1, last: -1}
	}
	s.peak = 0
}

// take moves on by a step of the running head. While the network warms up nothing
// holds the label back, for it is not reported.
func (s *running) take(r *Rules, p []float32, warm bool) {
	s.average(r, p)
	if warm {
		s.test(r, p)
		s.choose(r, f32.Argmax(s.probs))
		return
	}
	s.label, s.last = f32.Argmax(s.probs), -1
}

// average is exponential, over probabilities and not their logarithms: there a single
// step of p = 0 would outweigh any number of others.
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
// up adds each step's evidence less the drift, down subtracts it, neither goes under 0.
// Held at the limit, either forgets what was before the other one began to grow, so
// that the time to notice a change does not depend on how long the segment has been
// open.
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
// reaches its runningOn, when the last one has had its hold.
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
