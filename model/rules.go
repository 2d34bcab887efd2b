package model

import (
	"fmt"
	"math"

	"inkling/internal/qrs"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// CheckDecision returns an error for the first field of Segment and Decision that is
// invalid by itself, or together with another field or with the heads. The other
// fields must have passed Check.
func (c *Config) CheckDecision() error {
	for _, check := range []func() error{c.checkSegment, c.checkBeats, c.checkEarly,
		c.checkDetector, func() error { return c.Decision.Check(c.Labels) }, c.checkHeads, c.checkLengths} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkSegment reports a segmenter that does not fit the model's signal.
func (c *Config) checkSegment() error {
	if k := c.Segment.Kind; k.ReadsText() && !c.Text() {
		return fmt.Errorf("segment: kind %s needs a model that reads text, but the front end is %s: use %s, %s, %s or %s", k, c.Front.Kind,
			segment.Activity, segment.Fixed, segment.Message, segment.Whole)
	}
	return c.Segment.Check()
}

// checkBeats checks that segmenter and front end agree: only beats have a context.
func (c *Config) checkBeats() error {
	switch {
	case c.Segment.Kind != segment.Beat && c.Front.Context > 0:
		return fmt.Errorf("segment: kind %q: the model needs %d values of context for each segment, which only %s gives: use %s", c.Segment.Kind, c.Front.Context, segment.Beat, segment.Beat)
	case c.Segment.Kind != segment.Beat:
		return nil
	case c.Front.Context != 0 && c.Front.Context != qrs.Features:
		return fmt.Errorf("front: context: %d values, but a heartbeat has %d: train the model again", c.Front.Context, qrs.Features)
	}
	if err := c.Segment.CheckBeats(c.Rate, c.Channels); err != nil {
		return fmt.Errorf("segment: beat: %w", err)
	}
	return nil
}

// checkEarly requires the calibration that a learned early rule was fitted with.
func (c *Config) checkEarly() error {
	if c.Decision.Early != nil && (c.Calibration == nil || c.Running == RunningNone) {
		return fmt.Errorf("decision: early: a learned rule needs a running head and its calibration: leave it out, or give both")
	}
	return nil
}

// checkHeads reports rules about the running label of a model without a running head,
// and evidence that would never be reset.
func (c *Config) checkHeads() error {
	d := &c.Decision
	if c.Running == RunningEvidence && d.State == decide.Carry {
		return fmt.Errorf("decision: state %q with running %q: evidence would accumulate over the whole stream until nothing new could outweigh it: use state %s, or train with running %s",
			d.State, c.Running, decide.Reset, RunningSoftmax)
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
			return fmt.Errorf("decision: %s (%v) with running %q: there is no running label: set it to 0, or train with a running head", r.field, r.value, c.Running)
		}
	}
	return nil
}

// checkLengths reports rules that need more steps than any segment has.
func (c *Config) checkLengths() error {
	d, s := &c.Decision, c.Segmenter()
	if s.Kind == segment.Fixed && c.Running != RunningNone && d.Warm >= s.Steps {
		return fmt.Errorf("decision: warm (%d steps) is not less than segment.steps (%d), so there would be no running label: raise segment.steps", d.Warm, s.Steps)
	}
	if d.Hold == 0 && d.CUSUMLimit == 0 || d.State == decide.Carry { // carried rules are not bounded by a segment
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
		return fmt.Errorf("decision: hold (%d steps) is longer than %s allows (%d steps), so a running label could never change: lower hold", d.Hold, of, steps)
	case d.CUSUMLimit > most:
		return fmt.Errorf("decision: cusum_limit (%v nats) cannot be reached within %s (%.4g nats in %d steps), so every segment would be rejected: lower cusum_limit or cusum_drift",
			d.CUSUMLimit, of, max(most, 0), max(steps-d.Warm, 0))
	}
	return nil
}

// Segmenter returns the segmenter's Config with defaults for its zero fields. If the
// rate is unknown, durations count samples, and the longest segment is 86,400 samples
// by default.
func (c *Config) Segmenter() segment.Config {
	s := c.Segment
	if c.Rate == 0 && s.MaxDuration == 0 {
		s.MaxDuration = 86400
	}
	return s.Defaults()
}

// LiveSegmenter returns the segmenter for a signal that does not end: Segment, except for
// models of whole signals with a confirm head. Theirs cuts segments as long as was typical
// in training, or of the default length if that is unknown. Without a confirm head the
// running label is the answer, and segments need no end but their longest duration.
func (c *Config) LiveSegmenter() segment.Config {
	s := c.Segment
	if s.Kind == segment.Whole && c.Confirm {
		s.Kind, s.Steps = segment.Fixed, c.TypicalSteps()
	}
	return s
}

// maxSteps returns the number of steps of the longest segment.
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
