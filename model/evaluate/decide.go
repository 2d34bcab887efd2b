package evaluate

import "inkling/model"

// Why a candidate is not reported; Candidate.Dropped has the segmenter's reasons.
const (
	heldRejected   = "rejected"
	heldBackground = "background"
)

// A Decided is what is said of a candidate.
type Decided struct {
	Label int // the most probable one; −1: the segmenter dropped it
	P     float32
	Held  string // "": it is reported; else the rule that held it back
}

// Decide applies the rules of d, as a stream.Classifier with them does. It is the
// one place here where a candidate becomes an answer.
func Decide(c *Candidate, labels []string, d *model.Decision) Decided {
	if c.Dropped != "" {
		return Decided{Label: -1, Held: c.Dropped}
	}
	best := argmax(c.Confirm)
	v := Decided{Label: best, P: c.Confirm[best]}
	switch {
	case d.Background != "" && labels[best] == d.Background:
		v.Held = heldBackground
	case float64(v.P) < d.Threshold:
		v.Held = heldRejected
	}
	return v
}

// Answers are the candidates as spans for Pair, −1 where one is held back; dst is
// reused.
func Answers(dst []Span, cs []Candidate, labels []string, d *model.Decision) []Span {
	dst = dst[:0]
	for i := range cs {
		c := &cs[i]
		s := Span{c.Start, c.End, -1}
		if v := Decide(c, labels, d); v.Held == "" {
			s.Label = v.Label
		}
		dst = append(dst, s)
	}
	return dst
}
