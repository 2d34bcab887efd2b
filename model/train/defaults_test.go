package train

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"inkling/model/dataset"
	"inkling/model/feature"
)

func TestDefaultsFollowTheData(t *testing.T) {
	series := func(steps, channels int) *dataset.Set {
		s := &dataset.Set{Kind: dataset.Series, Labels: []string{"a", "b"}, Channels: channels}
		for i := range 30 {
			s.Examples = append(s.Examples, dataset.Example{Group: fmt.Sprint(i), Label: i % 2, Samples: make([]float32, steps*channels)})
		}
		return s
	}
	audio := func(seconds float64) *dataset.Set {
		s := series(int(seconds*16000), 1)
		s.Kind, s.Rate = dataset.Audio, 16000
		return s
	}
	for _, c := range []struct {
		set      *dataset.Set
		kind     feature.Kind
		lo, hi   float64 // timesteps
		deltas   int
		hop      float64
		mentions string
	}{
		{series(8, 2), feature.KindRaw, 8, 8, 0, 0, "one sample a step"},
		{series(15, 12), feature.KindRaw, 8, 8, 1, 0, "2 samples a step"},
		{series(51, 24), feature.KindRaw, 13, 13, 1, 0, "4 samples a step"},
		{series(100, 6), feature.KindRaw, 20, 60, 1, 0, "with deltas"},
		{series(500, 1), feature.KindRaw, 500, 500, 0, 0, "convolutions"},
		{series(500, 3), feature.KindRaw, 20, 60, 1, 0, "10 samples a step"},
		{series(5000, 1), feature.KindRaw, 20, 110, 1, 0, "mean of"},
		{audio(0.08), feature.KindLogMel, 10, 20, 0, 5, "every 5 ms"},
		{audio(1), feature.KindLogMel, 90, 100, 0, 10, "every 10 ms"},
	} {
		o, notes, _ := Defaults(c.set, "")
		x, err := feature.New(o.Front, c.set.Rate, c.set.Channels)
		if err != nil {
			t.Fatal(err)
		}
		steps := float64(len(x.Flush(x.Push(nil, c.set.Examples[0].Samples))) / x.Dim())
		if o.Front.Kind != c.kind || steps < c.lo || steps > c.hi || o.Front.Deltas != c.deltas || o.Front.HopMS != c.hop {
			t.Errorf("%d samples: %+v, %v steps", c.set.Frames(0), o.Front, steps)
		}
		if !strings.Contains(strings.Join(notes, "\n"), c.mentions) {
			t.Errorf("notes %q do not mention %q", notes, c.mentions)
		}
	}
	voices := audio(0.4)
	for range 3 {
		voices.Examples = append(voices.Examples, voices.Examples...)
	}
	for i := range voices.Examples {
		voices.Examples[i].Group = fmt.Sprint(i % 4)
	}
	if o, notes, _ := Defaults(voices, ""); o.Front.Kind != feature.KindMFCC || o.Front.Deltas != 1 || o.Front.MeanPrior != meanPrior || o.SNR == 0 || o.Reverb == 0 || !strings.Contains(notes[0], "few sources") {
		t.Errorf("four voices: %+v, %q", o.Front, notes)
	}
	word := *voices // of all that four voices say one word is a label, and there are recordings of elsewhere
	word.Labels, word.Examples = []string{dataset.Background, "word"}, slices.Clone(voices.Examples)
	for i := range word.Examples {
		if word.Examples[i].Label = 0; i%40 < 4 {
			word.Examples[i].Label = 1
		}
	}
	for i := range 20 {
		e := word.Examples[5]
		e.Group = fmt.Sprint("street ", i)
		word.Examples = append(word.Examples, e)
	}
	if o, notes, _ := Defaults(&word, ""); o.Front.Kind != feature.KindMFCC {
		t.Errorf("a word of four voices: %+v, %q", o.Front, notes)
	}
	for n, want := range map[int]bool{15: true, 16: false} {
		if o, notes, _ := Defaults(words(n), ""); strings.Contains(strings.Join(notes, "\n"), "no detector: it takes 16 examples to learn from, and here are 15") != want || (o.Detector == 0) != want {
			t.Errorf("%d examples: detector of %d, %q", n, o.Detector, notes)
		}
	}
	few := series(15, 1)
	for i := range few.Examples {
		few.Examples[i].Group = fmt.Sprint(i % 3)
	}
	if _, notes, _ := Defaults(few, ""); !strings.Contains(strings.Join(notes, "\n"), "3 groups only") {
		t.Errorf("notes on three groups: %q", notes)
	}
}

// Validation takes whole groups where there are enough of them.
func TestValidationTakesWholeGroups(t *testing.T) {
	for _, n := range []int{3, 12} {
		set := toySet(120, 1)
		for i := range set.Examples {
			set.Examples[i].Group = fmt.Sprint("g", i%n)
		}
		train, valid := loosened(set).HoldOut(0.2, "1")
		if len(train.Examples)+len(valid.Examples) != 120 || len(valid.Examples) < 10 || len(valid.Examples) > 40 {
			t.Errorf("%d groups: %d and %d examples", n, len(train.Examples), len(valid.Examples))
		}
		shared := 0
		for _, v := range valid.Examples {
			if slices.ContainsFunc(train.Examples, func(e dataset.Example) bool { return set.Examples[index(e)].Group == set.Examples[index(v)].Group }) {
				shared++
			}
		}
		if (n < fewGroups) != (shared > 0) {
			t.Errorf("%d groups: %d validation examples have theirs in training", n, shared)
		}
	}
}

func index(e dataset.Example) (i int) {
	fmt.Sscanf(e.Name, "toy:%d", &i)
	return i
}
