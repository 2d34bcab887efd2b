package model

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"inkling/internal/f32"
	"inkling/model/feature"
)

const (
	maxRuleSteps = 1 << 24
	maxEvidence  = 1e9
)

// CheckDecision reports the first field of the segmenter and of the decision that
// cannot be, by itself or together with another or with the heads, and its remedy.
// The fields above them have passed Check.
func (c *Config) CheckDecision() error {
	if err := c.checkSegment(); err != nil {
		return err
	}
	if err := c.checkBeats(); err != nil {
		return err
	}
	if err := c.Decision.check(c); err != nil {
		return err
	}
	d := &c.Decision
	for _, check := range []func() error{
		func() error { return d.checkThresholds("on", d.On, c.Labels) },
		func() error { return d.checkThresholds("running_on", d.RunningOn, c.Labels) },
		func() error { return d.checkThresholds("running_off", d.RunningOff, c.Labels) },
		d.checkHysteresis, d.checkNumbers, d.checkCUSUM, c.checkHeads, c.checkLengths,
	} {
		if err := check(); err != nil {
			return fmt.Errorf("decision: %w", err)
		}
	}
	return nil
}

func (d *Decision) checkThresholds(field string, of map[string]float64, labels []string) error {
	for _, label := range sortedLabels(of) {
		switch p := of[label]; {
		case !slices.Contains(labels, label):
			return fmt.Errorf("%s: no label %q in the model: take it out, or give one of %q", field, label, labels)
		case !(p >= 0 && p <= 1):
			return fmt.Errorf("%s: %v for %q, want 0 to 1", field, p, label)
		}
	}
	return nil
}

func (d *Decision) checkHysteresis() error {
	for _, label := range sortedLabels(d.RunningOff) {
		if off, on := d.RunningOff[label], d.RunningOn[label]; off > on {
			return fmt.Errorf("running_off (%v) is above running_on (%v) for %q: the label would go as soon as it came; lower running_off", off, on, label)
		}
	}
	return nil
}

func (d *Decision) checkNumbers() error {
	switch {
	case !(d.Smooth >= 0 && d.Smooth <= maxRuleSteps):
		return fmt.Errorf("smooth: %v steps, want 0 to %d", d.Smooth, maxRuleSteps)
	case d.Hold < 0 || d.Hold > maxRuleSteps:
		return fmt.Errorf("hold: %d steps, want 0 to %d", d.Hold, maxRuleSteps)
	case !(d.CUSUMLimit >= 0 && d.CUSUMLimit <= maxEvidence):
		return fmt.Errorf("cusum_limit: %v nats, want 0 to %g", d.CUSUMLimit, maxEvidence)
	case !f32.Finite(d.CUSUMDrift):
		return fmt.Errorf("cusum_drift: %v nats must be finite", d.CUSUMDrift)
	}
	return nil
}

// mostLogOdds is the evidence of a step that is sure.
var mostLogOdds = math.Log(SureP / (1 - SureP))

func (d *Decision) checkCUSUM() error {
	switch {
	case d.CUSUMLimit == 0 && d.CUSUMDrift != 0:
		return fmt.Errorf("cusum_drift (%v) without a cusum_limit (0) does nothing: give cusum_limit, or drop cusum_drift", d.CUSUMDrift)
	case math.Abs(d.CUSUMDrift) >= mostLogOdds:
		return fmt.Errorf("cusum_drift: %v nats is no less than the most that a step can say (%.3g): bring it nearer to 0", d.CUSUMDrift, mostLogOdds)
	}
	return nil
}

// checkHeads finds rules about the running label of a model that gives none.
func (c *Config) checkHeads() error {
	d := &c.Decision
	if c.Running == RunningEvidence && d.State == "carry" {
		return fmt.Errorf("state %q with running %q: evidence would add up over the whole stream until no new sound could outweigh it; take state reset, or train with running %s",
			d.State, c.Running, RunningSoftmax)
	}
	if c.Running != RunningNone {
		return nil
	}
	for _, r := range []struct {
		field string
		value float64
	}{{"running_on", float64(len(d.RunningOn))}, {"running_off", float64(len(d.RunningOff))}, {"smooth", d.Smooth},
		{"hold", float64(d.Hold)}, {"cusum_limit", d.CUSUMLimit}, {"early_steps", float64(d.EarlySteps)}} {
		if r.value > 0 {
			return fmt.Errorf("%s (%v) with running %q: there is no running label; set it to 0, or train with a running head", r.field, r.value, c.Running)
		}
	}
	return nil
}

// checkLengths finds rules that no segment is long enough for.
func (c *Config) checkLengths() error {
	d, s := &c.Decision, c.Segmenter()
	if s.Kind == SegmentFixed && c.Running != RunningNone && d.Warm >= s.Steps {
		return fmt.Errorf("warm (%d steps) is no less than segment.steps (%d): no running label would be given; raise segment.steps", d.Warm, s.Steps)
	}
	if d.Hold == 0 && d.CUSUMLimit == 0 || d.State == "carry" { // what goes on from segment to segment has time
		return nil
	}
	x, err := feature.New(c.Front, c.Rate, c.Channels)
	if err != nil {
		return fmt.Errorf("front: %w", err)
	}
	steps, of := mostSteps(x, &s, c.Rate), "segment.maximum"
	if s.Kind == SegmentFixed && s.Steps <= steps {
		steps, of = s.Steps, "segment.steps"
	}
	switch most := (mostLogOdds - d.CUSUMDrift) * float64(steps-d.Warm); {
	case d.Hold > steps:
		return fmt.Errorf("hold (%d steps) is longer than %s allows (%d steps): no running label could be followed by another; lower hold", d.Hold, of, steps)
	case d.CUSUMLimit > most:
		return fmt.Errorf("cusum_limit (%v nats) is out of reach within %s (%.4g nats in %d steps): every segment would be rejected; lower cusum_limit or cusum_drift",
			d.CUSUMLimit, of, max(most, 0), max(steps-d.Warm, 0))
	}
	return nil
}

// Segmenter is the segmenter with its zero fields filled in. The samples of a model of
// unknown rate are as long as one likes, so there the longest segment is a long one.
func (c *Config) Segmenter() Segment {
	s := c.Segment
	if c.Rate == 0 && s.Maximum == 0 {
		s.Maximum = 86400
	}
	return s.Defaults()
}

// mostSteps is how many steps the longest segment has.
func mostSteps(x feature.Extractor, s *Segment, rate float64) int {
	if rate == 0 {
		rate = 1
	}
	seconds := s.Maximum
	if s.Kind == SegmentBeat {
		seconds = s.Before + s.After
	}
	samples, first := int(math.Round(seconds*rate)), x.End(1)
	if samples < first {
		return 1
	}
	return 1 + (samples-first+x.End(2)-first-1)/(x.End(2)-first) // the last one maybe filled up
}

func sortedLabels(m map[string]float64) []string { return slices.Sorted(maps.Keys(m)) }
