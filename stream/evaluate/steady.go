package evaluate

import (
	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/decide"
)

// The settings, in steps, that Steady tries: time constants of the running probabilities'
// average, and holds of the running label.
var (
	smoothings = []float64{0, 1, 2, 4, 8, 15, 30, 60, 120}
	holds      = []int{0, 2, 4, 8, 15, 30, 60}
)

// accuracyLent is how much accuracy of steps Steady gives up for better segments.
const accuracyLent = 0.01

// Steady returns c's decision with the average and the hold of the running label that suit
// vs best: the network's answers, before calibration, to whole recordings that have a
// label for every step and were not trained on. Among the settings within one point of
// the best accuracy of steps it chooses the one with the best F1 of segments at an overlap
// of 50 %, and of equals the one that holds back less.
func Steady(c *model.Config, vs []calibrate.HeldOut) decide.Config {
	var probs [][]float32
	for i := range vs {
		probs = append(probs, tempered(c, &vs[i]))
	}
	var tried []steadiness
	accuracy := 0.0
	for _, smooth := range smoothings {
		for _, hold := range holds {
			s := steadiness{decision: c.Decision}
			s.decision.Smooth, s.decision.Hold = smooth, hold
			s.measure(c, vs, probs)
			accuracy = max(accuracy, s.accuracy)
			tried = append(tried, s)
		}
	}
	best := steadiness{f1: -1}
	for _, s := range tried {
		if s.accuracy >= accuracy-accuracyLent && s.f1 > best.f1+1e-9 {
			best = s
		}
	}
	return best.decision
}

// tempered returns v's running probabilities under c's calibration.
func tempered(c *model.Config, v *calibrate.HeldOut) []float32 {
	n := len(c.Labels)
	out := append([]float32(nil), v.Running...)
	if k := c.Calibration; k != nil && k.Running != nil {
		for at := 0; at < len(out); at += n {
			model.ApplyTemperature(out[at:at+n], out[at:at+n], k.Running[k.Tenth(at/n+1)])
		}
	}
	return out
}

// steadiness says how well a decision does.
type steadiness struct {
	decision     decide.Config
	accuracy, f1 float64
}

func (s *steadiness) measure(c *model.Config, vs []calibrate.HeldOut, probs [][]float32) {
	var o overlaps
	right, steps, n := 0, 0, len(c.Labels)
	for i := range vs {
		r := decide.NewDecider(&s.decision, c.Labels, c.TypicalSteps())
		r.Begin()
		var truth, given []int32
		for t, l := range vs[i].Labels {
			r.Step(t+1, probs[i][t*n:][:n], true)
			if l < 0 {
				continue
			}
			label, _ := r.Running()
			truth, given = append(truth, l), append(given, int32(label))
			right += one(label == int(l))
			steps++
		}
		o.add(truth, given)
	}
	s.accuracy, s.f1 = float64(right)/float64(max(steps, 1)), float64(o.score().F1At50)
}
