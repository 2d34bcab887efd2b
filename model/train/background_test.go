package train

import (
	"bytes"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"inkling/model/dataset"
)

// hiss is background of noise, one recording of it digital silence.
func hiss(n int) *dataset.Set {
	s := &dataset.Set{Kind: dataset.Audio, Labels: []string{"rain"}, Channels: 1, Rate: 8000, Hash: "hiss"}
	for i := range n {
		e := dataset.Example{Name: "hiss.wav", Group: "hiss.wav", Rate: 8000, Hash: strings.Repeat(string(rune('a'+i)), 16), Samples: make([]float32, 8000)}
		rng := random(9, forInit, 0, i)
		for t := range e.Samples {
			if i > 0 {
				e.Samples[t] = float32(0.01 * rng.NormFloat64())
			}
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}

// words is a set of two kinds of tone without background.
func words(n int) *dataset.Set {
	s := toyAudio(n, 1)
	s.Labels = []string{"high", "low"}
	return s
}

func TestBackgroundBecomesExamples(t *testing.T) {
	o := Options{Background: hiss(4), Seed: 1}
	set := words(40)
	level := 0.0
	for i := range set.Examples {
		level += rms(set.Examples[i].Samples) / 40
	}
	u, err := o.withBackground(set)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"background", "high", "low"}; !slices.Equal(u.Labels, want) {
		t.Fatalf("labels %q, want %q", u.Labels, want)
	}
	counts := u.Counts()
	if counts[0] < 6 || counts[1] != 20 || counts[2] != 20 {
		t.Errorf("%v examples", counts)
	}
	for i := range u.Examples {
		e := &u.Examples[i]
		if was := i < 40; was != (e.Label != 0) {
			t.Fatalf("example %d has the label %q", i, u.Labels[e.Label])
		}
		if e.Label != 0 {
			continue
		}
		if dB := 20 * math.Log10(rms(e.Samples)/level); dB > 0.1 || dB < -softer-0.1 {
			t.Errorf("%s: %.1f dB over the examples", e.Name, dB)
		}
		if strings.HasPrefix(e.Hash, "a") {
			t.Errorf("%s: digital silence is an example", e.Name)
		}
	}
}

// Background in recordings that are much shorter than the examples is learned from, each as a
// piece.
func TestBackgroundInShortRecordings(t *testing.T) {
	o := Options{Background: hiss(13), Seed: 1}
	set := words(20)
	for i := range set.Examples {
		set.Examples[i].Samples = slices.Repeat(set.Examples[i].Samples, 40) // 5 s and more, over 1 s
	}
	u, err := o.withBackground(set)
	if err != nil {
		t.Fatal(err)
	}
	if n := u.Counts()[0]; n != 12 { // one is digital silence
		t.Errorf("%d pieces, want 12", n)
	}
}

func TestBackgroundIsMixedUnderExamples(t *testing.T) {
	o := &Options{Background: hiss(3), SNR: 10}
	set := words(2)
	e := &set.Examples[0]
	keep := slices.Clone(e.Samples)
	clean, longer := 0, 0
	least, most := math.Inf(1), math.Inf(-1)
	for k := range 300 {
		x := augmentSamples(o, random(1, forVariant, 0, k), e, &dataset.Set{Rate: 8000, Channels: 1}, false)
		if len(x) > len(e.Samples) {
			longer++
			continue // where the example lies in it is drawn
		}
		for i := range x {
			x[i] -= e.Samples[i]
		}
		if n := rms(x); n == 0 {
			clean++
		} else {
			dB := 20 * math.Log10(rms(e.Samples)/n)
			least, most = min(least, dB), max(most, dB)
		}
	}
	if longer < 80 || longer > 145 || clean < 45 || clean > 130 || least < 9 || least > 11.5 || most > 31 || most < 28 {
		t.Errorf("%d of 300 longer, %d clean, the others at %.1f to %.1f dB, want 10 to 30", longer, clean, least, most)
	}
	if x := augmentSamples(o, random(1, forVariant, 0, 1), e, &dataset.Set{Rate: 8000, Channels: 1}, true); !equalBits(x, e.Samples) {
		t.Error("background lies under background")
	}
	if !equalBits(keep, e.Samples) {
		t.Error("the example's own samples changed")
	}
}

func TestBackgroundIsRefused(t *testing.T) {
	other := hiss(2)
	other.Rate = 16000
	empty := hiss(0)
	silent := hiss(1)
	for want, k := range map[string]struct{ b, set *dataset.Set }{
		"sound alone":        {hiss(2), toySet(20, 1)},
		"read both alike":    {other, words(20)},
		"no recordings":      {empty, words(20)},
		"is digital silence": {silent, words(20)},
	} {
		o := toyOptions()
		o.Background = k.b
		if _, err := Fit(t.Context(), k.set, nil, o, Hooks{}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// A model of the same seed and background is the same on any number of cores, and
// another background makes another.
func TestBackgroundGivesTheSameModelOnAnyCores(t *testing.T) {
	fit := func(b *dataset.Set, cores int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		o, _, err := Defaults(words(24), "")
		if err != nil {
			t.Fatal(err)
		}
		o.Detector, o.Hidden, o.Epochs, o.Folds, o.Background, o.SNR = 0, 4, 1, 0, b, 5
		r, err := Fit(t.Context(), words(24), nil, o, Hooks{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &r.Model.Config
		if c.Decision.Background != "background" || c.Origin.Options["background"] != b.Hash {
			t.Errorf("background %q, of data %q", c.Decision.Background, c.Origin.Options["background"])
		}
		var buf bytes.Buffer
		if err := r.Model.Save(&buf); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	one := fit(hiss(3), 1)
	if !bytes.Equal(one, fit(hiss(3), 2)) {
		t.Error("two cores make another model")
	}
	if b := hiss(3); !bytes.Equal(one, fit(b, 1)) {
		t.Error("not the same again")
	}
	if bytes.Equal(one, fit(hiss(4), 1)) {
		t.Error("other background, same model")
	}
}
