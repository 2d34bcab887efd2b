package train

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// A watch warns once of each sign, and not of a training that learns.
func TestWatchWarnsOnceOfEachSign(t *testing.T) {
	fresh := func() *watch {
		return &watch{majority: 0.4, n: 100, classes: 3, validation: true, total: 1000, streak: 3, raw: true, steps: 600}
	}
	warnings := func(w *watch, rows ...Row) (all []string) {
		for i, r := range rows {
			r.Updates = 100 * (i + 1)
			if s := w.look(r); s != "" {
				all = append(all, s)
			}
		}
		return all
	}
	chance := Row{ValidConfirm: 0.41, Majority: 60}
	one := Row{ValidConfirm: 0.4, Majority: 100}
	good := Row{ValidConfirm: 0.8, Majority: 50}
	if got := warnings(fresh(), chance, chance, chance, chance, chance, chance, chance); len(got) != 1 || !strings.Contains(got[0], "41 %") || !strings.Contains(got[0], "Config.Samples 10") {
		t.Errorf("at chance: %q", got)
	}
	if got := warnings(fresh(), one, one, one, one, one); len(got) != 1 || !strings.Contains(got[0], "same label") {
		t.Errorf("one class: %q", got)
	}
	if got := warnings(fresh(), chance, chance, chance, good, chance, chance, good); len(got) != 0 {
		t.Errorf("one that learns: %q", got)
	}
	if got := warnings(fresh(), one, good, one, good); len(got) != 0 {
		t.Errorf("now and then: %q", got)
	}
	w := fresh()
	w.validation, w.raw = false, false
	if got := warnings(w, Row{Confirm: 0.4}, Row{Confirm: 0.4}, Row{Confirm: 0.4}, Row{Confirm: 0.4}); len(got) != 1 || !strings.Contains(got[0], "training accuracy") {
		t.Errorf("without validation: %q", got)
	}
}

// Labels that have nothing to do with the signal are found out.
func TestRandomLabelsCauseAWarning(t *testing.T) {
	t.Parallel()
	set := toySet(90, 1)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range set.Examples {
		clear(set.Examples[i].Samples)
		set.Examples[i].Label = rng.IntN(3)
	}
	o := toyOptions()
	o.Epochs = 40
	var got []string
	if _, err := Fit(t.Context(), set, nil, o, Hooks{Warn: func(s string) { got = append(got, s) }}, nil); err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 {
		t.Error("no warning of labels at random on silence")
	}
}

func TestScarceLabelsCauseAWarning(t *testing.T) {
	set := toySet(70, 1)
	set.Labels = append(set.Labels, "unheard")
	for i := range set.Examples {
		if set.Examples[i].Label == 1 && i > 10 {
			set.Examples[i].Label = 0
		}
	}
	o := toyOptions()
	o.Epochs = 1
	var got []string
	if _, err := Fit(t.Context(), set, nil, o, Hooks{Warn: func(s string) { got = append(got, s) }}, nil); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(got, "\n")
	if !strings.Contains(all, `"unheard" has no training example`) || !strings.Contains(all, `"mid" has`) {
		t.Errorf("%q", got)
	}
}
