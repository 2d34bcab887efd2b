package model

import (
	"fmt"
	"math"

	"inkling/internal/f32"
)

// Tenths is the number of parts of elapsed time that are calibrated apart.
const Tenths = 10

// Calibration makes probabilities mean what they say: logits are divided by a
// temperature before the softmax (Guo et al. 2017). Labels do not change by it. The
// running head, which knows little at first and much at the end, has one for every
// tenth of a usual segment's length; steps beyond it take the last.
type Calibration struct {
	Steps   int       `json:"steps"`             // the usual length that tenths are of, in timesteps
	Running []float64 `json:"running,omitempty"` // Tenths temperatures
	Confirm float64   `json:"confirm,omitempty"`
}

// TypicalSteps is the length of a usual segment in steps; 0 without a calibration.
func (c *Config) TypicalSteps() int {
	if c.Calibration == nil {
		return 0
	}
	return c.Calibration.Steps
}

// Tenth is the part of elapsed time, from 0, that step, from 1, lies in.
func (c *Calibration) Tenth(step int) int {
	return min(max((step-1)*Tenths/c.Steps, 0), Tenths-1)
}

func (c *Calibration) check(cfg *Config) error {
	const least, most = 1e-3, 1e3
	bad := func(t float64) bool { return !(t >= least && t <= most) }
	switch {
	case c.Steps < 1 || c.Steps > 1<<30:
		return fmt.Errorf("calibration: steps: %d, want 1 or more", c.Steps)
	case len(c.Running) != 0 && (len(c.Running) != Tenths || cfg.Running == RunningNone):
		return fmt.Errorf("calibration: running: %d temperatures, want %d and a running head, or none", len(c.Running), Tenths)
	case c.Confirm != 0 && (bad(c.Confirm) || !cfg.Confirm):
		return fmt.Errorf("calibration: confirm: %v, want a temperature of %v to %v and a confirm head, or 0", c.Confirm, least, most)
	}
	for _, t := range c.Running {
		if bad(t) {
			return fmt.Errorf("calibration: running: %v, want temperatures of %v to %v", t, least, most)
		}
	}
	return nil
}

// ApplyTemperature writes p^(1/t), scaled to sum up to 1, to dst: what the softmax gives of
// logits divided by t where p is what it gives of the logits themselves.
func ApplyTemperature(dst, p []float32, t float64) {
	for i, v := range p {
		dst[i] = float32(math.Log(max(float64(v), 1e-37)) / t)
	}
	f32.Softmax(dst, dst)
}

// softmax writes the probabilities of logits under temperature t, 0 for none;
// scratch is as long.
func softmax(probs, logits, scratch []float32, t float64) {
	if t == 0 {
		f32.Softmax(probs, logits)
		return
	}
	k := float32(1 / t)
	for i, v := range logits {
		scratch[i] = v * k
	}
	f32.Softmax(probs, scratch)
}
