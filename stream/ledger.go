package stream

import (
	"inkling/model/decide"
	"inkling/model/segment"
)

// judge applies the rules about a confirmed segment's label, the most probable of p.
// end is the op that ended it.
func (w *walker) judge(c *Classifier, e *Event, p []float32, end *op) {
	from := len(w.verdicts)
	if end.found.Threshold > 0 {
		w.verdicts = append(w.verdicts, decide.Verdict{Rule: decide.Rule(segment.Short), Value: end.found.Value, Threshold: end.found.Threshold, Passed: true})
	}
	w.verdicts = w.decider.Judge(w.verdicts, p, w.counted.peak)
	for _, v := range w.verdicts[from:] {
		if !v.Passed && !(c.o.Background && v.Rule == decide.Background) {
			e.Rule, e.Value, e.Threshold = v.Rule, v.Value, v.Threshold
			break
		}
	}
	switch e.Rule {
	case "":
	case decide.Background:
		*e = Event{Type: Dropped, Segment: e.Segment, Step: e.Step, Sample: e.Sample, Time: e.Time, Start: e.Start, End: e.End,
			EndedBy: e.EndedBy, Rule: e.Rule, Value: e.Value, Threshold: e.Threshold}
	default:
		e.Label, e.Rejected, e.Agrees = "", true, false
	}
	if !c.o.Why {
		w.verdicts = w.verdicts[:from]
	} else {
		w.verdicts = w.decider.JudgeEarly(w.verdicts)
		e.Why = w.verdicts[from:len(w.verdicts):len(w.verdicts)]
	}
}
