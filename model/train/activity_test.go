package train

import (
	"math"
	"strings"
	"testing"

	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
)

// Examples are cut to what sounds, at whole frames; background and what is too soft
// stay as they are, and the latter are reported.
func TestExamplesAreCutToActivity(t *testing.T) {
	set := &dataset.Set{Kind: dataset.Audio, Labels: []string{"background", "tone"}, Channels: 1, Rate: 1000}
	for i, loud := range []float64{0.5, 1e-4, 1e-4} {
		e := dataset.Example{Name: "x", Label: 1 - i%2, Rate: 1000, Hash: "00"}
		for k := range 2000 {
			v := 1e-5 * math.Sin(0.3*float64(k))
			if k >= 500 && k < 900 {
				v = loud * math.Sin(float64(k))
			}
			e.Samples = append(e.Samples, float32(v))
		}
		set.Examples = append(set.Examples, e)
	}
	o := Options{Front: feature.Config{Kind: feature.KindRaw, Samples: 9}, Segment: segment.Config{Kind: segment.Activity}}
	cut, note, err := o.cutToActivity(set)
	if err != nil {
		t.Fatal(err)
	}
	x := cut.Examples[0].Samples
	if len(x) != 414 || &x[0] != &set.Examples[0].Samples[480] { // from 480 to 900: 46 frames of 9
		t.Errorf("%d samples", len(x))
	}
	if len(cut.Examples[1].Samples) != 2000 || len(cut.Examples[2].Samples) != 2000 || !strings.HasPrefix(note, "1 examples open no segment") {
		t.Errorf("%d, %d: %q", len(cut.Examples[1].Samples), len(cut.Examples[2].Samples), note)
	}
	o.Segment.Kind = segment.Fixed
	if _, _, err := o.cutToActivity(set); err == nil {
		t.Error("a segmenter that does not listen cuts examples")
	}
	o.Segment = segment.Config{Kind: segment.Activity, OnDB: 3, OffDB: 9}
	if _, _, err := o.cutToActivity(set); err == nil || !strings.Contains(err.Error(), "lower off") {
		t.Errorf("%v", err)
	}
}

// Training on the activity of padded tones is training on the tones.
func TestTrainsOnActivityAlone(t *testing.T) {
	o, _, _ := Defaults(toyAudio(12, 1), "")
	o.Detector, o.Hidden, o.Epochs, o.Folds, o.Segment.Kind, o.CutActivity = 0, 4, 1, 0, segment.Activity, true
	set := toyAudio(12, 1)
	for i := range set.Examples {
		e := &set.Examples[i]
		e.Label = 1 - e.Label // the tone of both kinds is no background
		e.Samples = append(make([]float32, 1600), append(e.Samples, make([]float32, 2400)...)...)
	}
	tr, err := prepare(set, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range tr.train.set.Examples {
		if n := len(e.Samples); n > 2000+170 || n < 1200-200 {
			t.Errorf("example %d: %d samples", i, n)
		}
	}
}
