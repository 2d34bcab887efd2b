package train

import (
	"bytes"
	"inkling/model"
	"os"
	"strings"
	"testing"
)

// version1 is the training of testdata/version1.model, which version 0.1 wrote, as it
// did version1.checkpoint after seven of eight calls of Hooks.Checkpoint.
func version1() Options {
	o := toyOptions()
	o.Hidden, o.Epochs, o.Folds, o.EMA, o.Clip, o.Carry = 3, 2, 2, 0.9, 0, 0.5
	return o
}

// The same data, options and seed give the model that version 0.1 wrote, to the bit, and
// its checkpoint is resumed to that model. Only the early rule is another one: it promises
// more than that of version 0.1.
func TestModelFileIsThatOfVersion1(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("testdata/version1.model")
	if err != nil {
		t.Fatal(err)
	}
	old, err := model.Load(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	want := withoutEarly(t, old)
	checkpoint, err := os.ReadFile("testdata/version1.checkpoint")
	if err != nil {
		t.Fatal(err)
	}
	for name, from := range map[string][]byte{"from the start": nil, "from its checkpoint": checkpoint} {
		r, err := Fit(t.Context(), toySet(30, 1), nil, version1(), Hooks{}, from)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(withoutEarly(t, r.Model), want) {
			t.Errorf("%s: another model", name)
		}
	}
}

// withoutEarly returns the file of m without its early rule.
func withoutEarly(t *testing.T, m *model.Model) []byte {
	t.Helper()
	c := m.Config
	c.Decision.Early = nil
	bare, err := model.New(c, m.Params)
	if err != nil {
		t.Fatal(err)
	}
	return bare.Bytes()
}

// What a model keeps of the options does not depend on the names of Go fields.
func TestKeptOptionsHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	o := version1().resolve(toySet(30, 1))
	kept := o.kept()
	for key, want := range map[string]string{"averaging": "0.9", "clip": "-1", "stream": "0.5", "decay": "0.01", "truncate": "2000", "folds": "2"} {
		if kept[key] != want {
			t.Errorf("%s is %q, want %q", key, kept[key], want)
		}
	}
	for _, key := range []string{"memory", "seed", "patience", "span", "runs"} {
		if v, ok := kept[key]; ok {
			t.Errorf("%s is kept as %q", key, v)
		}
	}
}

// Declarations are complete and distinct.
func TestDeclarationsAreComplete(t *testing.T) {
	t.Parallel()
	keys, names := map[string]bool{}, map[string]bool{}
	for _, d := range Declared() {
		if keys[d.Key] && d.Key != "" || names[d.Flag] && d.Flag != "" {
			t.Errorf("%s has the key or flag of another option", d.Field)
		}
		keys[d.Key], names[d.Flag] = true, true
		if d.Flag == "" {
			continue
		}
		if d.Help == "" || d.Group == "" || !strings.HasSuffix(d.Help, ".") && d.Choices == nil {
			t.Errorf("%s is not described: %q in group %q", d.Field, d.Help, d.Group)
		}
	}
	for _, p := range Presets() {
		o := NewOptions()
		o.apply(p)
		for _, d := range Declared() {
			if err := d.check(&o); err != nil && d.Auto == "" {
				t.Errorf("preset %s: %v", p, err)
			}
		}
	}
}

// Override takes 0 for 0, and what was not given from the suggestion.
func TestOverrideKeepsWhatIsNotGiven(t *testing.T) {
	t.Parallel()
	base := NewOptions()
	base.NoConfirm, base.Running, base.Carry = true, "evidence", 1
	o, err := base.Override(Values{"dropout": 0.0, "confirm": true, "hidden": 7, "schedule": Step})
	if err != nil {
		t.Fatal(err)
	}
	if o.Dropout != 0 || o.Hidden != 7 || o.Schedule != Step || o.NoConfirm || o.Carry != 0.5 || o.Noise != base.Noise || o.Running != "evidence" {
		t.Errorf("%+v", o)
	}
	if o, err = base.Override(Values{"carry": 0.2}); err != nil || o.Running != "softmax" {
		t.Errorf("carry with the head %q: %v", o.Running, err)
	}
	for want, v := range map[string]Values{
		"train.Options.LR is 0: give 1e-09 to 10":                         {"lr": 0.0},
		"train.Options.Hidden is a string: give a int":                    {"hidden": "7"},
		`train: no option is called "hiden": Declared lists them`:         {"hiden": 7},
		`train.Options.Running is "both": give softmax, evidence or none`: {"running": "both"},
		"train.Options.Folds is -1: give 0 to 100":                        {"folds": -1},
	} {
		if _, err := base.Override(v); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
