package model

import (
	"fmt"
	"math"

	"inkling/internal/qrs"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// CheckDecision reports the first field of the segmenter and of the decision that
// cannot be, by itself or together with another one or with the heads, and its remedy.
// The other fields have passed Check.
func (c *Config) CheckDecision() error {
	for _, check := range []func() error{c.checkSegment, c.checkBeats, c.checkEarly,
		func() error { return c.Decision.Check(c.Labels) }, c.checkHeads, c.checkLengths} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkSegment finds a segmenter that does not fit the model's signal.
func (c *Config) checkSegment() error {
	if k := c.Segment.Kind; k.ReadsText() && !c.Text() {
		return fmt.Errorf("segment: kind %s takes a model of text, this one has the front end %s: give %s, %s, %s or %s", k, c.Front.Kind,
			segment.Activity, segment.Fixed, segment.Message, segment.Whole)
	}
	return c.Segment.Check()
}

// checkBeats holds segmenter and front end together: a beat has a context, which no
// other segment has.
func (c *Config) checkBeats() error {
	switch b := c.Segment.Beats(c.Rate, c.Channels); {
	case c.Segment.Kind != segment.Beat && c.Front.Context > 0:
		return fmt.Errorf("segment: kind %q: the model wants %d values of context a segment, which only %s gives: take that", c.Segment.Kind, c.Front.Context, segment.Beat)
	case c.Segment.Kind != segment.Beat:
		return nil
	case c.Front.Context != 0 && c.Front.Context != qrs.Features:
		return fmt.Errorf("front: context: %d values, a heartbeat has %d: train the model anew", c.Front.Context, qrs.Features)
	default:
		if err := b.Check(); err != nil {
			return fmt.Errorf("segment: beat: %w", err)
		}
	}
	return nil
}

// checkEarly wants the calibration that a learned early rule was fitted with.
func (c *Config) checkEarly() error {
	if c.Decision.Early != nil && (c.Calibration == nil || c.Running == RunningNone) {
		return fmt.Errorf("decision: early: a learned rule takes a running head and its calibration: leave it out, or give both")
	}
	return nil
}

// checkHeads finds rules about the running label of a model that gives none.
func (c *Config) checkHeads() error {
	d := &c.Decision
	if c.Running == RunningEvidence && d.State == decide.Carry {
		return fmt.Errorf("decision: state %q with running %q: evidence would add up over the whole stream until no new sound could outweigh it; take state reset, or train with running %s",
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
			return fmt.Errorf("decision: %s (%v) with running %q: there is no running label; set it to 0, or train with a running head", r.field, r.value, c.Running)
		}
	}
	return nil
}

// checkLengths finds rules that no segment is long enough for.
func (c *Config) checkLengths() error {
	d, s := &c.Decision, c.Segmenter()
	if s.Kind == segment.Fixed && c.Running != RunningNone && d.Warm >= s.Steps {
		return fmt.Errorf("decision: warm (%d steps) is no less than segment.steps (%d): no running label would be given; raise segment.steps", d.Warm, s.Steps)
	}
	if d.Hold == 0 && d.CUSUMLimit == 0 || d.State == decide.Carry { // what goes on from segment to segment has time
		return nil
	}
	x, err := feature.New(c.Front, c.Rate, c.Channels)
	if err != nil {
		return fmt.Errorf("decision: front: %w", err)
	}
	steps, of := maxSteps(x, &s, c.Rate), "segment.maximum"
	if s.Kind == segment.Fixed && s.Steps <= steps {
		steps, of = s.Steps, "segment.steps"
	}
	switch most := (decide.MaxStepEvidence - d.CUSUMDrift) * float64(steps-d.Warm); {
	case d.Hold > steps:
		return fmt.Errorf("decision: hold (%d steps) is longer than %s allows (%d steps): no running label could be followed by another; lower hold", d.Hold, of, steps)
	case d.CUSUMLimit > most:
		return fmt.Errorf("decision: cusum_limit (%v nats) is out of reach within %s (%.4g nats in %d steps): every segment would be rejected; lower cusum_limit or cusum_drift",
			d.CUSUMLimit, of, max(most, 0), max(steps-d.Warm, 0))
	}
	return nil
}

// Segmenter returns the segmenter with its zero fields filled in. Without a rate there
// are no seconds, so the longest segment is then 86,400 samples by default.
func (c *Config) Segmenter() segment.Config {
	s := c.Segment
	if c.Rate == 0 && s.MaxDuration == 0 {
		s.MaxDuration = 86400
	}
	return s.Defaults()
}

// maxSteps is the number of steps of the longest segment.
func maxSteps(x feature.Extractor, s *segment.Config, rate float64) int {
	if rate == 0 {
		rate = 1
	}
	seconds := s.MaxDuration
	if s.Kind == segment.Beat {
		seconds = s.Before + s.After
	}
	samples, first := int(math.Round(seconds*rate)), x.End(1)
	if samples < first {
		return 1
	}
	return 1 + (samples-first+x.End(2)-first-1)/(x.End(2)-first) // the last frame may be padded
}
