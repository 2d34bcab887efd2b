package train

import (
	"testing"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// The preset matlab is the plain network, whatever the data.
func TestPresetMATLAB(t *testing.T) {
	t.Parallel()
	set := &dataset.Set{Kind: dataset.Series, Labels: []string{"a", "b"}, Channels: 12, Rate: 0}
	for i := range 40 {
		set.Examples = append(set.Examples, dataset.Example{Label: i % 2, Samples: make([]float32, 12*100)})
	}
	o, notes, err := Defaults(set, PresetMATLAB)
	if err != nil {
		t.Fatal(err)
	}
	if o.Front.Kind != feature.KindRaw || o.Front.Samples != 1 || o.Front.Deltas != 0 || o.Hidden != 100 || o.Layers != 1 ||
		o.Running != model.RunningNone || o.NoConfirm || o.Stem.Kind != "" || len(notes) == 0 {
		t.Errorf("%+v\n%q", o, notes)
	}
	for _, d := range Declared() {
		if d.plain && d.float(&o) != 0 {
			t.Errorf("%s is %v, want 0", d.Field, d.float(&o))
		}
	}
	set.Kind = dataset.Beats
	if _, _, err := Defaults(set, PresetMATLAB); err == nil {
		t.Error("heartbeats have been accepted")
	}
}
