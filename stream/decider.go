package stream

import (
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/decide"
)

// A Decider makes labels of what the network says, by the rules of a decide.Config. A
// Classifier has one; by itself it tells what a Classifier with other rules would have
// said, without running the network again.
type Decider struct {
	cfg     *model.Config
	dec     *decide.Config
	rules   Rules
	label   int     // the running head's at the last step
	running running // label: as it is reported
	stopper decide.Stopper
	early   bool // it fired
}

// NewDecider returns one for a stream. d has passed its check.
func NewDecider(c *model.Config, d *decide.Config) *Decider {
	r := &Decider{}
	r.init(c, d)
	return r
}

func (r *Decider) init(c *model.Config, d *decide.Config) {
	r.cfg, r.dec, r.rules = c, d, NewRules(d, c.Labels)
	r.running.probs = make([]float32, len(c.Labels))
	r.running.begin(false)
}

// Begin is before a segment's first step.
func (r *Decider) Begin() {
	r.label, r.early = -1, false
	r.stopper.Reset()
	r.running.begin(r.dec.State == "carry")
}

// Step takes what the running head says at a step, counted from 1, and tells whether
// its label becomes final with it.
func (r *Decider) Step(step int, p []float32) (early bool) {
	r.label = f32.Argmax(p)
	r.running.take(&r.rules, p, r.Warm(step) || r.dec.State == "carry" && r.running.last >= 0)
	if r.running.label != r.label {
		r.stopper.Reset() // the label that could become final is held back
		return false
	}
	if r.early || !r.stopper.Final(r.dec, r.cfg.UsualSteps(), step, p) {
		return false
	}
	r.early = true
	return true
}

// Warm tells whether the running head may answer at step.
func (r *Decider) Warm(step int) bool { return step > r.dec.Warm }

// Running is the running label after the last step and its probability; −1 and that of
// the best label where the rules hold it back.
func (r *Decider) Running() (label int, p float32) {
	s := &r.running
	if s.label < 0 {
		return -1, s.probs[f32.Argmax(s.probs)]
	}
	return s.label, s.probs[s.label]
}

// Peak is the segment's greatest evidence so far.
func (r *Decider) Peak() float64 { return r.running.peak }
