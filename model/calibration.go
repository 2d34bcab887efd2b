package model

import (
	"fmt"
	"math"

	"inkling/internal/f32"
)

// Tenths is the number of parts of a segment that have a temperature of their own.
const Tenths = 10

// Calibration holds temperatures that make probabilities match frequencies: logits
// are divided by a temperature before the softmax (Guo et al. 2017), which does not
// change the label. The running head, which knows little at first and much at the
// end, has a temperature for each tenth of a segment of typical length. Later steps
// use the last one.
type Calibration struct {
	Steps   int       `json:"steps"`             // typical length of a segment in timesteps
	Running []float64 `json:"running,omitempty"` // Tenths temperatures, or none
	Confirm float64   `json:"confirm,omitempty"` // 0: none
}

// TypicalSteps returns the typical length of a segment in steps, or 0 if there is no
// calibration.
func (c *Config) TypicalSteps() int {
	if c.Calibration == nil {
		return 0
	}
	return c.Calibration.Steps
}

// Tenth returns the index of the tenth in which step lies. Steps count from 1,
// tenths from 0.
func (c *Calibration) Tenth(step int) int {
	return min(max((step-1)*Tenths/c.Steps, 0), Tenths-1)
}

func (c *Calibration) check(cfg *Config) error {
	const least, most = 1e-3, 1e3
	bad := func(t float64) bool { return !(t >= least && t <= most) }
	switch {
	case c.Steps < 1 || c.Steps > 1<<30:
		return fmt.Errorf("calibration: steps: %d, want 1 to %d", c.Steps, 1<<30)
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

// ApplyTemperature writes p^(1/t), scaled to sum to 1, to dst. If p is the softmax of
// some logits, the result is the softmax of these logits divided by t.
func ApplyTemperature(dst, p []float32, t float64) {
	for i, v := range p {
		dst[i] = float32(math.Log(max(float64(v), 1e-37)) / t)
	}
	f32.Softmax(dst, dst)
}

// softmax writes the probabilities of logits at temperature t, 0 for none. scratch
// has the length of logits.
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
