package stream

import "math"

// Rules that a label may meet, the Reason of what they hold back; docs/events.md has
// the table.
const (
	RuleOn         = "on"    // Why: sound that did not open a segment
	RuleLevel      = "level" // Why: the same
	RuleShort      = "short"
	RuleNoStep     = "no_step"
	RuleBackground = "background"
	RuleThreshold  = "threshold"
	RuleCUSUM      = "cusum"
	RuleEarly      = "early" // Why: holds back no more than the early event
	RuleEarlyP     = "early_p"
	RuleEarlySteps = "early_steps"
)

// A Verdict is what a rule said of a segment: value against threshold.
type Verdict struct {
	Rule      string  `json:"rule"`
	Value     float64 `json:"value"`
	Threshold float64 `json:"threshold"`
	Passed    bool    `json:"passed"`
}

// judge applies the rules about a confirmed segment's label, the most probable of p.
// end is the op that ended it.
func (w *walker) judge(c *Classifier, e *Event, p []float32, end *op) {
	from := len(w.verdicts)
	if end.found.Threshold > 0 {
		w.verdicts = append(w.verdicts, Verdict{RuleShort, end.found.Value, end.found.Threshold, true})
	}
	w.verdicts = w.rules.Judge(w.verdicts, p, w.counted.peak)
	for _, v := range w.verdicts[from:] {
		if !v.Passed && !(c.o.Background && v.Rule == RuleBackground) {
			e.Reason, e.Value, e.Threshold = v.Rule, v.Value, v.Threshold
			break
		}
	}
	switch e.Reason {
	case "":
	case RuleBackground:
		*e = Event{Type: Dropped, Segment: e.Segment, Step: e.Step, Sample: e.Sample, Time: e.Time, Start: e.Start, End: e.End,
			EndedBy: e.EndedBy, Reason: e.Reason, Value: e.Value, Threshold: e.Threshold}
	default:
		e.Label, e.Rejected, e.Agrees = "", true, false
	}
	if !c.o.Why {
		w.verdicts = w.verdicts[:from]
	} else {
		w.judgeEarly(c)
		e.Why = w.verdicts[from:len(w.verdicts):len(w.verdicts)]
	}
}

// watch notes how near the early rule came to firing at a step.
func (w *walker) watch(c *Classifier) {
	near := float64(w.probs[w.label])
	if c.dec.Early != nil {
		near = w.stopper.Score
	}
	w.nearest, w.mostHeld = max(w.nearest, near), max(w.mostHeld, w.stopper.Held)
}

// judgeEarly tells what watch noted.
func (w *walker) judgeEarly(c *Classifier) {
	switch d := &c.dec; {
	case math.IsInf(w.nearest, -1):
	case d.Early != nil:
		w.verdicts = append(w.verdicts, Verdict{RuleEarly, w.nearest, d.Early.Threshold, w.early})
	case d.EarlySteps > 0:
		w.verdicts = append(w.verdicts, Verdict{RuleEarlyP, w.nearest, d.EarlyP, w.nearest >= d.EarlyP},
			Verdict{RuleEarlySteps, float64(w.mostHeld), float64(d.EarlySteps), w.early})
	}
}
