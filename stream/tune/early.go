package tune

import (
	"cmp"
	"fmt"
	"slices"

	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/decide"
	"inkling/stream/evaluate"
)

// DefaultEarlyGap is the greatest share of early labels that the end may overturn, unless
// Options say otherwise.
const DefaultEarlyGap = 0.05

// onlyEarly reports whether nothing but the early rule is to be tuned.
func (o *Options) onlyEarly() bool {
	return o.EarlyGap > 0 && !o.budgeted() && o.Recall == 0
}

// Check returns an error for options that nothing can be found for.
func (o *Options) Check() error {
	if !(o.EarlyGap >= 0 && o.EarlyGap < 0.5) {
		return fmt.Errorf("tune: share of early labels overturned: %v, want 0 to less than 0.5", o.EarlyGap)
	}
	g := o.Goal
	if o.onlyEarly() {
		g.Recall = 1 // some goal
	}
	return g.Check()
}

// tuneEarly learns the early rule alone: segmenter and thresholds stay, so that all
// recordings are for the proof.
func (r *run) tuneEarly() (*Result, error) {
	r.log("running the model over the streams")
	traces, err := r.collect(nil, slices.Concat(r.searching, r.proving))
	if err != nil {
		return nil, err
	}
	p := &plan{segment: r.m.Config.Segment, decision: r.m.Config.Decision}
	s := r.score(p, traces)
	res := &Result{Goal: r.Goal, Before: r.figures(s), Reached: true}
	before := p.decision.Early
	r.learnEarly(p, traces)
	s = r.score(p, traces)
	res.Report, res.After = s.StreamReport, r.figures(s)
	e := p.decision.Early
	if res.Early = e; e == nil || e == before || e.Gap > r.EarlyGap+1e-4 {
		res.Reached, res.Why = false, "the streams are too short, or early labels too often wrong, for that: give more of them, or a greater share"
	}
	if res.Reached || r.BestEffort {
		c := r.config(p, &res.After)
		res.Config = &c
	}
	res.settings(p)
	return res, nil
}

// settings enters what p decides into res.
func (res *Result) settings(p *plan) {
	d := &p.decision
	res.Segment = p.segment
	res.Decision = Decision{d.Threshold, d.On, d.CUSUMLimit, d.CUSUMDrift, d.Smooth, d.Hold}
	res.Early = d.Early
}

// learnEarly gives p an early rule that keeps its promise on the traces of the proof, which
// Replay has seen with p's decision. If they are too few for any, p's rule stays.
func (r *run) learnEarly(p *plan, traces []*evaluate.Trace) {
	if !r.m.HasRunning() {
		return
	}
	c := r.m.Config
	c.Decision = p.decision
	all := r.segments(p, traces)
	if c.Calibration == nil && len(all) > 0 { // the rule needs the length of a usual segment
		c.Calibration = &model.Calibration{Steps: usualSteps(all)}
	}
	gap := cmp.Or(r.EarlyGap, DefaultEarlyGap)
	notes := calibrate.LearnEarly(&c, calibrate.EarlyOptions{Gap: gap, Confidence: r.Confidence}, all)
	if c.Decision.Early == nil {
		r.log("the early rule stays as it was: the proof is too short for another")
		return
	}
	for _, note := range notes {
		r.log("%s", note)
	}
	if m, err := model.New(c, r.m.Params); err == nil {
		r.m, p.decision = m, c.Decision
	}
}

// usualSteps is the ninth decile of the segments' lengths.
func usualSteps(all []calibrate.HeldOut) int {
	var n []int
	for i := range all {
		n = append(n, all[i].Counted)
	}
	slices.Sort(n)
	return max(n[len(n)*9/10], 1)
}

// segments returns the segments of traces as calibrate has them, without those in which the
// proof's contents come again.
func (r *run) segments(p *plan, traces []*evaluate.Trace) (all []calibrate.HeldOut) {
	_, hours := size(traces)
	most := r.Goal.distinct(hours)
	rules := decide.NewRules(&p.decision, r.m.Config.Labels)
	for _, t := range traces {
		for i := range t.Candidates {
			k := &t.Candidates[i]
			if float64(k.Start) > most*float64(t.Samples) {
				break
			}
			a := evaluate.Decide(k, &rules)
			v := calibrate.HeldOut{Running: k.Probs, Probs: k.Confirm, Counted: k.Counted, Unsure: k.Unsure, Dropped: !a.Reported()}
			if v.Probs == nil {
				v.Probs = make([]float32, r.m.Classes())
			}
			all = append(all, v)
		}
	}
	return all
}
