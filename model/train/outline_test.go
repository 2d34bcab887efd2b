package train

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/stem"
)

// An outline has the tensors, the labels and the front end of the model that the same
// options train.
func TestOutlineIsWhatFitTrains(t *testing.T) {
	all := variety()
	for name, c := range map[string]struct {
		set *dataset.Set
		o   Options
	}{"detector": {toyAudio(40, 1), audioOptions(t)}, "text": {toyText(60, 1), textOptions()}} {
		all[name] = c
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := NewOutline(c.set, c.o)
			if err != nil {
				t.Fatal(err)
			}
			c.o.Epochs, c.o.Folds, c.o.Patience = 1, 0, 0
			r, err := Fit(t.Context(), c.set, nil, c.o, Hooks{}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := shapes(out.Model), shapes(r.Model); got != want {
				t.Errorf("outlined\n%s\ntrained\n%s", got, want)
			}
			for _, m := range []*model.Model{out.Model, r.Model} {
				m.Config.Origin, m.Config.Decision, m.Config.Calibration = model.Origin{}, r.Model.Config.Decision, nil
			}
			if !reflect.DeepEqual(out.Model.Config, r.Model.Config) {
				t.Errorf("outlined %+v\ntrained  %+v", out.Model.Config, r.Model.Config)
			}
		})
	}
}

func shapes(m *model.Model) string {
	var b strings.Builder
	for _, x := range m.Params.Tensors() {
		b.WriteString(x.Name + " ")
		for _, n := range x.Shape {
			b.WriteString(plainly(float64(n)) + " ")
		}
		b.WriteString(plainly(float64(len(x.Data))) + "\n")
	}
	return b.String()
}

func audioOptions(t *testing.T) Options {
	t.Helper()
	o, _, err := Defaults(toyAudio(40, 1), "")
	if err != nil {
		t.Fatal(err)
	}
	o.Hidden, o.Front.Bands, o.Detector = 8, 16, 4
	return o
}

// What cannot be trained is refused as Fit refuses it.
func TestOutlineRefusesAsFitDoes(t *testing.T) {
	set := toySet(70, 1)
	for name, change := range map[string]func(*Options){
		"units":     func(o *Options) { o.Hidden = -1 },
		"heads":     func(o *Options) { o.NoConfirm, o.Running = true, model.RunningNone },
		"front end": func(o *Options) { o.Front = feature.Config{Kind: feature.KindRaw, Samples: 1 << 20} },
		"no rate":   func(o *Options) { o.Front = feature.Config{Kind: feature.KindLogMel} },
		"stem": func(o *Options) {
			o.Stem = stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{{Kernel: 2, Stride: 3, Channels: 1}}}
		},
		"text":        func(o *Options) { o.Front = feature.Config{Kind: feature.KindChars} },
		"detector":    func(o *Options) { o.Detector = 8 },
		"background":  func(o *Options) { o.Background = toyAudio(4, 1) },
		"another net": func(o *Options) { o.Init = toyModel(t) },
	} {
		o := toyOptions()
		change(&o)
		_, err := NewOutline(set, o)
		_, ferr := Fit(t.Context(), set, nil, o, Hooks{}, nil)
		if err == nil || ferr == nil || err.Error() != ferr.Error() {
			t.Errorf("%s: outlined %v, trained %v", name, err, ferr)
		}
	}
}

func toyModel(t *testing.T) *model.Model {
	t.Helper()
	o := toyOptions()
	o.Hidden++
	out, err := NewOutline(toySet(70, 1), o)
	if err != nil {
		t.Fatal(err)
	}
	return out.Model
}

// A network that no machine trains is refused before its memory is asked for.
func TestOutlineOfTooMuch(t *testing.T) {
	o := toyOptions()
	o.Hidden, o.Layers = 16384, 16
	if _, err := NewOutline(toySet(70, 1), o); err == nil || !strings.Contains(err.Error(), "million parameters") {
		t.Error(err)
	}
}

// What may not be meant is noted, with the field that it is about.
func TestOutlineNotes(t *testing.T) {
	of := func(lengths ...int) *dataset.Set {
		set := toySet(len(lengths), 1)
		for i, n := range lengths {
			set.Examples[i].Samples = make([]float32, n*set.Channels)
		}
		return set
	}
	even := []int{60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60}
	for name, c := range map[string]struct {
		lengths []int
		change  func(*Options)
		field   string
		text    string
		steps   [3]int
	}{
		"divides":        {even, func(o *Options) { o.Front.Samples = 6 }, "", "", [3]int{10, 10, 10}},
		"does not":       {even, func(o *Options) { o.Front.Samples = 7 }, "Front.Samples", "steps of 7 samples do not divide 12 of 12 examples, such as one of 60, where 4 are left over", [3]int{9, 9, 9}},
		"decimated":      {even, func(o *Options) { o.Front.Samples, o.Front.Decimate = 3, 5 }, "", "", [3]int{4, 4, 4}},
		"shorter":        {even, func(o *Options) { o.Front.Samples = 100 }, "Front.Samples", "12 of 12 examples are shorter than a step of 100 samples", [3]int{1, 1, 1}},
		"long":           {append([]int{3000, 3000, 3000, 3000, 3000, 3000, 3000}, even[:5]...), func(o *Options) { o.BPTTSteps = 10000 }, "Front.Samples", "an example becomes 3000 steps", [3]int{60, 3000, 3000}},
		"truncated":      {append([]int{3000}, even[1:]...), func(*Options) {}, "BPTTSteps", "the longest example becomes 3000 steps, and the gradient reaches back 2000", [3]int{60, 60, 3000}},
		"under a stem":   {even, func(o *Options) { o.Stem = convolutions() }, "", "", [3]int{8, 8, 8}},
		"stem, one step": {even, func(o *Options) { o.Front.Samples = 60; o.Stem = convolutions() }, "Stem", "single step", [3]int{1, 1, 1}},
	} {
		o := toyOptions()
		o.Front, o.BPTTSteps = feature.Config{Kind: feature.KindRaw}, 2000
		c.change(&o)
		out, err := NewOutline(of(c.lengths...), o)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := [3]int{out.Least, out.Median, out.Most}; got != c.steps {
			t.Errorf("%s: %d steps, want %d", name, got, c.steps)
		}
		switch {
		case c.field == "" && len(out.Notes) > 0:
			t.Errorf("%s: %+v", name, out.Notes)
		case c.field != "" && !slices.ContainsFunc(out.Notes, func(n Note) bool { return n.Field == c.field && strings.Contains(n.Text, c.text) }):
			t.Errorf("%s: %+v, want %s of %s", name, out.Notes, c.text, c.field)
		}
	}
}
