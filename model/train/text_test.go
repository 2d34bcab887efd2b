package train

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
)

// toyText holds n sentences of made-up words by two writers, who have their favourites;
// ten make a passage.
func toyText(n int, seed uint64) *dataset.Set {
	rng := rand.New(rand.NewPCG(seed, 9))
	words := [2][]string{{"tea", "rain", "the", "and", "calm"}, {"fog", "rail", "the", "and", "cold"}}
	s := &dataset.Set{Kind: dataset.Text, Labels: []string{"one", "two"}, Channels: 1, Hash: fmt.Sprint("text ", n, seed)}
	for i := range n {
		label := i / 10 % 2
		var parts []string
		for range 3 + rng.IntN(4) {
			parts = append(parts, words[label][rng.IntN(5)])
		}
		e := dataset.Example{Name: fmt.Sprint("x.tsv:", i), Group: fmt.Sprint(i), Passage: fmt.Sprint(label, "\x00", i/10), Label: label, Hash: fmt.Sprintf("%08x", rng.Uint32())}
		for _, r := range strings.Join(parts, " ") + "." {
			e.Samples = append(e.Samples, float32(r))
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}

func textOptions() Options {
	o := NewOptions()
	o.Front, o.Hidden, o.Epochs, o.Batch, o.LR, o.Seed = feature.Config{Kind: feature.KindChars}, 10, 3, 16, 0.02, 3
	o.Running, o.Join, o.AuxNext, o.Dropout = model.RunningEvidence, 3, 0.5, 0.05
	return o
}

// fromInit are the general options for a network that starts from m's layers.
func fromInit(m *model.Model) Options {
	o := NewOptions()
	o.Init, o.Hidden, o.Layers = m, 0, 0
	return o
}

func fitText(t *testing.T, set *dataset.Set, o Options) *model.Model {
	t.Helper()
	r, err := Fit(t.Context(), set, nil, o, Hooks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r.Model
}

func TestLearnsAToyText(t *testing.T) {
	t.Parallel()
	o, notes, err := Defaults(toyText(160, 1), "")
	if err != nil || len(notes) == 0 || !strings.Contains(notes[0], "preset text") {
		t.Fatal(notes, err)
	}
	o.Hidden, o.Epochs, o.Folds, o.Seed, o.LR = 12, 40, 0, 1, 0.01
	m := fitText(t, toyText(160, 1), o)
	if m.Config.Segment.Kind != segment.Line || m.Config.Front.Alphabet == "" || m.Params.Aux[0] != nil || m.Params.Scale[0] != 1 || m.Params.Mean[0] != 0 {
		t.Errorf("%+v", m.Config)
	}
	right, _ := rightOf(t, m, toyText(60, 2))
	if right < 55 {
		t.Errorf("%d of 60 right", right)
	}
}

// The file is the same on any number of cores, and for a training resumed from a
// checkpoint; the second task leaves nothing in it.
func TestTextTrainingIsReproducible(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	o := textOptions()
	o.Folds = 2
	var checkpoint []byte
	h := Hooks{Checkpoint: func(write func() []byte) error {
		if checkpoint == nil {
			checkpoint = write()
		}
		return nil
	}}
	r, err := Fit(t.Context(), toyText(60, 1), nil, o, h, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := r.Model.Bytes()
	runtime.GOMAXPROCS(3)
	o.ActivationBudget = 1
	again, err := Fit(t.Context(), toyText(60, 1), nil, o, Hooks{}, checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again.Model.Bytes(), want) || bytes.Contains(want, []byte("aux.")) {
		t.Error("two trainings with one seed differ, or the file has what is training's own")
	}
}

func TestAlphabetHasFrequentCharacters(t *testing.T) {
	set := toyText(40, 1)
	set.Examples[0].Samples = append(set.Examples[0].Samples, 'Q', 'é', 'é')
	a := alphabet(set)
	if !strings.Contains(a, "é") || strings.Contains(a, "Q") || !strings.HasPrefix(a, " .") || !slices.IsSorted([]rune(a)) {
		t.Errorf("%q", a)
	}
}

// Joined examples go on where the first one ends, and no further than its passage.
func TestJoinedExamplesStayInTheirPassage(t *testing.T) {
	set := toyText(25, 1)
	front := feature.Config{Kind: feature.KindChars, Alphabet: alphabet(set)}
	c, err := newCorpus(set, front, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	o := &Options{Join: 4}
	counts := map[int]int{}
	for k := range 200 {
		got := c.joined(7, o, random(1, forExample, k, 7))
		want, n := slices.Clone(c.plain[7]), 1
		for ; len(want) < len(got); n++ {
			want = append(append(want, c.space), c.plain[7+n]...)
		}
		if !slices.Equal(got, want) {
			t.Fatal("joined out of order")
		}
		counts[n]++
	}
	if len(counts) != 3 || counts[3] < counts[1] { // examples 8 and 9 follow, 10 is another passage
		t.Errorf("how many were joined: %v", counts)
	}
	x := augmentCodes(&Options{Dropout: 0.3}, random(1, forExample, 0, 0), slices.Repeat([]float32{2}, 5000))
	unknown := 0
	for _, v := range x {
		switch v {
		case 0:
			unknown++
		case 2:
		default:
			t.Fatalf("a code became %v", v)
		}
	}
	if unknown < 1400 || unknown > 1600 {
		t.Errorf("%d of 5000 characters are unknown, want about 1500", unknown)
	}
}

// Training starts from another model's layers and keeps its alphabet.
func TestTrainingStartsFromAnotherModel(t *testing.T) {
	set := toyText(60, 1)
	o := textOptions()
	o.Folds = 0
	first := fitText(t, set, o)
	other := toyText(60, 5)
	other.Labels = []string{"x", "y"}
	o = fromInit(first)
	o.Epochs, o.LR, o.WeightDecay, o.Seed, o.Folds = 1, 1e-9, 0, 9, 0
	second := fitText(t, other, o)
	if second.Config.Front != first.Config.Front || second.Config.Hidden != 10 || second.Config.Origin.Options["init"] != first.Hash() {
		t.Errorf("%+v", second.Config)
	}
	from := map[string][]float32{}
	for _, x := range first.Params.Tensors() {
		from[x.Name] = x.Data
	}
	for _, x := range second.Params.Tensors() {
		same := true
		for i, v := range x.Data {
			same = same && v-from[x.Name][i] < 1e-5 && v-from[x.Name][i] > -1e-5
		}
		if want := strings.HasPrefix(x.Name, "lstm.") || strings.HasPrefix(x.Name, "front."); same != want {
			t.Errorf("%s: as before: %v", x.Name, same)
		}
	}
	for want, o := range map[string]Options{
		"units": {Init: first, Hidden: 12}, "layers": {Init: first, Layers: 2}, "front end": {Init: first, Front: feature.Config{Kind: feature.KindChars, Alphabet: "abc"}},
	} {
		if _, err := Fit(t.Context(), set, nil, o, Hooks{}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, err := Fit(t.Context(), toyAudio(20, 1), nil, Options{Init: first}, Hooks{}, nil); err == nil || !strings.Contains(err.Error(), "rate") {
		t.Errorf("sound over a model of text: %v", err)
	}
}

// Heads go on from those of the labels that both have; a new label's begin anew.
func TestInitKeepsHeadsOfKnownLabels(t *testing.T) {
	set := toyAudio(24, 1)
	o := toyOptions()
	o.Front = feature.Config{}
	o.Epochs, o.Folds, o.Hidden = 2, 0, 10
	first, err := Fit(t.Context(), set, nil, o, Hooks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	more := toyAudio(24, 2)
	more.Labels = []string{"background", "alarm", "tone"}
	for i := range more.Examples {
		more.Examples[i].Label = []int{0, 2, 1}[i%3]
	}
	slices.Sort(more.Labels) // alarm, background, tone
	o.Init, o.Epochs, o.LR, o.WeightDecay = first.Model, 1, 1e-9, 0
	second, err := Fit(t.Context(), more, nil, o, Hooks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b := first.Model.Params, second.Model.Params
	near := func(x, y []float32) bool {
		for i := range x {
			if d := x[i] - y[i]; d > 1e-5 || d < -1e-5 {
				return false
			}
		}
		return true
	}
	n, k := len(a.ConfirmW)/2, len(a.RunningW)/2
	for i := range 2 {
		if !near(a.ConfirmW[i*n:(i+1)*n], b.ConfirmW[(i+1)*n:(i+2)*n]) || !near(a.RunningW[i*k:(i+1)*k], b.RunningW[(i+1)*k:(i+2)*k]) {
			t.Errorf("the head of %s began anew", set.Labels[i])
		}
	}
	if near(a.ConfirmW[:n], b.ConfirmW[:n]) {
		t.Error("a new label has the head of another")
	}
}

// A waveform model's layers carry its normalisation with them.
func TestInitKeepsTheNormalisation(t *testing.T) {
	o := toyOptions()
	o.Epochs, o.Folds = 1, 0
	first := fitText(t, toySet(40, 1), o)
	shifted := toySet(40, 2)
	for i := range shifted.Examples {
		for j := range shifted.Examples[i].Samples {
			shifted.Examples[i].Samples[j] += 7
		}
	}
	o = fromInit(first)
	o.Epochs, o.Folds = 1, 2
	second := fitText(t, shifted, o)
	if !slices.Equal(second.Params.Mean, first.Params.Mean) || !slices.Equal(second.Params.Scale, first.Params.Scale) {
		t.Errorf("mean %v, was %v", second.Params.Mean, first.Params.Mean)
	}
}

func TestTextOptionsAreRefusedElsewhere(t *testing.T) {
	for want, c := range map[string]struct {
		set *dataset.Set
		o   Options
	}{
		"text takes the front end chars":                          {toyText(40, 1), Options{Front: feature.Config{Kind: feature.KindRaw}}},
		"front end chars over series":                             {toySet(40, 1), Options{Front: feature.Config{Kind: feature.KindChars, Alphabet: "ab"}}},
		"train.Options.Join is 3: it is for text, not for series": {toySet(40, 1), Options{Join: 3}},
		"train.Options.AuxNext is -1":                             {toyText(40, 1), Options{AuxNext: -1}},
	} {
		if _, err := Fit(t.Context(), c.set, nil, c.o, Hooks{}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if _, _, err := Defaults(toySet(40, 1), PresetText); err == nil || !strings.Contains(err.Error(), "preset text over series") {
		t.Error(err)
	}
	if _, _, err := Defaults(toyText(40, 1), PresetShort); err == nil || !strings.Contains(err.Error(), "preset short over text") {
		t.Error(err)
	}
}

// A search over text tries what text has.
func TestSearchOfTextTriesWhatTextHas(t *testing.T) {
	o := textOptions()
	o.Folds = 2
	_, trials, err := Search(t.Context(), toyText(40, 1), o, 4, Hooks{}, nil)
	if err != nil || len(trials) != 4 || trials[1].Change != "aux-next 0" {
		t.Fatalf("%v, %+v", err, trials)
	}
	for _, group := range moves(toyText(40, 1), o) {
		for _, m := range group {
			for _, none := range []string{"noise", "jitter", "samples", "stem"} {
				if strings.HasPrefix(m.name, none) {
					t.Errorf("%s of text", m.name)
				}
			}
		}
	}
}
