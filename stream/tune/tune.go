// Package tune chooses the settings that turn a model's probabilities into events, so that
// a goal is met on streams: the segmenter, thresholds by label, rules about evidence, and
// the average of the running label. It says so if no settings meet the goal. The weights
// stay as they are: the network runs over a stream once for each segmenter, and every
// other setting is computed from the stored probabilities.
//
//	streams, err := tune.Compose("sounds", set, compose.Options{Duration: 3600}, &goal, 0)
//	goal.Distinct = streams.Distinct
//	r, err := tune.Run(ctx, m, streams.Search, streams.Proof, tune.Options{Goal: goal})
//	tuned, err := model.New(*r.Config, m.Params)
//
// The streams to search on give the settings, and an order in which thresholds are
// lowered. The streams of the proof alone decide how far down that order the goal holds,
// with a margin for chance: settings prove nothing on streams they were fitted to.
package tune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream/evaluate"
)

// Options of Run.
type Options struct {
	Goal
	EarlyGap          float64 // greatest share of early labels that the end overturns [DefaultEarlyGap]; without another goal the early rule alone is tuned
	Tolerance         float64 // see evaluate.StreamOptions
	IgnoreUnknown     bool    // see evaluate.StreamOptions
	FixedSegments     bool    // leave the segmenter as it is
	SegmentRecordings int     // how many of the recordings to search on segmenters are tried on; 0 for all
	BestEffort        bool    // if nothing meets the goal, return what comes nearest
	Log               func(line string)
	Progress          func(done, total float64) // seconds of signal that the model has run over, of all that it will at most
}

// A Result is what Run found.
type Result struct {
	Goal     Goal           `json:"-"`
	Reached  bool           `json:"reached"`
	Why      string         `json:"why,omitempty"` // the goal was not reached, and what could be
	Before   Figures        `json:"before"`
	After    Figures        `json:"after"`
	Config   *model.Config  `json:"-"` // of the tuned model; nil if the model should stay as it is
	Segment  segment.Config `json:"segment"`
	Decision Decision       `json:"decision"`
	Early    *decide.Early  `json:"early,omitempty"` // the learned early rule

	Curve  []Point                `json:"-"` // of the proof, from the strictest thresholds on
	Report *evaluate.StreamReport `json:"-"` // of the proof with the tuned model
}

// A Decision holds the settings of a decide.Config that Run chooses.
type Decision struct {
	Threshold  float64            `json:"threshold"`
	On         map[string]float64 `json:"on,omitempty"`
	CUSUMLimit float64            `json:"cusum_limit,omitempty"`
	CUSUMDrift float64            `json:"cusum_drift,omitempty"`
	Smooth     float64            `json:"smooth,omitempty"`
	Hold       int                `json:"hold,omitempty"`
}

// Unreachable says that the goal was not reached, and why; "" if it was.
func (r *Result) Unreachable() string {
	if r.Reached {
		return ""
	}
	return fmt.Sprintf("unreachable (%s): %s", cmp.Or(r.Goal.String(), "early labels that the end confirms"), r.Why)
}

type run struct {
	Options
	ctx                context.Context
	m                  *model.Model
	searching, proving []evaluate.Recording
	course             course
}

// Run tunes m. Without recordings for the proof, those to search on are divided, a third
// and the rest; with a Confidence of 0, all of them serve for both.
func Run(ctx context.Context, m *model.Model, searching, proving []evaluate.Recording, o Options) (*Result, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if o.Tolerance == 0 {
		o.Tolerance = evaluate.DefaultTolerance
	}
	r := &run{Options: o, ctx: ctx, m: m, searching: searching, proving: proving}
	if o.onlyEarly() {
		return r.tuneEarly()
	}
	more, halve := r.allot()
	r.course = r.newCourse(more)
	r.log("running the model over the streams with its own segmenter")
	own, err := r.collect(nil, r.searching)
	if err != nil {
		return nil, err
	}
	if events, _ := size(own); events == 0 {
		return nil, errors.New("tune: there are no events in the streams: give annotations, or labelled examples")
	}
	best, err := r.search(own)
	r.searched()
	if err == nil && len(more) > 0 {
		best, err = r.extend(best, more)
	}
	if err != nil {
		return nil, err
	}
	before, after, err := r.proofs(best, own)
	if err != nil {
		return nil, err
	}
	if halve {
		same := &before[0] == &after[0]
		var searched []*evaluate.Trace
		searched, after = divide(after)
		if before = after; !same {
			_, before = divide(own)
		}
		best = r.consider(best.segment, searched) // its path must not come from the proof
	}
	r.steady(best)
	return r.prove(best, before, after), nil
}

// allot divides the recordings. Segmenters are tried on those that stay in searching; the
// path is made from more as well. halve reports that there is only one recording, whose
// trace has to be cut.
func (r *run) allot() (more []evaluate.Recording, halve bool) {
	if r.proving == nil && r.Confidence > 0 {
		if len(r.searching) < 2 {
			return nil, true
		}
		r.searching, r.proving = apportion(r.searching)
	}
	n := len(r.searching)
	if r.SegmentRecordings > 0 && r.proving != nil {
		n = min(n, r.SegmentRecordings)
	}
	more, r.searching = r.searching[n:], r.searching[:n]
	return more, false
}

// extend makes p's decision and path again from more recordings than its segmenter was
// chosen on.
func (r *run) extend(p *plan, recordings []evaluate.Recording) (*plan, error) {
	r.log("running the model over more streams for the thresholds")
	more, err := r.collect(&p.segment, recordings)
	if err != nil {
		return nil, err
	}
	return r.consider(p.segment, slices.Concat(p.traces, more)), nil
}

// proofs returns the traces of the proof with the model's own segmenter and with the
// plan's.
func (r *run) proofs(p *plan, own []*evaluate.Trace) (before, after []*evaluate.Trace, err error) {
	if r.proving == nil {
		return own, p.traces, nil
	}
	r.log("running the model over the streams of the proof")
	if after, err = r.collect(&p.segment, r.proving); err != nil {
		return nil, nil, err
	}
	before = after
	if p.segment.Defaults() != r.m.Config.Segment.Defaults() {
		before, err = r.collect(nil, r.proving)
	}
	return before, after, err
}

func (r *run) log(format string, args ...any) {
	if r.Log != nil {
		r.Log(fmt.Sprintf(format, args...))
	}
}

// prove walks p's path on the traces of the proof.
func (r *run) prove(p *plan, before, after []*evaluate.Trace) *Result {
	res := &Result{Goal: r.Goal}
	old := plan{segment: r.m.Config.Segment, decision: r.m.Config.Decision}
	res.Before = r.figures(r.score(&old, before))
	r.score(p, after)
	cs := curves(after, &r.m.Config, &p.decision, r.Tolerance)
	res.Curve = along(p.path, cs)
	events, hours := size(after)
	n := r.Goal.choose(res.Curve, events, hours)
	if res.Reached = n >= 0; !res.Reached {
		res.Why = r.why(res.Curve, events, hours)
		n = r.effort(p, res, after)
	}
	put(&p.decision, p.path, n, r.m.Config.Labels)
	r.score(p, after)
	r.learnEarly(p, after)
	s := r.score(p, after)
	res.Report, res.After = s.StreamReport, r.figures(s)
	if l := float64(res.After.LatencyMS); res.Reached && r.Goal.Latency > 0 && !(l <= r.Goal.Latency) {
		res.Reached, res.Why = false, fmt.Sprintf("the best is a median of %.0f ms to the running label, at a recall of %s", l, res.After.Recall)
	}
	c := r.config(p, &res.After)
	res.settings(p)
	if res.Reached || r.BestEffort {
		res.Config = &c
	}
	return res
}

// effort returns the place on p's path that comes nearest to the goal. If the proof is too
// short for any, the path is made again from all traces, and what was observed in them
// decides.
func (r *run) effort(p *plan, res *Result, after []*evaluate.Trace) int {
	events, hours := size(after)
	if r.Goal.holds(Point{}, events, hours) {
		return r.Goal.nearest(res.Curve, events, hours)
	}
	all := slices.Clone(after)
	if r.proving != nil {
		all = append(all, p.traces...)
		r.score(p, p.traces)
	}
	cs := curves(all, &r.m.Config, &p.decision, r.Tolerance)
	p.path = newPath(cs, p.weight)
	res.Curve = along(p.path, curves(after, &r.m.Config, &p.decision, r.Tolerance))
	events, hours = size(all)
	return r.Goal.nearest(along(p.path, cs), events, hours)
}
