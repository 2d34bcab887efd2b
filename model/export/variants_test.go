package export_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/export"
	"inkling/model/feature"
	"inkling/model/quantize"
	"inkling/model/segment"
)

// A variant is a model with streams that use every part of the code that is made for it.
type variant struct {
	name               string
	m                  *model.Model
	o                  export.Options
	streams            [][]float32
	tolerance, integer float64 // of the probabilities, of the float and of the integer model
	short              string  // what is compiled without INKLING_LONG
	least              int     // confirmed segments
}

const (
	exact  = 0
	rounds = 1e-6 // the network rounds otherwise
	sums   = 1e-4 // evidence adds up what the steps round otherwise
	bands  = 2e-5 // the code computes bands and logarithms in float64, inkling in float32
	bit    = 1e-3 // the last bit of a band makes another integer of it
)

// variants returns models that between them have every part of the code.
func variants(t *testing.T) (all []variant) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 1))
	add := func(v variant, c model.Config, o export.Options) {
		v.m, v.o = testmodel.New(t, c, rng), o
		v.streams = streams(c.Rate, c.Channels)
		if c.Segment.Kind == segment.Label {
			v.m = hearing(t, v.m, v.streams)
		}
		all = append(all, v)
	}

	raw := testmodel.Labels(100, 2, "a", "b \"?\" \\", "Straße")
	raw.Front = feature.Config{Kind: feature.KindRaw, Samples: 3, Decimate: 2, Deltas: 2}
	raw.Hidden = 12
	raw.Decision.Warm, raw.Decision.Smooth, raw.Decision.Hold = 2, 3, 4
	raw.Decision.RunningOn, raw.Decision.RunningOff = map[string]float64{"a": 0.34}, map[string]float64{"a": 0.33}
	raw.Decision.EarlySteps, raw.Decision.EarlyP = 3, 0.36
	add(variant{name: "whole", tolerance: rounds, integer: exact, short: "int8", least: 4}, raw, export.Options{Steps: 400})

	deep := testmodel.Labels(1000, 1, "a", "b", "rest")
	deep.Layers, deep.Hidden, deep.ConfirmEvidence, deep.Running = 3, 9, true, model.RunningEvidence
	deep.Front.Samples = 7
	deep.Detector = &model.DetectorConfig{Hidden: 7}
	deep.Calibration = &model.Calibration{Steps: 20, Running: []float64{3, 2.5, 2, 1.5, 1.2, 1, 0.9, 0.8, 0.7, 0.6}, Confirm: 1.7}
	deep.Segment = segment.Config{Kind: segment.Label, MinDuration: 0.05, Hold: 0.06, PreRoll: 0.03}
	deep.Decision.Background, deep.Decision.CUSUMLimit, deep.Decision.CUSUMDrift = "rest", 2, -0.4
	deep.Decision.Early = &decide.Early{Weights: []float64{-1, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1}, Threshold: 0.21, Gap: 0.1, Confidence: 0.9}
	add(variant{name: "label", tolerance: sums, integer: exact, short: "int8", least: 3}, deep, export.Options{Steps: 60})

	mel := testmodel.Labels(8000, 2, "a", "b", "c")
	mel.Front = feature.Config{Kind: feature.KindLogMel, Bands: 12, Deltas: 1}
	mel.Segment = segment.Config{Kind: segment.Activity, Hold: 0.08}
	mel.Decision.Threshold, mel.Decision.On = 0.38, map[string]float64{"b": 0.2}
	mel.Decision.EarlySteps, mel.Decision.EarlyP = 4, 0.35
	add(variant{name: "activity over bands", tolerance: bands, integer: bit, short: "float", least: 3}, mel, export.Options{Steps: 80})

	mfcc := mel
	mfcc.Front = feature.Config{Kind: feature.KindMFCC, Bands: 20, Coefficients: 8}
	mfcc.Confirm, mfcc.Segment = false, segment.Config{Kind: segment.Fixed, Steps: 20}
	mfcc.Decision.Gap = decide.GapFill
	add(variant{name: "fixed over coefficients", tolerance: bands, integer: bit, short: "none", least: 5}, mfcc, export.Options{Steps: 10})

	relative := mel
	relative.Front.MeanPrior, relative.Front.MeanMemory = 2.5, 15
	add(variant{name: "activity over bands without their mean", tolerance: bands, integer: bit, short: "float", least: 3}, relative, export.Options{Steps: 80})

	loud := testmodel.Labels(1000, 2, "a", "b")
	loud.Segment = segment.Config{Kind: segment.Activity, MaxDuration: 0.25, MinDuration: 0.04, PreRoll: 0.013, Hold: 0.05}
	loud.Front = feature.Config{Kind: feature.KindRaw, Samples: 4, Decimate: 3}
	loud.Decision.Warm = 30
	add(variant{name: "activity", tolerance: rounds, integer: exact, short: "int8", least: 5}, loud, export.Options{Steps: 256})

	heard := testmodel.Labels(8000, 1, "a", "b")
	heard.Front = feature.Config{Kind: feature.KindMFCC, Bands: 12, Coefficients: 6, WindowMS: 30, HopMS: 20, MeanPrior: 30}
	heard.Detector = &model.DetectorConfig{Hidden: 5}
	heard.Running = model.RunningNone
	heard.Segment = segment.Config{Kind: segment.Label, MinDuration: 0.05, Hold: 0.1}
	heard.Decision.Threshold = 0.51
	add(variant{name: "label over bands", tolerance: bands, integer: bit, short: "none", least: 3}, heard, export.Options{Steps: 25})

	message := testmodel.Labels(0, 1, "a", "b")
	message.Segment = segment.Config{Kind: segment.Message, MaxDuration: 500}
	message.Front = feature.Config{Kind: feature.KindRaw, Samples: 5}
	add(variant{name: "message", tolerance: rounds, integer: exact, short: "none", least: 3}, message, export.Options{Steps: 256})

	fixed := testmodel.Labels(1000, 1, "a", "b")
	fixed.Segment = segment.Config{Kind: segment.Whole}
	fixed.Calibration = &model.Calibration{Steps: 9}
	fixed.Decision.Background = "b"
	add(variant{name: "fixed", tolerance: rounds, integer: exact, short: "none", least: 20}, fixed, export.Options{Steps: 9, Segment: segment.Fixed})

	brief := testmodel.Labels(100, 1, "a", "b") // segments end before their first step
	brief.Segment = segment.Config{Kind: segment.Whole, MaxDuration: 0.3}
	brief.Front = feature.Config{Kind: feature.KindRaw, Samples: 5, Decimate: 10}
	add(variant{name: "brief", tolerance: rounds, integer: exact, short: "none", least: 3}, brief, export.Options{Steps: 9})
	return all
}

// streams returns composed streams: silence, and soft noise with bursts of other lengths and
// levels, in one of which samples are missing.
func streams(rate float64, channels int) (list [][]float32) {
	rng := rand.New(rand.NewPCG(3, 3))
	unit := max(int(rate), 100) / 20
	for i, n := range []int{1, 37, 40 * unit, 2*unit + 3, 61*unit + 1} {
		x := make([]float32, n*channels)
		for j := range x {
			x[j] = float32(0.002 * rng.NormFloat64())
		}
		for at := unit; i >= 2 && at < n; {
			long := 1 + rng.IntN(1+unit*[]int{1, 3, 12}[rng.IntN(3)])
			level, pitch := math.Pow(10, -1.6*rng.Float64()), 0.05+rng.Float64()
			for k := at; k < min(at+long, n); k++ {
				for c := range channels {
					x[k*channels+c] += float32(level * math.Sin(float64(k-at)*pitch+float64(c)))
				}
			}
			at += long + 1 + rng.IntN(6*unit)
		}
		if i == 4 {
			for _, k := range []int{0, 20 * unit, 20*unit + 1, n - 1} {
				x[k*channels] = float32(math.NaN())
			}
		}
		list = append(list, x)
	}
	return list
}

// hearing returns m with thresholds that its detector reaches and leaves.
func hearing(t *testing.T, m *model.Model, streams [][]float32) *model.Model {
	t.Helper()
	var ps []float64
	for _, x := range streams {
		d := m.NewDetector()
		for f := range slices.Chunk(frames(t, m, finite(x)), m.Dim()) {
			ps = append(ps, float64(d.Hear(f)))
		}
	}
	slices.Sort(ps)
	c := m.Config
	c.Segment.DetectOn, c.Segment.DetectOff = between(ps, 0.8), between(ps, 0.6)
	heard, err := model.New(c, m.Params)
	if err != nil {
		t.Fatal(err)
	}
	return heard
}

// between returns the middle of the widest gap among the sorted values round a quantile, so
// that no value is near it.
func between(sorted []float64, quantile float64) (middle float64) {
	at, widest := int(quantile*float64(len(sorted))), -1.0
	for i := max(at-10, 0); i < min(at+10, len(sorted)-1); i++ {
		if gap := sorted[i+1] - sorted[i]; gap > widest {
			widest, middle = gap, (sorted[i+1]+sorted[i])/2
		}
	}
	return middle
}

func finite(x []float32) (all []float32) {
	for _, v := range x {
		if v == v {
			all = append(all, v)
		} else {
			all = append(all, 0)
		}
	}
	return all
}

func integers(t *testing.T, m *model.Model) *model.Model {
	t.Helper()
	c, err := quantize.New(m)
	if err != nil {
		t.Fatal(err)
	}
	all := streams(m.Config.Rate, m.Config.Channels)
	for _, x := range all {
		c.Add(frames(t, m, finite(x)))
	}
	small, err := c.Model()
	if err != nil {
		t.Fatal(err)
	}
	if m.Config.Segment.Kind == segment.Label {
		small = hearing(t, small, all)
	}
	return small
}

func frames(t *testing.T, m *model.Model, x []float32) []float32 {
	t.Helper()
	front, err := m.Front()
	if err != nil {
		t.Fatal(err)
	}
	return front.Flush(front.Push(nil, x))
}
