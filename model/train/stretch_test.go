package train

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/model/dataset"
	"inkling/model/feature"
)

// A stretched series begins and ends with the samples that it did, and a straight line
// stays one.
func TestStretchedSeriesKeepsEndsAndLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, channels := rapid.IntRange(1, 40).Draw(t, "n"), rapid.IntRange(1, 3).Draw(t, "channels")
		ratio := rapid.Float64Range(0.55, 1.45).Draw(t, "ratio")
		x := make([]float32, n*channels)
		for i := range x {
			x[i] = float32(i%channels) + float32(i/channels)*float32(i%channels-1)
		}
		y := stretchSeries(x, ratio, channels)
		m := len(y) / channels
		if want := max(int(math.Round(ratio*float64(n))), min(n, 2)); m != want || len(y)%channels != 0 {
			t.Fatalf("%d samples of %d at %v, want %d", m, n, ratio, want)
		}
		for i, v := range y {
			at := 0.0
			if m > 1 {
				at = float64(i/channels) * float64(n-1) / float64(m-1)
			}
			if want := float64(i%channels) + at*float64(i%channels-1); math.Abs(float64(v)-want) > 1e-4 {
				t.Fatalf("sample %d is %v, want %v", i, v, want)
			}
		}
	})
}

// Series that are stretched train to the same weights on any number of workers, and to
// others than without.
func TestStretchedSeriesTrainTheSame(t *testing.T) {
	o := toyOptions()
	o.Epochs, o.Folds, o.Validation = 1, 0, 0
	train := func(stretch float64, workers int) []float32 {
		o := o
		o.Stretch = stretch
		o = o.resolve(toySet(30, 1))
		c, err := newCorpus(toySet(30, 1), o.Front, nil, workers)
		if err != nil {
			t.Fatal(err)
		}
		c.vary(&o, workers)
		tr := newTrainer(c, nil, o, workers)
		if _, err := tr.epoch(t.Context(), &Hooks{}); err != nil {
			t.Fatal(err)
		}
		return tr.params.Forward.HH
	}
	one, three, plain := train(0.2, 1), train(0.2, 3), train(0, 1)
	differ := false
	for i := range one {
		if one[i] != three[i] {
			t.Fatalf("weight %d: %v on one worker, %v on three", i, one[i], three[i])
		}
		differ = differ || one[i] != plain[i]
	}
	if !differ {
		t.Error("a stretch changes nothing")
	}
}

// Examples whose samples have labels keep their length, so that labels and steps agree.
func TestLabelledSamplesAreNotStretched(t *testing.T) {
	for _, set := range []*dataset.Set{toySet(6, 1), toyAudio(6, 1)} {
		front := feature.Config{Kind: feature.KindRaw}
		for i := range set.Examples {
			e := &set.Examples[i]
			e.Steps = slices.Repeat([]int32{int32(e.Label)}, len(e.Samples)/set.Channels)
		}
		o := Options{Stretch: 0.4, GainDB: 6, Seed: 1}
		c, err := newCorpus(set, front, nil, 1)
		if err != nil {
			t.Fatal(err)
		}
		c.vary(&o, 1)
		for i := range set.Examples {
			for u := range 10 {
				if s := c.augmented(i, &o, random(1, forExample, u, i)); s.steps != len(s.labels) {
					t.Fatalf("%s: %d steps with %d labels", set.Kind, s.steps, len(s.labels))
				}
			}
		}
	}
}

// Several channels of 31 to 60 samples are learned at changed speeds; fewer channels,
// and samples that have labels, are not.
func TestDefaultsStretchShortSeries(t *testing.T) {
	for _, k := range []struct {
		channels int
		stepwise bool
		want     float64
	}{{6, false, 0.2}, {3, false, 0}, {6, true, 0}} {
		set := &dataset.Set{Kind: dataset.Series, Labels: []string{"a", "b"}, Channels: k.channels}
		for i := range 20 {
			e := dataset.Example{Label: i % 2, Samples: make([]float32, 50*k.channels)}
			if k.stepwise {
				e.Steps = make([]int32, 50)
			}
			set.Examples = append(set.Examples, e)
		}
		o, _, err := Defaults(set, "")
		if err != nil || o.Stretch != k.want {
			t.Errorf("%+v: stretch %v, %v", k, o.Stretch, err)
		}
	}
}
