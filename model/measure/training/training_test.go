package training

import "testing"

func TestAnUpdateRuns(t *testing.T) {
	w, err := Train(8, 2, 12, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer w.End()
	if took, err := w.Run(2); err != nil || took <= 0 || w.Flops == 0 {
		t.Errorf("two updates took %v (%v), %v operations", took, err, w.Flops)
	}
}
