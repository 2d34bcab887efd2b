package calibrate

import "inkling/model"

// FitSteps sets c.Calibration from recordings with a label for every step. There is one
// temperature for all steps, because there are no segments whose elapsed time would say how
// certain a label can be. There is no early rule, because no label becomes final.
func FitSteps(c *model.Config, vs []HeldOut) {
	var s samples
	for i := range vs {
		s.addSteps(&vs[i])
	}
	k := &model.Calibration{Steps: 1}
	if len(s.logs) > 0 {
		at := s.temperature(0, 0)
		for range model.Tenths {
			k.Running = append(k.Running, at)
		}
	}
	c.Calibration = k
}
