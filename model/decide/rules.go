package decide

import (
	"math"

	"inkling/internal/f32"
)

// Rules are a Config as single steps need it: thresholds in the order of the labels.
type Rules struct {
	on                    []float64 // of confirmed labels
	runningOn, runningOff []float64
	newest                float32 // weight of the newest step in the average; 1: no average
	hold                  int
	limit, drift          float64
	background            int // −1: none
}

// NewRules returns the rules of c, which has passed its check.
func NewRules(c *Config, labels []string) Rules {
	r := Rules{newest: 1, hold: c.Hold, limit: c.CUSUMLimit, drift: c.CUSUMDrift, background: -1}
	if c.Smooth > 0 {
		r.newest = float32(1 - math.Exp(-1/c.Smooth))
	}
	for i, label := range labels {
		on, ok := c.On[label]
		if !ok {
			on = c.Threshold
		}
		r.on = append(r.on, on)
		r.runningOn = append(r.runningOn, c.RunningOn[label])
		r.runningOff = append(r.runningOff, c.RunningOff[label])
		if label == c.Background {
			r.background = i
		}
	}
	return r
}

// best returns the most probable label but the background, −1 if there is none.
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
// background is no label here: its probability and the others' add up to one, so no
// label's log-odds exceed those against the background, and they count against it.
func (r *Rules) evidence(p []float32) float64 {
	b := min(max(float64(p[r.best(p)]), 1-SureP), SureP)
	return math.Log(b / (1 - b))
}

// Judge appends what each rule says of a confirmed segment with probabilities p and a
// greatest evidence of peak, in the order in which the rules apply: the first verdict
// that did not pass holds the label back.
func (r *Rules) Judge(dst []Verdict, p []float32, peak float64) []Verdict {
	label := f32.Argmax(p)
	if b := r.background; b >= 0 {
		dst = append(dst, Verdict{Background, float64(p[b]), float64(p[r.best(p)]), label != b})
	}
	if on, v := r.on[label], float64(p[label]); on > 0 {
		dst = append(dst, Verdict{Threshold, v, on, v >= on})
	}
	if r.limit > 0 && label != r.background {
		dst = append(dst, Verdict{CUSUM, peak, r.limit, peak >= r.limit})
	}
	return dst
}

// Reports reports whether a segment with confirmed probabilities p is given a label, the
// rule about evidence aside.
func (r *Rules) Reports(p []float32) bool {
	label := f32.Argmax(p)
	return label != r.background && float64(p[label]) >= r.on[label]
}

// A Rule is something that a label has to pass before it is reported.
type Rule string

const (
	Background Rule = "background"  // it is not the background label
	Threshold  Rule = "threshold"   // its probability reaches the threshold
	CUSUM      Rule = "cusum"       // the segment's evidence reaches the limit
	EarlyScore Rule = "early"       // the score of the learned early rule reaches its threshold
	EarlyP     Rule = "early_p"     // the running label's probability reaches EarlyP
	EarlySteps Rule = "early_steps" // it stays there for EarlySteps steps
)

// A Verdict is what a rule said of a segment: Value against Threshold. The early rules
// hold back no more than the early label.
type Verdict struct {
	Rule      Rule    `json:"rule"`
	Value     float64 `json:"value"`
	Threshold float64 `json:"threshold"`
	Passed    bool    `json:"passed"`
}
