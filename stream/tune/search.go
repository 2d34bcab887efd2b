package tune

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream/evaluate"
)

// A plan is a way to cut and to decide; how far down the path its thresholds go is still
// open.
type plan struct {
	segment  segment.Config
	decision decide.Config
	path     []move
	weight   float64 // of a wrong label in path, see newPath
	worth    float64 // greater is better
	latency  float64 // ms, over all events that can be found
	traces   []*evaluate.Trace
}

// leastAlarms is the least budget with which plans are compared: with no alarm, or a single
// one, the comparison would be one of luck.
const leastAlarms = 2

// value returns what a path can give on the traces that it was made from.
func (r *run) value(points []Point, events int, hours float64) float64 {
	g := r.Goal.observed()
	if g.budgeted() {
		g.Recall = 0
		if g.FalseAlarms >= 0 {
			g.FalseAlarms = max(g.FalseAlarms, leastAlarms/hours)
		}
		if g.Wrong > 0 {
			g.Wrong = max(g.Wrong, leastAlarms/float64(events))
		}
		if i := g.choose(points, events, hours); i >= 0 {
			return float64(points[i].Found) / float64(events)
		}
		return 0
	}
	if i := g.choose(points, events, hours); i >= 0 {
		return 1 + 1/(1+float64(points[i].Alarms)/hours)
	}
	return float64(points[len(points)-1].Found) / float64(events)
}

// consider returns the best plan for what a segmenter cut.
func (r *run) consider(s segment.Config, traces []*evaluate.Trace) *plan {
	var best *plan
	events, hours := size(traces)
	for _, d := range r.evidence(s) {
		for _, t := range traces {
			t.Replay(&r.m.Config, &d)
		}
		cs := curves(traces, &r.m.Config, &d, r.Tolerance)
		for _, w := range r.Goal.weights(events, hours) {
			path := newPath(cs, w)
			p := &plan{segment: s, decision: d, path: path, weight: w, worth: r.value(along(path, cs), events, hours), traces: traces}
			if best == nil || p.worth > best.worth+leastGain {
				best = p
			}
		}
	}
	best.latency = r.score(best, traces).latency()
	return best
}

// leastGain is the least rise in worth for which a rule or a setting is changed: two in a
// thousand events are chance.
const leastGain = 0.002

// evidence returns the model's decision with each rule about evidence that fits s: none,
// the model's own, a few others.
func (r *run) evidence(s segment.Config) (all []decide.Config) {
	d := r.m.Config.Decision
	d.Threshold, d.On = 0, nil
	with := func(limit, drift float64) {
		d.CUSUMLimit, d.CUSUMDrift = limit, drift
		if r.fits(s, d) {
			all = append(all, d)
		}
	}
	own := r.m.Config.Decision
	with(0, 0)
	if own.CUSUMLimit > 0 {
		with(own.CUSUMLimit, own.CUSUMDrift)
	}
	if r.m.HasRunning() {
		for _, drift := range []float64{0, 1} {
			for _, limit := range []float64{5, 15, 40} {
				with(limit, drift)
			}
		}
	}
	return all
}

// fits reports whether the model may have this segmenter and this decision.
func (r *run) fits(s segment.Config, d decide.Config) bool {
	c := r.m.Config
	c.Segment, c.Decision = s, d
	return c.CheckDecision() == nil
}

// better reports whether p should replace q: it comes nearer to the greatest latency, or
// both keep to it and p is worth more.
func (r *run) better(p, q *plan) bool {
	if r.Goal.Latency > 0 {
		over := func(p *plan) float64 { return max(p.latency-r.Goal.Latency, 0) }
		if a, b := over(p), over(q); a != b {
			return a < b
		}
	}
	return p.worth > q.worth+leastGain
}

// An edit changes settings of a segmenter.
type edit func(s *segment.Config)

// coordinates returns the settings of a segmenter that are tried, one list after another,
// each with the best of the lists before. Kinds without any are left as they are.
func coordinates(kind segment.Kind) (all [][]edit) {
	switch kind {
	case segment.Label:
		return labelCoordinates()
	case segment.Activity:
		return activityCoordinates()
	}
	return nil
}

// labelCoordinates are the thresholds of the detector, then the times.
func labelCoordinates() [][]edit {
	var opens []edit
	for _, on := range []float64{0.5, 0.8, 0.9, 0.97} {
		for _, off := range []float64{0.3, 0.6} {
			opens = append(opens, func(s *segment.Config) { s.DetectOn, s.DetectOff = on, min(on, off) })
		}
	}
	return append([][]edit{opens},
		each(func(s *segment.Config) *float64 { return &s.Hold }, 0.1, 0.15, 0.25),
		each(func(s *segment.Config) *float64 { return &s.PreRoll }, 0.08, 0.12, 0.2),
		each(func(s *segment.Config) *float64 { return &s.MinDuration }, 0.02, 0.06, 0.12),
		each(func(s *segment.Config) *float64 { return &s.MaxDuration }, 2, 5))
}

func each(field func(s *segment.Config) *float64, values ...float64) (list []edit) {
	for _, v := range values {
		list = append(list, func(s *segment.Config) { *field(s) = v })
	}
	return list
}

// activityCoordinates are the levels, then the times.
func activityCoordinates() (all [][]edit) {
	var opens []edit
	for _, level := range []float64{-60, -45, -35} {
		for _, on := range []float64{6, 12, 18, 24} {
			opens = append(opens, func(s *segment.Config) { s.LevelDBFS, s.OnDB, s.OffDB = level, on, on/2 })
		}
	}
	all = append(all, opens, []edit{
		func(s *segment.Config) { s.OffDB = s.OnDB - 2 }, func(s *segment.Config) { s.OffDB = s.OnDB / 4 },
	})
	return append(all,
		each(func(s *segment.Config) *float64 { return &s.MaxDuration }, 2, 5),
		each(func(s *segment.Config) *float64 { return &s.Hold }, 0.1, 0.2, 0.35),
		each(func(s *segment.Config) *float64 { return &s.MinDuration }, 0.05, 0.1, 0.15),
		each(func(s *segment.Config) *float64 { return &s.PreRoll }, 0.02, 0.05, 0.1))
}

// variants returns the segmenters other than s that a coordinate gives.
func (r *run) variants(s segment.Config, coordinate []edit) (all []segment.Config) {
	for _, change := range coordinate {
		v := s.Defaults()
		if change(&v); v != s.Defaults() && len(r.evidence(v)) > 0 {
			all = append(all, v)
		}
	}
	return all
}

// search returns the best plan on the recordings to search on; own are their traces with
// the model's segmenter.
func (r *run) search(own []*evaluate.Trace) (*plan, error) {
	best := r.consider(r.m.Config.Segment, own)
	if r.FixedSegments {
		return best, nil
	}
	lists := coordinates(best.segment.Kind)
	done, all := 0, len(slices.Concat(lists...))
	for _, c := range lists {
		for _, s := range r.variants(best.segment, c) {
			done++
			r.log("segmenter %d of at most %d; best so far: %s", done, all, r.standing(best))
			traces, err := r.collect(&s, r.searching)
			if err != nil {
				return nil, err
			}
			if p := r.consider(s, traces); r.better(p, best) {
				best = p
			}
		}
	}
	return best, nil
}

// standing says how good a plan is on the recordings to search on.
func (r *run) standing(p *plan) string {
	if r.budgeted() {
		return fmt.Sprintf("recall %.3f", p.worth)
	}
	if p.worth > 1 {
		return fmt.Sprintf("%.3g false alarms an hour", 1/(p.worth-1)-1)
	}
	return fmt.Sprintf("recall %.3f at most", p.worth)
}

// steady gives p the average and the hold with which its running label changes least
// often, if that is at least a tenth less often, every label still settles, and at most
// slower ms later, or as late as the goal allows.
func (r *run) steady(p *plan) {
	if !r.m.HasRunning() {
		return
	}
	const slower = 20
	base := r.score(p, p.traces)
	limit := base.latency() + slower
	if r.Goal.Latency > 0 {
		limit = max(r.Goal.Latency, base.latency())
	}
	best, flips := p.decision, 0.9*float64(base.Running.FlipsPerMinute)
	for _, smooth := range []float64{0, 2, 4, 8} {
		for _, hold := range []int{0, 4} {
			q := *p
			q.decision.Smooth, q.decision.Hold = smooth, hold
			if !r.fits(p.segment, q.decision) {
				continue
			}
			s := r.score(&q, p.traces)
			if f := float64(s.Running.FlipsPerMinute); f < flips && s.latency() <= limit && s.Latency.Running.Events >= base.Latency.Running.Events {
				best, flips = q.decision, f
			}
		}
	}
	p.decision = best
}

// A scored report has a latency for comparisons.
type scored struct{ *evaluate.StreamReport }

// latency returns the median in ms, to the running label or without one to the confirmed;
// infinite if nothing was found.
func (s scored) latency() float64 {
	l := s.Latency.Confirmed.Median
	if s.Latency.Running.Events > 0 {
		l = s.Latency.Running.Median
	}
	if v := float64(l); v == v {
		return v
	}
	return math.Inf(1)
}

// score reports on traces under p's decision.
func (r *run) score(p *plan, traces []*evaluate.Trace) scored {
	for _, t := range traces {
		t.Replay(&r.m.Config, &p.decision)
	}
	return scored{evaluate.Score(r.m.Config.Labels, traces, &p.decision, r.Tolerance)}
}

// config returns the model's configuration with a plan and what was measured under it.
func (r *run) config(p *plan, f *Figures) model.Config {
	c := r.m.Config
	c.Segment, c.Decision = p.segment, p.decision
	c.Origin.Measured = maps.Clone(c.Origin.Measured)
	if c.Origin.Measured == nil {
		c.Origin.Measured = map[string]float64{}
	}
	maps.Copy(c.Origin.Measured, r.Goal.measured(f))
	return c
}
