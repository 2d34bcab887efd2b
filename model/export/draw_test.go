package export_test

import (
	"math/rand/v2"
	"testing"

	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/export"
	"inkling/model/segment"
)

// draw returns an integer model over raw frames with settings drawn at random, and streams.
func draw(t *testing.T, seed uint64) (*model.Model, export.Options, [][]float32) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	some := func(least, most float64) float64 { // or none
		if rng.IntN(3) == 0 {
			return 0
		}
		return least + (most-least)*rng.Float64()
	}
	c := testmodel.Labels([]float64{0, 100, 977, 1000}[rng.IntN(4)], 1+rng.IntN(3), []string{"a", "b", "c", "d"}[:2+rng.IntN(3)]...)
	c.Front.Samples, c.Front.Decimate, c.Front.Deltas = 1+rng.IntN(9), 1+rng.IntN(4), rng.IntN(3)
	c.Layers, c.Hidden, c.Confirm = 1+rng.IntN(2), 3+rng.IntN(6), rng.IntN(4) > 0
	c.Detector = &model.DetectorConfig{Hidden: 3 + rng.IntN(4)}
	c.Calibration = &model.Calibration{Steps: 4 + rng.IntN(30)}
	if rng.IntN(2) == 0 {
		c.Running = model.RunningEvidence
	}
	second := max(c.Rate, 1)
	long := some(400, 900) / second
	if c.Rate == 0 {
		long = 400 + 500*rng.Float64()
	}
	c.Segment = segment.Config{Kind: []segment.Kind{segment.Label, segment.Activity, segment.Label, segment.Activity, segment.Fixed, segment.Whole}[rng.IntN(6)],
		MaxDuration: long, MinDuration: some(1, 60) / second, PreRoll: 1e-9 + some(1, 70)/second, Hold: 1e-9 + some(1, 150)/second, Steps: 1 + rng.IntN(60),
		OnDB: some(6, 20), OffDB: some(1, 6), LevelDBFS: some(-50, -20)}
	d := &c.Decision
	d.Smooth, d.Threshold = some(1, 5), some(0.2, 0.55)
	if rng.IntN(2) == 0 {
		d.Background = "b"
	}
	if rng.IntN(2) == 0 {
		d.RunningOn, d.RunningOff = map[string]float64{"a": 0.4, "b": 0.45}, map[string]float64{"a": 0.38}
	}
	switch rng.IntN(3) {
	case 0:
		d.EarlyP, d.EarlySteps = some(0.2, 0.6), 1+rng.IntN(5)
	case 1:
		d.Early = &decide.Early{Weights: []float64{-0.5, 1, 0.4, 0.3, 0.2, 0.1, 0.3}, Threshold: rng.NormFloat64(), Gap: 0.1, Confidence: 0.9}
	}
	if rng.IntN(3) == 0 {
		d.CUSUMLimit, d.CUSUMDrift = 0.5+rng.Float64(), -some(0.1, 1)
	}
	if c.Segment.Kind != segment.Fixed {
		d.Warm, d.Hold = rng.IntN(4), rng.IntN(4)
	}
	x := streams(c.Rate, c.Channels)
	m := testmodel.New(t, c, rng)
	if c.Segment.Kind == segment.Label {
		m = hearing(t, m, x)
	}
	return integers(t, m), export.Options{Steps: []int{0, 200, 3000}[rng.IntN(3)]}, x
}
