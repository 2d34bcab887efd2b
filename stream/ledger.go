package stream

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

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

// heldBack says in words why what e is about was not reported; "" if it was.
func heldBack(e *Event) string {
	if e.Reason == "" {
		return ""
	}
	return Verdict{e.Reason, e.Value, e.Threshold, false}.words(e.topLabel())
}

func (e *Event) topLabel() string {
	if len(e.Top) == 0 {
		return ""
	}
	return e.Top[0].Label
}

// words are v's, of a rule that was not passed by the label.
func (v Verdict) words(label string) string {
	value, threshold := apart(v.Value, v.Threshold)
	switch v.Rule {
	case RuleOn:
		return fmt.Sprintf("not opened: peaked %.3g dB over the floor, %.3g needed (on)", v.Value, v.Threshold)
	case RuleLevel:
		return fmt.Sprintf("not opened: peaked at %.3g dB, %.3g needed (level)", v.Value, v.Threshold)
	case RuleBackground:
		return "background"
	case RuleThreshold:
		return fmt.Sprintf("held back: p %s < %s (threshold of %q)", value, threshold, label)
	case RuleCUSUM:
		return fmt.Sprintf("held back: evidence %s < %s (cusum), best: %s", value, threshold, label)
	case RuleEarly:
		return fmt.Sprintf("no early: score %s < %s", value, threshold)
	case RuleEarlyP:
		return fmt.Sprintf("no early: p %s < %s", value, threshold)
	case RuleEarlySteps:
		return fmt.Sprintf("no early: held %.0f of %.0f steps", v.Value, v.Threshold)
	}
	return fmt.Sprintf("dropped: %s (%.3g, at least %.3g)", v.Rule, v.Value, v.Threshold)
}

// apart writes a and b with two digits, or as many as it takes to tell them apart.
func apart(a, b float64) (x, y string) {
	for digits := 2; ; digits++ {
		x, y = strconv.FormatFloat(a, 'f', digits, 64), strconv.FormatFloat(b, 'f', digits, 64)
		if x != y || a == b || digits == 17 {
			return x, y
		}
	}
}

// notes are the words of the verdicts that were not passed, but for the one that e
// was held back for.
func notes(e *Event) string {
	var b strings.Builder
	for _, v := range e.Why {
		if !v.Passed && v.Rule != e.Reason {
			fmt.Fprintf(&b, "  %s", v.words(e.topLabel()))
		}
	}
	return b.String()
}
