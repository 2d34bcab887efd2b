package model

import "testing"

// ResetElapsed keeps the state and restarts the count of steps: the temperature is again that
// of the first tenth.
func TestResetElapsedRestartsCalibration(t *testing.T) {
	c := Config{Hidden: 4, Layers: 1, Running: RunningSoftmax}
	m := random(t, 3, c)
	m.Config.Calibration = &Calibration{Steps: 10, Running: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}
	plain := random(t, 3, c)
	s, want := m.NewState(), plain.NewState()
	x := make([]float32, m.Dim())
	got, p := make([]float32, 3), make([]float32, 3)
	for k := range 20 {
		if k == 7 {
			s.ResetElapsed()
		}
		for i := range x {
			x[i] = float32(k%3) - float32(i)
		}
		m.Step(got, s, x)
		plain.Step(p, want, x)
		step := k + 1
		if k >= 7 {
			step = k - 6
		}
		ApplyTemperature(p, p, m.Config.Calibration.Running[min(step, 10)-1])
		for i := range got {
			if d := got[i] - p[i]; d > 1e-6 || d < -1e-6 {
				t.Fatalf("step %d: %v, want %v", k+1, got, p)
			}
		}
	}
}
