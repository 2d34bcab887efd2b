// Package tune chooses what turns a model's probabilities into events (thresholds by
// label, rules about the evidence, the running label's average, the segmenter) so that
// a goal is met on streams, and says when none can be. The network stays as it is: it
// hears a stream once a segmenter, everything else is decided again of what it said.
//
// One part of the streams is searched: it gives the settings, and an order of
// thresholds from the strictest on. The other part alone says how far down that order
// the goal holds, with a margin for chance; what was fitted to the first part is no
// proof by it.
package tune

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"inkling/model"
	"inkling/model/segment"
	"inkling/stream/evaluate"
)

// Options of Run.
type Options struct {
	Goal
	Tolerance     float64 // as evaluate.StreamOptions has it
	IgnoreUnknown bool
	FixedSegments bool // leave the segmenter as it is
	Segmenting    int  // of the recordings for searching, how many segmenters are tried on; 0: all
	BestEffort    bool // without what meets the goal, the thresholds that come nearest
	Say           func(line string)
	Progress      func(done, total float64)
}

// Figures are how good a model is on the streams of the proof.
type Figures struct {
	Events      int             `json:"events"`
	Found       int             `json:"found"`
	FalseAlarms int             `json:"false_alarms"`
	Hours       float64         `json:"hours"`
	Recall      evaluate.Share  `json:"recall"`
	PerHour     float64         `json:"false_alarms_per_hour"`
	RecallLeast float64         `json:"recall_at_least"` // with the goal's confidence
	PerHourMost float64         `json:"false_alarms_per_hour_at_most"`
	LatencyMS   evaluate.Number `json:"latency_ms"` // median to the running label that stays; without one, to the confirmed
	Flips       evaluate.Number `json:"flips_per_minute"`
}

// recall is 0 where there are no events.
func (f *Figures) recall() float64 {
	if f.Events == 0 {
		return 0
	}
	return float64(f.Recall)
}

// A Result is what Run found.
type Result struct {
	Reached bool           `json:"reached"`
	Why     string         `json:"why,omitempty"` // not
	Before  Figures        `json:"before"`
	After   Figures        `json:"after"`
	Config  *model.Config  `json:"-"` // the tuned model's; nil: there is nothing to put in its place
	Segment segment.Config `json:"segment"`
	Decided struct {
		Threshold  float64            `json:"threshold"`
		On         map[string]float64 `json:"on,omitempty"`
		CUSUMLimit float64            `json:"cusum_limit,omitempty"`
		CUSUMDrift float64            `json:"cusum_drift,omitempty"`
		Smooth     float64            `json:"smooth,omitempty"`
		Hold       int                `json:"hold,omitempty"`
	} `json:"decision"`
	Curve  []Point                `json:"-"` // of the proof, from the strictest thresholds on
	Report *evaluate.StreamReport `json:"-"` // of the proof, tuned
}

type run struct {
	Options
	ctx                context.Context
	m                  *model.Model
	searching, proving []evaluate.Recording
}

// Run tunes m. Without recordings for the proof those for searching are shared out,
// a third and the rest; with a Confidence of 0 all of them serve as both.
func Run(ctx context.Context, m *model.Model, searching, proving []evaluate.Recording, o Options) (*Result, error) {
	if err := o.Check(); err != nil {
		return nil, err
	}
	if o.Tolerance == 0 {
		o.Tolerance = evaluate.DefaultTolerance
	}
	r := &run{Options: o, ctx: ctx, m: m, searching: searching, proving: proving}
	shaping, halve := r.portion()
	r.say("listening with the model's segmenter")
	own, err := r.listen(nil, r.searching)
	if err != nil {
		return nil, err
	}
	if events, _ := size(own); events == 0 {
		return nil, errors.New("tune: there are no events in the streams: give annotations, or labelled examples")
	}
	best, err := r.search(own)
	if err == nil && len(shaping) > 0 {
		best, err = r.shape(best, shaping)
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
		var searched []*evaluate.Take
		searched, after = divide(after)
		if before = after; !same {
			_, before = divide(own)
		}
		best = r.consider(best.segment, searched) // its path, of what does not prove it
	}
	r.steady(best)
	return r.prove(best, before, after), nil
}

// portion shares out the recordings: those that segmenters are tried on stay in
// searching, the path takes those for shaping as well. halve: there is but one, to be
// cut when it has been heard.
func (r *run) portion() (shaping []evaluate.Recording, halve bool) {
	if r.proving == nil && r.Confidence > 0 {
		if len(r.searching) < 2 {
			return nil, true
		}
		r.searching, r.proving = share(r.searching)
	}
	n := len(r.searching)
	if r.Segmenting > 0 && r.proving != nil {
		n = min(n, r.Segmenting)
	}
	shaping, r.searching = r.searching[n:], r.searching[:n]
	return shaping, false
}

// shape makes p's decision and path anew of more than its segmenter was chosen on.
func (r *run) shape(p *plan, of []evaluate.Recording) (*plan, error) {
	r.say("listening for thresholds")
	more, err := r.listen(&p.segment, of)
	if err != nil {
		return nil, err
	}
	return r.consider(p.segment, slices.Concat(p.takes, more)), nil
}

// proofs are the takes of the proof, heard with the model's own segmenter and the
// plan's.
func (r *run) proofs(p *plan, own []*evaluate.Take) (before, after []*evaluate.Take, err error) {
	if r.proving == nil {
		return own, p.takes, nil
	}
	r.say("listening to the streams of the proof")
	if after, err = r.listen(&p.segment, r.proving); err != nil {
		return nil, nil, err
	}
	before = after
	if p.segment.Defaults() != r.m.Config.Segment.Defaults() {
		before, err = r.listen(nil, r.proving)
	}
	return before, after, err
}

func (r *run) listen(s *segment.Config, of []evaluate.Recording) ([]*evaluate.Take, error) {
	return evaluate.Listen(r.ctx, r.m, of, evaluate.StreamOptions{Segment: s, IgnoreUnknown: r.IgnoreUnknown, Running: true, Progress: r.Progress})
}

func (r *run) say(format string, args ...any) {
	if r.Say != nil {
		r.Say(fmt.Sprintf(format, args...))
	}
}

// prove walks p's path on the proof's takes.
func (r *run) prove(p *plan, before, after []*evaluate.Take) *Result {
	res := &Result{}
	old := plan{segment: r.m.Config.Segment, decision: r.m.Config.Decision}
	res.Before = r.figures(&old, before, nil)
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
	res.After = r.figures(p, after, &res.Report)
	if l := float64(res.After.LatencyMS); res.Reached && r.Goal.Latency > 0 && !(l <= r.Goal.Latency) {
		res.Reached, res.Why = false, fmt.Sprintf("the best is a median of %.0f ms to the running label, at a recall of %s", l, res.After.Recall)
	}
	c := r.config(p, &res.After)
	res.Segment = c.Segment
	d, e := &c.Decision, &res.Decided
	e.Threshold, e.On, e.CUSUMLimit, e.CUSUMDrift, e.Smooth, e.Hold = d.Threshold, d.On, d.CUSUMLimit, d.CUSUMDrift, d.Smooth, d.Hold
	if res.Reached || r.BestEffort {
		res.Config = &c
	}
	return res
}

// effort is the place on p's path that comes nearest to the goal. Where the proof is too
// short for any, the path is made anew of all that was heard, and what was observed in
// it decides.
func (r *run) effort(p *plan, res *Result, after []*evaluate.Take) int {
	events, hours := size(after)
	if r.Goal.FalseAlarms < 0 || r.Goal.alarmsHold(0, hours) {
		return r.nearest(res.Curve, events, hours)
	}
	all := slices.Clone(after)
	if r.proving != nil {
		all = append(all, p.takes...)
		r.score(p, p.takes)
	}
	cs := curves(all, &r.m.Config, &p.decision, r.Tolerance)
	p.path = newPath(cs)
	res.Curve = along(p.path, curves(after, &r.m.Config, &p.decision, r.Tolerance))
	events, hours = size(all)
	return r.nearest(along(p.path, cs), events, hours)
}

// nearest is the place on a path that the goal would be closest to.
func (r *run) nearest(points []Point, events int, hours float64) int {
	g := r.Goal
	if g.FalseAlarms < 0 {
		return len(points) - 1
	}
	g.Recall = 0
	if n := g.choose(points, events, hours); n >= 0 {
		return n
	}
	g = g.observed()
	if n := g.choose(points, events, hours); n >= 0 {
		return n
	}
	return first(points, 1)
}

// why says in words that the goal is out of reach, and what is not.
func (r *run) why(points []Point, events int, hours float64) string {
	g := r.Goal
	if g.FalseAlarms >= 0 && !g.alarmsHold(0, hours) {
		distinct := "h"
		if g.share(hours) < 1 {
			distinct = "h in which nothing comes twice,"
		}
		say := fmt.Sprintf("%.3g %s without any false alarm show no less than %.2g/h at %.0f %%: give ", g.share(hours)*hours, distinct, g.AtMost(0, hours), 100*g.Confidence)
		if g.FalseAlarms > 0 {
			say += fmt.Sprintf("%.3g h of them for the proof, ", g.Hours(0))
		}
		return say + "a greater budget, or go by what is observed with a confidence of 0"
	}
	p := points[r.nearest(points, events, hours)]
	say := fmt.Sprintf("the best is a recall of %s with %s", part(p.Found, events), r.alarms(p.Alarms, hours))
	if only := (Goal{FalseAlarms: -1, Recall: g.Recall, Confidence: g.Confidence, Distinct: g.Distinct}); g.FalseAlarms >= 0 && g.Recall > 0 {
		if n := only.choose(points, events, hours); n >= 0 {
			return say + fmt.Sprintf("; a recall of %.3g takes %s", g.Recall, r.alarms(points[n].Alarms, hours))
		}
		return say + fmt.Sprintf("; without any threshold it is %s", part(points[len(points)-1].Found, events))
	}
	return say
}

func part(found, events int) string { return evaluate.Share(float64(found) / float64(events)).String() }

// alarms says a rate, and its bound.
func (r *run) alarms(n int, hours float64) string {
	say := fmt.Sprintf("%.3g false alarms an hour", float64(n)/hours)
	if r.Confidence > 0 {
		say += fmt.Sprintf(" (at most %.3g at %.0f %%)", r.AtMost(n, hours), 100*r.Confidence)
	}
	return say
}

func (r *run) figures(p *plan, takes []*evaluate.Take, report **evaluate.StreamReport) Figures {
	s := r.score(p, takes)
	if report != nil {
		*report = s.StreamReport
	}
	hours := s.Seconds / 3600
	late := s.latency()
	if math.IsInf(late, 1) {
		late = math.NaN()
	}
	return Figures{Events: s.Events, Found: s.Found, FalseAlarms: s.FalseAlarms.Total, Hours: hours, Recall: s.Recall, PerHour: float64(s.FalseAlarms.Total) / hours,
		RecallLeast: r.AtLeast(s.Found, s.Events, hours), PerHourMost: r.AtMost(s.FalseAlarms.Total, hours),
		LatencyMS: evaluate.Number(late), Flips: s.Running.FlipsPerMinute}
}

// share gives about a third of the signal, in whole recordings, to the search.
func share(all []evaluate.Recording) (searching, proving []evaluate.Recording) {
	total, has := 0.0, 0.0
	length := func(r *evaluate.Recording) float64 { return max(r.Seconds, 1) }
	for i := range all {
		total += length(&all[i])
	}
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b evaluate.Recording) int { return cmp.Compare(length(&a), length(&b)) })
	for i, r := range order {
		if i == 0 || i < len(order)-1 && has+length(&r) <= total/3 {
			searching, has = append(searching, r), has+length(&r)
			continue
		}
		proving = append(proving, r)
	}
	return searching, proving
}

// divide cuts takes at a third of their length, between candidates; the rest begins
// at 0 again.
func divide(takes []*evaluate.Take) (first, rest []*evaluate.Take) {
	for _, t := range takes {
		cut := t.Samples / 3
		i, k := 0, 0
		for i < len(t.Events) && t.Events[i].Start < cut {
			i++
		}
		for k < len(t.Candidates) && t.Candidates[k].Start < cut {
			k++
		}
		a, b := *t, *t
		a.Events, a.Clips, a.Candidates, a.Samples = t.Events[:i], t.Clips[:i], t.Candidates[:k], cut
		b.Events, b.Clips, b.Candidates, b.Samples = nil, t.Clips[i:], nil, t.Samples-cut
		for _, e := range t.Events[i:] {
			e.Start, e.End = e.Start-cut, e.End-cut
			b.Events = append(b.Events, e)
		}
		for _, c := range t.Candidates[k:] {
			c.Start, c.End, c.Told, c.Steps = c.Start-cut, c.End-cut, c.Told-cut, slices.Clone(c.Steps)
			for i := range c.Steps {
				c.Steps[i].Sample -= cut
			}
			b.Candidates = append(b.Candidates, c)
		}
		first, rest = append(first, &a), append(rest, &b)
	}
	return first, rest
}
