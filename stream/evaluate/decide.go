package evaluate

import (
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/decide"
)

// A Decided is what is said of a candidate.
type Decided struct {
	Label int // the most probable one; −1: the segmenter dropped it
	P     float32
	Held  decide.Rule // "": it is reported; else the rule that held it back, as docs/events.md names it
}

// Decide applies the rules of a decision about confirmed labels, as a
// stream.Classifier with them does. It is the one place here where a candidate
// becomes an answer.
func Decide(c *Candidate, r *decide.Rules) Decided {
	if c.Dropped != "" {
		return Decided{Label: -1, Held: c.Dropped}
	}
	best := f32.Argmax(c.Confirm)
	v := Decided{Label: best, P: c.Confirm[best]}
	var verdicts [4]decide.Verdict
	for _, rule := range r.Judge(verdicts[:0], c.Confirm, c.Peak) {
		if !rule.Passed {
			v.Held = rule.Rule
			break
		}
	}
	return v
}

// Answers are the candidates as spans for Pair, −1 where one is held back; dst is
// reused.
func Answers(dst []Span, cs []Candidate, r *decide.Rules) []Span {
	dst = dst[:0]
	for i := range cs {
		c := &cs[i]
		s := Span{c.Start, c.End, -1}
		if v := Decide(c, r); v.Held == "" {
			s.Label = v.Label
		}
		dst = append(dst, s)
	}
	return dst
}

// Replay fills in what the running head of a stream with the rules of d would have
// said of t's candidates, which have their Probs: running and early labels, evidence.
// c is the configuration of the model that heard t.
func (t *Take) Replay(c *model.Config, d *decide.Config) {
	r := decide.NewDecider(d, c.Labels, c.UsualSteps())
	for i := range t.Candidates {
		t.Candidates[i].replay(r)
	}
}

// replay follows the candidate before it.
func (c *Candidate) replay(r *decide.Decider) {
	classes := 0
	if n := len(c.Steps); n > 0 {
		classes = len(c.Probs) / n
	}
	c.Running, c.Early, c.EarlyAt, c.Peak = -1, -1, 0, 0
	r.Begin()
	for k := range c.Steps {
		s, p := &c.Steps[k], c.Probs[k*classes:][:classes]
		early := r.Step(k+1, p)
		label, best := r.Running()
		if s.Label, s.P = -1, 0; r.Warm(k + 1) {
			s.Label, s.P = int32(label), best
		}
		if early {
			c.Early, c.EarlyAt = label, s.Sample
		}
		if k+1 == c.Counted {
			c.Running, c.Peak = label, r.Peak()
		}
	}
}

// Told appends what is decided of candidates to dst, which is reused.
func Told(dst []Decided, cs []Candidate, labels []string, d *decide.Config) []Decided {
	dst = dst[:0]
	r := decide.NewRules(d, labels)
	for i := range cs {
		dst = append(dst, Decide(&cs[i], &r))
	}
	return dst
}
