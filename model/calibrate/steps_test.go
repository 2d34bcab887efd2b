package calibrate

import (
	"math"
	"math/rand/v2"
	"testing"

	"inkling/model"
)

// Overconfident probabilities get one temperature above 1 for all steps, which makes
// them as sure as they are right. Steps without a label are ignored.
func TestFitStepsUndoesOverconfidence(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	v := HeldOut{Probs: make([]float32, 2)}
	for range 4000 {
		label, row := int32(rng.IntN(2)), []float32{0.99, 0.01}
		switch right := rng.Float64() < 0.8; {
		case rng.IntN(10) == 0:
			label, row = -1, []float32{1, 0}
		case right != (label == 0):
			row[0], row[1] = row[1], row[0]
		}
		v.Labels, v.Running = append(v.Labels, label), append(v.Running, row...)
	}
	c := model.Config{Labels: []string{"a", "b"}}
	FitSteps(&c, []HeldOut{v})
	k := c.Calibration
	if k == nil || k.Steps != 1 || len(k.Running) != model.Tenths || k.Running[0] != k.Running[9] || k.Confirm != 0 {
		t.Fatalf("%+v", k)
	}
	p := []float32{0.99, 0.01}
	model.ApplyTemperature(p, p, k.Running[0])
	if math.Abs(float64(p[0])-0.8) > 0.02 {
		t.Errorf("temperature %v makes %v of 0.99, right 80 times of 100", k.Running[0], p[0])
	}
	if l := Loss([]HeldOut{v}); math.Abs(l-0.5004) > 0.03 { // the entropy of 0.8
		t.Errorf("loss %v", l)
	}
}
