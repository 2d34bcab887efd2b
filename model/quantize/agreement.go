package quantize

import (
	"math"

	"inkling/internal/f32"
	"inkling/model"
)

// An Agreement says how far an integer model says what its float model says. Truth is nil
// while no example with a label was added.
type Agreement struct {
	Examples  int      `json:"examples"`
	Steps     int      `json:"steps"`               // with a running label
	Running   *float64 `json:"running,omitempty"`   // share of these steps with the same running label; nil: there are none
	Confirmed *float64 `json:"confirmed,omitempty"` // share of the examples with the same label at the end; nil: there are none
	Greatest  float64  `json:"greatest_difference"` // of a probability, or of a forecast in the unit of the signal
	*Truth

	float, small    *model.Model
	same, confirmed int
}

// A Truth says how often two models are right.
type Truth struct {
	Labelled   int `json:"labelled"` // examples whose label is known
	Right      int `json:"right"`    // of them, by the integer model
	FloatRight int `json:"float_right"`
}

// NewAgreement returns an empty Agreement of two models of the same network.
func NewAgreement(float, small *model.Model) *Agreement {
	return &Agreement{float: float, small: small}
}

// Add compares the models on the frames (T×D) of an example. label is the index of its
// label; −1: unknown.
func (a *Agreement) Add(frames []float32, label int) {
	if len(frames) == 0 {
		return
	}
	a.Examples++
	if a.float.HasNext() {
		want, got := a.float.Forecasts(frames), a.small.Forecasts(frames)
		a.Steps += len(frames) / a.float.Dim()
		a.differ(got, want)
		return
	}
	want, got := a.float.Predict(frames), a.small.Predict(frames)
	a.differ(got.Running, want.Running)
	a.differ(got.Confirm, want.Confirm)
	n := a.float.Classes()
	if a.float.HasRunning() {
		for t := a.float.Config.Decision.Warm; t < want.Steps; t++ {
			a.Steps++
			if f32.Argmax(got.Running[t*n:][:n]) == f32.Argmax(want.Running[t*n:][:n]) {
				a.same++
			}
		}
	}
	was, is := f32.Argmax(want.Confirm), f32.Argmax(got.Confirm)
	if was == is {
		a.confirmed++
	}
	if label >= 0 {
		if a.Truth == nil {
			a.Truth = new(Truth)
		}
		a.Labelled++
		if is == label {
			a.Right++
		}
		if was == label {
			a.FloatRight++
		}
	}
	a.Confirmed = share(a.confirmed, a.Examples)
	if a.Steps > 0 {
		a.Running = share(a.same, a.Steps)
	}
}

func share(n, of int) *float64 {
	v := float64(n) / float64(of)
	return &v
}

func (a *Agreement) differ(got, want []float32) {
	for i, v := range got {
		a.Greatest = max(a.Greatest, math.Abs(float64(v)-float64(want[i])))
	}
}
