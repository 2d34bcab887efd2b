// Package decide turns the probabilities that a network gives at every step into
// labels: what is reported as the running label, when it becomes final, and which
// confirmed segments are held back and why.
package decide

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"inkling/internal/f32"
)

// State says what the network's state does between segments.
type State string

const (
	Reset State = "reset" // each segment begins with a state of zero
	Carry State = "carry" // the state goes on from segment to segment
)

// Gap says what happens when samples are lost.
type Gap string

const (
	GapReset Gap = "reset" // the open segment ends, and the next sample begins anew
	GapHold  Gap = "hold"  // the segment goes on as if nothing were missing
	GapFill  Gap = "fill"  // a short gap is filled with the last sample, a longer one resets
)

// Config turns probabilities into events. A zero field is a rule that is off.
// Probabilities are calibrated; durations are in steps, since a decision is made at
// every step.
type Config struct {
	Warm       int     `json:"warm,omitempty"`        // steps before the running head may answer
	Background string  `json:"background,omitempty"`  // label that is trained but not reported
	Threshold  float64 `json:"threshold,omitempty"`   // a confirmed label of lower probability is rejected
	Early      *Early  `json:"early,omitempty"`       // the learned rule; nil: EarlyP and EarlySteps
	EarlyP     float64 `json:"early_p,omitempty"`     // early when the running label keeps p ≥ EarlyP …
	EarlySteps int     `json:"early_steps,omitempty"` // … for EarlySteps steps; 0: never
	State      State   `json:"state"`
	Gap        Gap     `json:"gap"`

	On         map[string]float64 `json:"on,omitempty"`          // thresholds of single labels, in place of Threshold
	RunningOn  map[string]float64 `json:"running_on,omitempty"`  // the running label becomes this one at p ≥ RunningOn …
	RunningOff map[string]float64 `json:"running_off,omitempty"` // … and stays it down to p = RunningOff
	Smooth     float64            `json:"smooth,omitempty"`      // time constant of the average over running probabilities, steps
	Hold       int                `json:"hold,omitempty"`        // steps before another label may follow a running one
	CUSUMLimit float64            `json:"cusum_limit,omitempty"` // evidence that a segment needs, nats
	CUSUMDrift float64            `json:"cusum_drift,omitempty"` // subtracted from the evidence of each step, nats
}

// SureP bounds the probability of one step as evidence, at odds of 999 to 1: no
// validation set of ordinary size calibrates finer than that.
const SureP = 0.999

// MaxStepEvidence is the evidence of a step of probability SureP, in nats.
var MaxStepEvidence = math.Log(SureP / (1 - SureP))

const (
	maxRuleSteps = 1 << 24
	maxEvidence  = 1e9
)

// Check reports the first field that cannot be, by itself or together with another one,
// and its remedy. labels are the model's.
func (c *Config) Check(labels []string) error {
	for _, check := range []func() error{
		func() error { return c.checkBasics(labels) },
		func() error { return checkThresholds("on", c.On, labels) },
		func() error { return checkThresholds("running_on", c.RunningOn, labels) },
		func() error { return checkThresholds("running_off", c.RunningOff, labels) },
		c.checkHysteresis, c.checkNumbers, c.checkCUSUM,
	} {
		if err := check(); err != nil {
			return fmt.Errorf("decision: %w", err)
		}
	}
	return nil
}

func (c *Config) checkBasics(labels []string) error {
	switch {
	case c.Warm < 0:
		return fmt.Errorf("warm: %d steps, want 0 or more", c.Warm)
	case c.Background != "" && !slices.Contains(labels, c.Background):
		return fmt.Errorf("background: no label %q in the model", c.Background)
	case !(c.Threshold >= 0 && c.Threshold <= 1):
		return fmt.Errorf("threshold: %v, want 0 to 1", c.Threshold)
	case !(c.EarlyP >= 0 && c.EarlyP <= 1):
		return fmt.Errorf("early_p: %v, want 0 to 1", c.EarlyP)
	case c.EarlySteps < 0:
		return fmt.Errorf("early_steps: %d, want 0 or more", c.EarlySteps)
	case c.Early != nil && c.EarlySteps > 0:
		return fmt.Errorf("early: a learned rule and early_steps exclude each other: leave one of them out")
	case c.Early != nil && !c.Early.valid():
		return fmt.Errorf("early: want %d finite weights and a finite threshold", ScoreFeatures)
	case c.State != Reset && c.State != Carry:
		return fmt.Errorf("state: %q, want reset or carry", c.State)
	case c.Gap != GapReset && c.Gap != GapHold && c.Gap != GapFill:
		return fmt.Errorf("gap: %q, want reset, hold or fill", c.Gap)
	}
	return nil
}

func checkThresholds(field string, of map[string]float64, labels []string) error {
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

func (c *Config) checkHysteresis() error {
	for _, label := range sortedLabels(c.RunningOff) {
		if off, on := c.RunningOff[label], c.RunningOn[label]; off > on {
			return fmt.Errorf("running_off (%v) is above running_on (%v) for %q: the label would go as soon as it came; lower running_off", off, on, label)
		}
	}
	return nil
}

func (c *Config) checkNumbers() error {
	switch {
	case !(c.Smooth >= 0 && c.Smooth <= maxRuleSteps):
		return fmt.Errorf("smooth: %v steps, want 0 to %d", c.Smooth, maxRuleSteps)
	case c.Hold < 0 || c.Hold > maxRuleSteps:
		return fmt.Errorf("hold: %d steps, want 0 to %d", c.Hold, maxRuleSteps)
	case !(c.CUSUMLimit >= 0 && c.CUSUMLimit <= maxEvidence):
		return fmt.Errorf("cusum_limit: %v nats, want 0 to %g", c.CUSUMLimit, maxEvidence)
	case !f32.Finite(c.CUSUMDrift):
		return fmt.Errorf("cusum_drift: %v nats must be finite", c.CUSUMDrift)
	}
	return nil
}

func (c *Config) checkCUSUM() error {
	switch {
	case c.CUSUMLimit == 0 && c.CUSUMDrift != 0:
		return fmt.Errorf("cusum_drift (%v) without a cusum_limit (0) does nothing: give cusum_limit, or drop cusum_drift", c.CUSUMDrift)
	case math.Abs(c.CUSUMDrift) >= MaxStepEvidence:
		return fmt.Errorf("cusum_drift: %v nats is no less than the most that a step can say (%.3g): bring it nearer to 0", c.CUSUMDrift, MaxStepEvidence)
	}
	return nil
}

func sortedLabels(m map[string]float64) []string { return slices.Sorted(maps.Keys(m)) }
