package train

import (
	"bytes"
	"testing"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/stem"
)

// variety are trainings that between them use every option that draws numbers,
// keeps state or changes the network.
func variety() map[string]struct {
	set *dataset.Set
	o   Options
} {
	type kind = struct {
		set *dataset.Set
		o   Options
	}
	all := map[string]kind{"series": {toySet(70, 1), toyOptions()}}
	o := toyOptions()
	o.Layers, o.Running, o.EMA, o.RampRunning, o.Distill, o.ClassWeights, o.BPTTSteps = 2, model.RunningEvidence, 0.9, true, 0.2, true, 5
	all["stack"] = kind{toySet(70, 1), o}
	o = toyOptions()
	o.Folds, o.Validation, o.NoConfirm, o.Schedule = 0, 0, true, Step
	all["no validation, no confirm head"] = kind{toySet(70, 1), o}
	o = toyOptions()
	o.Layers, o.Stem = 2, stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{{Kernel: 4, Stride: 2, Channels: 6}, {Kernel: 3, Stride: 2, Channels: 8}}}
	all["convolutions"] = kind{toySet(70, 1), o}
	o.Layers, o.Front.Deltas, o.ActivationBudget, o.EMA = 1, 1, 1, 0.9
	all["convolutions, little memory"] = kind{toySet(70, 1), o}
	o, _, _ = Defaults(toyAudio(40, 1), "")
	o.Detector, o.Front, o.Stem, o.Hidden, o.Epochs = 0, feature.Config{Kind: feature.KindRaw}, stem.Config{Kind: stem.KindGabor, Filters: 6, HopMS: 20}, 8, 4
	all["Gabor filters"] = kind{toyAudio(40, 1), o}
	o, _, _ = Defaults(toyAudio(40, 1), "")
	o.Detector, o.Hidden, o.Epochs, o.SNR, o.Front.Bands, o.Patience, o.Running = 0, 10, 8, 10, 16, 2, model.RunningNone
	all["audio"] = kind{toyAudio(40, 1), o}
	o.Running, o.Carry, o.Epochs, o.Folds, o.Validation = model.RunningSoftmax, 0.5, 5, 0, 0.2
	o.Patience, o.Batch = 0, 16
	all["audio, joined"] = kind{toyAudio(40, 1), o}
	o = toyStepOptions()
	o.Carry, o.Folds, o.Validation, o.Epochs = 0.5, 2, 0, 2
	all["steps, cut and joined"] = kind{toySteps(4, 1), o}
	o = toyStepOptions()
	o.Runs, o.ClassWeights, o.ActivationBudget, o.Validation, o.Batch = RunsWhole, true, 1, 0.3, 5
	o.Front, o.Stem = feature.Config{Kind: feature.KindRaw}, stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{{Kernel: 6, Stride: 4, Channels: 6}}}
	all["steps, whole, convolutions"] = kind{toySteps(3, 1), o}
	o = tideOptions(tides(6, 150, 1))
	o.Epochs, o.Layers, o.DropConnect, o.EMA, o.ActivationBudget = 4, 2, 0.2, 0.9, 1
	all["what comes next"] = kind{tides(6, 150, 1), o}
	o.Next = &model.Next{Loss: model.LossQuantile, Quantiles: []float64{0.1, 0.5, 0.9}}
	o.Layers, o.Patience, o.Validation, o.Lead = 1, 2, 0.3, 0
	all["quantiles of what comes next"] = kind{tides(24, 60, 1), o}
	return all
}

func fitBytes(t *testing.T, set *dataset.Set, o Options, hooks Hooks, checkpoint []byte) ([]byte, []Row) {
	t.Helper()
	r, err := Fit(t.Context(), set, nil, o, hooks, checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	rows := append([]Row(nil), r.Rows...)
	for i := range rows {
		rows[i].Seconds = 0
	}
	return r.Model.Bytes(), rows
}

// equalRows compares what two trainings logged; NaN equals NaN.
func equalRows(a, b []Row) bool {
	var x, y bytes.Buffer
	WriteCSV(&x, a)
	WriteCSV(&y, b)
	return x.String() == y.String()
}
