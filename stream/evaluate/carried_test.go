package evaluate

import (
	"strings"
	"testing"

	"inkling/internal/testkit/testset"
	"inkling/model"
	"inkling/model/decide"
)

// With its state carried on, the running label of a set of one example is that of a fresh
// state; of more examples it differs.
func TestCarriedStateMatters(t *testing.T) {
	m := randomModel(t, 2, nil)
	one, many := testset.Random(1, 1, 1, testLabels), testset.Random(1, 60, 1, testLabels)
	r, err := Run(t.Context(), m, one, Options{Carry: true})
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range r.Running.CarriedAt {
		if v != r.Running.AccuracyAt[k] {
			t.Errorf("after %s: %v, afresh %v", k, v, r.Running.AccuracyAt[k])
		}
	}
	if r, err = Run(t.Context(), m, many, Options{Carry: true}); err != nil {
		t.Fatal(err)
	}
	differs := false
	for k, v := range r.Running.CarriedAt {
		differs = differs || v != r.Running.AccuracyAt[k]
	}
	if !differs || len(r.Running.CarriedAt) != Tenths {
		t.Errorf("%v", r.Running)
	}
	again, err := Run(t.Context(), randomModel(t, 2, func(c *model.Config) { c.Decision.State = decide.Carry }), many, Options{})
	if err != nil || again.Running.CarriedAt["0.5"] != r.Running.CarriedAt["0.5"] {
		t.Errorf("by the model's policy: %v, %v", again.Running, err)
	}
	if r, err = Run(t.Context(), m, many, Options{}); err != nil || r.Running.CarriedAt != nil {
		t.Errorf("unasked: %v, %v", r.Running, err)
	}
	_, err = Run(t.Context(), randomModel(t, 2, func(c *model.Config) { c.Running = model.RunningEvidence }), many, Options{Carry: true})
	if err == nil || !strings.Contains(err.Error(), "train.Options.Carry") {
		t.Errorf("evidence carried: %v", err)
	}
}
