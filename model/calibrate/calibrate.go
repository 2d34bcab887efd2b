// Package calibrate fits what turns the outputs of a trained network into decisions:
// temperatures, the number of warm-up steps, and the rule by which a running label becomes
// final. It takes sequences that the network was not trained on.
//
// Most programs need Fit and then FitEarly, or FitSteps if the data have a label for every
// step; package train calls them all.
package calibrate

import (
	"cmp"
	"slices"

	"inkling/internal/f32"
	"inkling/model"
)

// A HeldOut is what a network without calibration answered for one held-out sequence. The
// last fields are of a segment that was cut out of a stream, for FitEarly.
type HeldOut struct {
	Label   int       // the truth
	Labels  []int32   // that of every step, −1: none; nil: Label is that of them all
	Running []float32 // T×C; nil without a running head
	Probs   []float32 // C, confirmed; without a confirm head the last of Running

	Counted int  // how many steps the answer is about, those before a trailing silence; 0: all
	Unsure  int  // the first steps, in which the segment could still have been dropped as too short
	Dropped bool // no label is reported at the end, whatever Probs say
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

// Fit sets c.Calibration and c.Decision.Warm from vs, which must not be empty.
func Fit(c *model.Config, vs []HeldOut) {
	c.Calibration = temperatures(c, vs)
	if c.Running != model.RunningNone {
		c.Decision.Warm = warmSteps(vs, len(c.Labels))
	}
}

// temper returns v under c's calibration.
func temper(c *model.Config, v *HeldOut) HeldOut {
	n := len(v.Probs)
	out := *v
	out.Running, out.Probs = slices.Clone(v.Running), slices.Clone(v.Probs)
	for t := range v.steps() {
		row := out.Running[t*n:][:n]
		model.ApplyTemperature(row, row, c.Calibration.Running[c.Calibration.Tenth(t+1)])
	}
	switch k := c.Calibration.Confirm; {
	case k != 0:
		model.ApplyTemperature(out.Probs, out.Probs, k)
	case v.steps() > 0:
		last := cmp.Or(v.Counted, v.steps())
		copy(out.Probs, out.Running[(last-1)*n:][:n])
	}
	return out
}
