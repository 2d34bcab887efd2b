// Package calibrate fits what turns the outputs of a trained network into decisions:
// temperatures, the number of warm-up steps, and the rule by which a running label becomes
// final. It takes sequences that the network was not trained on.
//
// Most programs need Fit alone, or FitSteps if the data have a label for every step; package
// train calls both.
package calibrate

import (
	"fmt"
	"slices"

	"inkling/internal/f32"
	"inkling/model"
)

// A HeldOut is what a network without calibration answered for one held-out sequence.
type HeldOut struct {
	Label   int       // the truth
	Labels  []int32   // that of every step, −1: none; nil: Label is that of them all
	Running []float32 // T×C; nil without a running head
	Probs   []float32 // C, confirmed; without a confirm head the last of Running
}

// Confirmed returns the most probable label at the end.
func (v *HeldOut) Confirmed() int { return f32.Argmax(v.Probs) }

// Ended returns the running label after the last step, −1 without a running head.
func (v *HeldOut) Ended() int {
	if len(v.Running) == 0 {
		return -1
	}
	return f32.Argmax(v.Running[len(v.Running)-len(v.Probs):])
}

func (v *HeldOut) steps() int { return len(v.Running) / len(v.Probs) }

// Options of Fit.
type Options struct {
	Gap        float64 // share of early labels that confirm may overturn
	Confidence float64 // that it is not more
}

// Fit sets c.Calibration, c.Decision.Warm and the early rule from vs, which must not be
// empty. It returns what a user should know about the rule.
func Fit(c *model.Config, vs []HeldOut, o Options) (notes []string) {
	c.Calibration = temperatures(c, vs)
	if c.Running == model.RunningNone {
		return nil
	}
	c.Decision.Warm = warmSteps(vs, len(c.Labels))
	tempered := make([]HeldOut, len(vs))
	for i, v := range vs {
		tempered[i] = temper(c, &v)
	}
	early, supported := learnEarly(c, tempered, o)
	c.Decision.Early, c.Decision.EarlyP, c.Decision.EarlySteps = early, 0, 0
	switch {
	case early == nil:
		return []string{fmt.Sprintf("no early rule: %d held-out sequences cannot show for any that fewer than half of its labels are overturned", len(vs))}
	case !supported:
		return []string{fmt.Sprintf("%d held-out sequences cannot show at %.0f %% confidence that at most %.3g %% of early labels are overturned (the earliest fifth included): "+
			"the rule holds for %.3g %%; give more examples for a closer one", len(vs), 100*o.Confidence, 100*o.Gap, 100*early.Gap)}
	}
	return nil
}

// temper returns v under c's calibration.
func temper(c *model.Config, v *HeldOut) HeldOut {
	n := len(v.Probs)
	out := HeldOut{Label: v.Label, Running: slices.Clone(v.Running), Probs: slices.Clone(v.Probs)}
	for t := range v.steps() {
		row := out.Running[t*n:][:n]
		model.ApplyTemperature(row, row, c.Calibration.Running[c.Calibration.Tenth(t+1)])
	}
	if k := c.Calibration.Confirm; k != 0 {
		model.ApplyTemperature(out.Probs, out.Probs, k)
	} else {
		copy(out.Probs, out.Running[len(out.Running)-n:])
	}
	return out
}
