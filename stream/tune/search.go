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

// A plan is a way to decide, thresholds but for their place on the path.
type plan struct {
	segment  segment.Config
	decision decide.Config
	path     []step
	worth    float64 // greater is better
	latency  float64 // ms, over all that can be found
	takes    []*evaluate.Take
}

// leastAlarms are granted when plans are compared: a budget of none, or of a single
// alarm, would compare their luck.
const leastAlarms = 2

// worth is what a path can give on the takes that it was made from.
func (r *run) worth(points []Point, events int, hours float64) float64 {
	g := r.Goal.observed()
	if g.FalseAlarms >= 0 {
		g.FalseAlarms, g.Recall = max(g.FalseAlarms, leastAlarms/hours), 0
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

// consider finds the best decision for what a segmenter cut.
func (r *run) consider(s segment.Config, takes []*evaluate.Take) *plan {
	var best *plan
	events, hours := size(takes)
	for _, d := range r.evidence(s) {
		for _, t := range takes {
			t.Replay(&r.m.Config, &d)
		}
		cs := curves(takes, &r.m.Config, &d, r.Tolerance)
		path := newPath(cs)
		p := &plan{segment: s, decision: d, path: path, worth: r.worth(along(path, cs), events, hours), takes: takes}
		if best == nil || p.worth > best.worth+leastGain {
			best = p
		}
	}
	best.latency = r.score(best, takes).latency()
	return best
}

// leastGain is by how much worth must rise before a rule or a setting is changed: two
// in a thousand events are chance.
const leastGain = 0.002

// evidence lists the decisions with which rules about the evidence there may be in
// segments of s: none, the model's own, a few others.
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

// fits tells whether a model may have both.
func (r *run) fits(s segment.Config, d decide.Config) bool {
	c := r.m.Config
	c.Segment, c.Decision = s, d
	return c.CheckDecision() == nil
}

// better tells whether p is to take q's place: it keeps to the latency, or comes
// nearer to it; if so do both, it is worth more.
func (r *run) better(p, q *plan) bool {
	if r.Goal.Latency > 0 {
		over := func(p *plan) float64 { return max(p.latency-r.Goal.Latency, 0) }
		if a, b := over(p), over(q); a != b {
			return a < b
		}
	}
	return p.worth > q.worth+leastGain
}

// coordinates are the segmenter's settings that are tried, one list after another, each
// with the best of those before: a coarse grid of what opens a segment, how long
// sound keeps it open, how it begins and ends.
func coordinates() (all [][]func(s *segment.Config)) {
	var opens []func(*segment.Config)
	for _, level := range []float64{-60, -45, -35} {
		for _, on := range []float64{6, 12, 18, 24} {
			opens = append(opens, func(s *segment.Config) { s.LevelDBFS, s.OnDB, s.OffDB = level, on, on/2 })
		}
	}
	all = append(all, opens, []func(*segment.Config){
		func(s *segment.Config) { s.OffDB = s.OnDB - 2 }, func(s *segment.Config) { s.OffDB = s.OnDB / 4 },
	})
	for _, c := range []struct {
		field  func(s *segment.Config) *float64
		values []float64
	}{
		{func(s *segment.Config) *float64 { return &s.MaxDuration }, []float64{2, 5}},
		{func(s *segment.Config) *float64 { return &s.Hold }, []float64{0.1, 0.2, 0.35}},
		{func(s *segment.Config) *float64 { return &s.MinDuration }, []float64{0.05, 0.1, 0.15}},
		{func(s *segment.Config) *float64 { return &s.PreRoll }, []float64{0.02, 0.05, 0.1}},
	} {
		var list []func(*segment.Config)
		for _, v := range c.values {
			list = append(list, func(s *segment.Config) { *c.field(s) = v })
		}
		all = append(all, list)
	}
	return all
}

// settings lists the segmenters beside s that a coordinate gives.
func (r *run) settings(s segment.Config, coordinate []func(*segment.Config)) (all []segment.Config) {
	for _, edit := range coordinate {
		v := s.Defaults()
		if edit(&v); v != s.Defaults() && len(r.evidence(v)) > 0 {
			all = append(all, v)
		}
	}
	return all
}

// search finds the best plan on what is for searching; own is the model's segmenter.
func (r *run) search(own []*evaluate.Take) (*plan, error) {
	best := r.consider(r.m.Config.Segment, own)
	if best.segment.Kind != segment.Activity || r.FixedSegments {
		return best, nil
	}
	done, all := 0, len(slices.Concat(coordinates()...))
	for _, c := range coordinates() {
		for _, s := range r.settings(best.segment, c) {
			done++
			r.say("segmenter %d of at most %d; best so far: %s", done, all, r.standing(best))
			takes, err := r.listen(&s, r.searching)
			if err != nil {
				return nil, err
			}
			if p := r.consider(s, takes); r.better(p, best) {
				best = p
			}
		}
	}
	return best, nil
}

// standing says how good a plan is in the search.
func (r *run) standing(p *plan) string {
	if r.FalseAlarms >= 0 {
		return fmt.Sprintf("recall %.3f", p.worth)
	}
	if p.worth > 1 {
		return fmt.Sprintf("%.3g false alarms an hour", 1/(p.worth-1)-1)
	}
	return fmt.Sprintf("recall %.3f at most", p.worth)
}

// steady gives p the average and the hold that make its running label change least
// often, if that is a tenth less often than it does, costs none of the labels that
// settle and no more than slower ms, or as much as the goal allows.
func (r *run) steady(p *plan) {
	if !r.m.HasRunning() {
		return
	}
	const slower = 20
	base := r.score(p, p.takes)
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
			s := r.score(&q, p.takes)
			if f := float64(s.Running.FlipsPerMinute); f < flips && s.latency() <= limit && s.Latency.Running.Events >= base.Latency.Running.Events {
				best, flips = q.decision, f
			}
		}
	}
	p.decision = best
}

// A scored report is one whose latency may be missing.
type scored struct{ *evaluate.StreamReport }

// latency is the median in ms; infinite if nothing was found.
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

// score is the report on takes under p's decision.
func (r *run) score(p *plan, takes []*evaluate.Take) scored {
	for _, t := range takes {
		t.Replay(&r.m.Config, &p.decision)
	}
	return scored{evaluate.Score(r.m.Config.Labels, takes, &p.decision, r.Tolerance)}
}

// size counts what takes hold.
func size(takes []*evaluate.Take) (events int, hours float64) {
	for _, t := range takes {
		events += len(t.Events)
		hours += float64(t.Samples) / t.Rate / 3600
	}
	return events, hours
}

// config is the model's with a plan and what was measured under it.
func (r *run) config(p *plan, f *Figures) model.Config {
	c := r.m.Config
	c.Segment, c.Decision = p.segment, p.decision
	c.Origin.Measured = maps.Clone(c.Origin.Measured)
	if c.Origin.Measured == nil {
		c.Origin.Measured = map[string]float64{}
	}
	c.Origin.Measured["tuned_recall"] = f.recall()
	c.Origin.Measured["tuned_false_alarms_per_hour"] = float64(f.FalseAlarms) / f.Hours
	c.Origin.Measured["tuned_hours"] = f.Hours
	return c
}
