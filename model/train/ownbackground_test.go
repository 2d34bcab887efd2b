package train

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"inkling/internal/audio"
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/dataset"
)

// tones is a set of one label.
func tones(n int) *dataset.Set {
	s := words(2 * n).Keep(func(e *dataset.Example) bool { return e.Label == 0 })
	t, err := s.Only([]string{"high"})
	if err != nil {
		panic(err)
	}
	return t
}

// asBackground gives s the label background.
func asBackground(s *dataset.Set) *dataset.Set {
	s.Labels = []string{dataset.Background}
	return s
}

// answers returns the labels that m confirms of the examples of set.
func answers(t *testing.T, m *model.Model, set *dataset.Set) (list []string) {
	for i := range set.Examples {
		e := &set.Examples[i]
		f, err := extract(m.Config.Front, e, set.Channels, e.Samples)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, m.Config.Labels[f32.Argmax(m.Predict(f).Confirm)])
	}
	return list
}

// Long background of the data is what is given as background, on both sides.
func TestLongBackgroundOfTheData(t *testing.T) {
	long, given := asBackground(hiss(4)), hiss(6)
	set := words(30).Union(long)
	o := Options{Seed: 1}
	events, valid, note, err := o.takeBackground(set, set)
	if err != nil || note != "" {
		t.Fatal(note, err)
	}
	if len(events.Examples) != 30 || len(o.Background.Examples) != 4 || slices.Contains(events.Labels, dataset.Background) {
		t.Errorf("%d events, %d recordings", len(events.Examples), len(o.Background.Examples))
	}
	for i := range valid.Examples {
		if valid.Frames(i) > 2*2000 {
			t.Errorf("%s is not cut", valid.Examples[i].Name)
		}
	}
	if n := len(valid.Background().Examples); n < 8 {
		t.Errorf("%d pieces", n)
	}
	o.Background = given
	if _, _, _, err := o.takeBackground(set, nil); err != nil || len(o.Background.Examples) != 10 {
		t.Errorf("with other background: %v, %d recordings", err, len(o.Background.Examples))
	}
	o.Background = hiss(2)
	o.Background.Rate = 16000
	if _, _, _, err := o.takeBackground(set, nil); err == nil || !strings.Contains(err.Error(), "read both alike") {
		t.Error(err)
	}
	silent := words(30).Union(asBackground(hiss(1))) // whose first recording is silence
	o = Options{Seed: 1}
	if events, _, note, err := o.takeBackground(silent, nil); err != nil || o.Background != nil || len(events.Background().Examples) < 2 || !strings.Contains(note, "are digital silence") {
		t.Errorf("silence: %v, %q", err, note)
	}
	o.Background = given // is heard beside it
	if _, _, note, err := o.takeBackground(silent, nil); err != nil || note != "" {
		t.Errorf("silence beside other background: %v, %q", err, note)
	}
	o = Options{Seed: 1}
	short := toyAudio(30, 1) // with background as long as examples
	if events, _, _, err := o.takeBackground(short, nil); err != nil || events != short || o.Background != nil {
		t.Errorf("clips of background: %v", err)
	}
}

// One label of sound is told from background, from synthetic noises if there is none.
func TestOneLabel(t *testing.T) {
	t.Parallel()
	for _, b := range []*dataset.Set{nil, hiss(4)} {
		set := tones(30)
		o, _, err := Defaults(set, "")
		if err != nil {
			t.Fatal(err)
		}
		o.Detector, o.Hidden, o.Epochs, o.Folds, o.Background, o.MinUpdates = 0, 12, 12, 0, b, 0
		warned := ""
		r, err := Fit(t.Context(), set, nil, o, Hooks{Warn: func(s string) { warned += s }}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c := &r.Model.Config; !slices.Equal(c.Labels, []string{"background", "high"}) || c.Decision.Background != "background" {
			t.Errorf("%v, %+v", c.Labels, c.Decision)
		}
		if strings.Contains(warned, "synthetic noises stand for it") != (b == nil) {
			t.Errorf("background %v: %q", b != nil, warned)
		}
		right := 0
		for i, said := range answers(t, r.Model, words(40)) {
			if (said == "high") == (i%2 == 0) {
				right++
			}
		}
		t.Logf("background %v: %d of 40", b != nil, right)
	}
	if _, err := Fit(t.Context(), asBackground(hiss(9)), nil, toyOptions(), Hooks{}, nil); err == nil || !strings.Contains(err.Error(), "add examples of what is to be told from it") {
		t.Error(err)
	}
}

func TestShortBackgroundIsRefused(t *testing.T) {
	short := func() *dataset.Set {
		s := hiss(2)
		for i := range s.Examples {
			s.Examples[i].Samples = s.Examples[i].Samples[:3000]
		}
		return s
	}
	given, own := toyOptions(), toyOptions()
	given.Background = short()
	for says, k := range map[string]struct {
		set *dataset.Set
		o   Options
	}{
		"train: the background lasts 0.75 s in all: record":                                              {words(20), given},
		"train: the examples labelled background that are learned from last 0.75 s in all: record a sec": {words(20).Union(asBackground(short())), own},
	} {
		if _, err := Fit(t.Context(), k.set, nil, k.o, Hooks{}, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// Noises differ by seed and channel, and are the same again.
func TestNoises(t *testing.T) {
	t.Parallel()
	set := tones(4)
	set.Channels = 2
	o, other := Options{Seed: 1}, Options{Seed: 2}
	a, b, c := o.noises(set), o.noises(set), other.noises(set)
	for i := range a.Examples {
		if !slices.Equal(a.Examples[i].Samples, b.Examples[i].Samples) {
			t.Errorf("%s is not the same again", a.Examples[i].Name)
		}
		if slices.Equal(a.Examples[i].Samples, c.Examples[i].Samples) || a.Examples[i].Hash == c.Examples[i].Hash {
			t.Errorf("%s is that of another seed", a.Examples[i].Name)
		}
		if x := a.Examples[i].Samples; x[100] == x[101] {
			t.Errorf("%s: both channels are one", a.Examples[i].Name)
		}
	}
	if a.Seconds() < 40 || len(a.Examples) != 10 {
		t.Errorf("%v s", a.Seconds())
	}
}

// A recording with annotations trains a model that knows its events from what lies between.
func TestAnnotatedRecordings(t *testing.T) {
	t.Parallel()
	set := words(60)
	rng := random(1, forInit, 0, 0)
	var samples []float32
	var track strings.Builder
	hiss := func(seconds float64) {
		for range int(seconds * set.Rate) {
			samples = append(samples, float32(0.01*rng.NormFloat64()))
		}
	}
	for _, e := range set.Examples {
		hiss(0.5 + rng.Float64())
		start := float64(len(samples)) / set.Rate
		samples = append(samples, e.Samples...)
		fmt.Fprintf(&track, "%.6f\t%.6f\t%s\n", start, float64(len(samples))/set.Rate, set.Labels[e.Label])
	}
	hiss(3)
	var wav bytes.Buffer
	audio.EncodeWAV(&wav, &audio.Clip{Rate: set.Rate, Channels: 1, Samples: samples}, audio.Float32)
	read, err := dataset.OpenFS(fstest.MapFS{"a.wav": {Data: wav.Bytes()}, "a.txt": {Data: []byte(track.String())}}, "a.wav", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	learn, err := read.Train()
	if err != nil {
		t.Fatal(err)
	}
	test, err := read.Test()
	if err != nil {
		t.Fatal(err)
	}
	o, _, err := Defaults(learn, "")
	if err != nil {
		t.Fatal(err)
	}
	o.Detector, o.Hidden, o.Epochs, o.Folds, o.MinUpdates = 0, 12, 12, 0, 0
	r, err := Fit(t.Context(), learn, nil, o, Hooks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, said := range answers(t, r.Model, test) {
		if said == test.Labels[test.Examples[i].Label] {
			right++
		}
	}
	if n := len(test.Examples); right < n*9/10 {
		t.Errorf("%d of %d right", right, n)
	}
}

// Background that holds sounds of a label is named, with where the first of them is; other
// background is not.
func TestBackgroundThatSoundsLikeALabel(t *testing.T) {
	t.Parallel()
	set := tones(60)
	hidden := tones(12)
	for _, mixed := range []bool{false, true} {
		b := hiss(7)
		for i := range b.Examples {
			e := &b.Examples[i]
			e.Samples = slices.Repeat(e.Samples, 4)
			e.Name = fmt.Sprintf("%d.wav", i)
		}
		if mixed {
			for k, e := range hidden.Examples[:6] {
				copy(b.Examples[3].Samples[2000+5000*k:], e.Samples)
			}
		}
		o, _, err := Defaults(set, "")
		if err != nil {
			t.Fatal(err)
		}
		o.Detector, o.Hidden, o.Epochs, o.Folds, o.Background, o.MinUpdates = 0, 12, 12, 0, b, 0
		var told []string
		if _, err := Fit(t.Context(), set, nil, o, Hooks{Warn: func(s string) { told = append(told, s) }}, nil); err != nil {
			t.Fatal(err)
		}
		told = slices.DeleteFunc(told, func(s string) bool { return !strings.Contains(s, "sounds like") })
		switch {
		case !mixed && len(told) > 0:
			t.Errorf("clean background: %q", told)
		case mixed && (len(told) != 1 || !strings.Contains(told[0], `background 3.wav sounds like label "high" in `)):
			t.Errorf("%q", told)
		case mixed:
			t.Log(told[0])
		}
	}
}
