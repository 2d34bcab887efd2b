package evaluate

import (
	"inkling/internal/f32"
	"inkling/model/decide"
)

// An Answer is what is decided about a candidate.
type Answer struct {
	Label int // the most probable one; −1 if the segmenter dropped the candidate
	P     float32
	Held  decide.Rule // the rule that held the label back, as docs/events.md names it; "" if it is reported
}

// Reported reports whether the label is reported.
func (a *Answer) Reported() bool { return a.Held == "" }

// Decide applies rules about confirmed labels to a candidate, as a stream.Classifier with
// these rules does.
func Decide(c *Candidate, r *decide.Rules) Answer {
	if c.Dropped != "" {
		return Answer{Label: -1, Held: c.Dropped}
	}
	best := f32.Argmax(c.Confirm)
	a := Answer{Label: best, P: c.Confirm[best]}
	var verdicts [4]decide.Verdict
	for _, v := range r.Judge(verdicts[:0], c.Confirm, c.Peak) {
		if !v.Passed {
			a.Held = v.Rule
			break
		}
	}
	return a
}

// Answers decides about candidates by the rules of d; dst is reused.
func Answers(dst []Answer, cs []Candidate, labels []string, d *decide.Config) []Answer {
	r := decide.NewRules(d, labels)
	return answers(dst, cs, &r)
}

func answers(dst []Answer, cs []Candidate, r *decide.Rules) []Answer {
	dst = dst[:0]
	for i := range cs {
		dst = append(dst, Decide(&cs[i], r))
	}
	return dst
}

// answerSpans returns candidates as spans for Pair, with label −1 where the label was
// held back; dst is reused.
func answerSpans(dst []Span, cs []Candidate, as []Answer) []Span {
	dst = dst[:0]
	for i := range cs {
		s := Span{Start: cs[i].Start, End: cs[i].End, Label: -1}
		if as[i].Reported() {
			s.Label = as[i].Label
		}
		dst = append(dst, s)
	}
	return dst
}
