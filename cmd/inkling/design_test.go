//go:build !edge

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"inkling/stream/report"
	"inkling/stream/web"
)

// designOf returns the designer of a command line of design.
func designOf(t *testing.T, args ...string) *designer {
	t.Helper()
	c := newCLI()
	args = joinNegatives(args)
	if _, err := newParser(c, os.Stdout, os.Stderr, func(int) {}).Parse(append([]string{"design"}, args...)); err != nil {
		t.Fatal(err)
	}
	d, err := newDesigner(&app{ctx: t.Context(), words: args}, &c.Design)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What the designer draws is what its command trains: inspect says the same of both.
func TestDesignIsWhatItsCommandTrains(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var waves, plainRows strings.Builder
	waves.WriteString("time,x,y,label,group\n")
	plainRows.WriteString("time,x\n")
	for i := range 1200 {
		label := []string{"a", "b"}[i/100%2]
		waves.WriteString(strings.Join([]string{num(float64(i) / 50), num(float64(i * i % 17)), num(float64(i % (5 + i/100%2))), label, "g"}, ",") + "\n")
		plainRows.WriteString(num(float64(i)/50) + "," + num(float64(i%25)) + "\n")
	}
	write("steps.csv", waves.String())
	write("rows.csv", plainRows.String())
	for name, c := range map[string]struct {
		args    []string
		choices map[string]string
		command string
	}{
		"notes, as suggested": {[]string{bundledNotes, "--folds", "0"}, nil, "inkling train bundled:notes --folds 0 -o notes.model"},
		"notes, chosen": {[]string{bundledNotes, "-o", "my notes.model", "--hidden=9", "--folds", "0"}, map[string]string{"hidden": "7", "layers": "2", "stem": "conv:8/4x6", "running": "softmax", "confirm-evidence": "true"},
			"inkling train bundled:notes --folds 0 --running softmax --confirm-evidence --stem conv:8/4x6 --hidden 7 --layers 2 -o 'my notes.model'"},
		"notes, one head": {[]string{bundledNotes, "--folds", "0"}, map[string]string{"hidden": "6", "confirm": "false"},
			"inkling train bundled:notes --folds 0 --no-confirm --hidden 6 -o notes.model"},
		"steps":    {[]string{"steps.csv", "--folds", "0"}, map[string]string{"hidden": "6", "confirm": "true"}, "inkling train steps.csv --folds 0 --confirm --hidden 6 -o steps.model"},
		"forecast": {[]string{"rows.csv", "--no-residual"}, map[string]string{"predict": "next", "hidden": "6", "loss": "quantile"}, "inkling train rows.csv --no-residual --predict next --loss quantile --hidden 6 -o rows.model"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "forecast" {
				c.args = append(c.args, "--predict", "next")
			}
			d := designOf(t, c.args...)
			s, err := d.Sketch(t.Context(), c.choices)
			if err != nil {
				t.Fatal(err)
			}
			if s.Command != c.command {
				t.Errorf("the command is\n%s, want\n%s", s.Command, c.command)
			}
			words, err := d.words(c.choices)
			if err != nil {
				t.Fatal(err)
			}
			mustRun(t, append(words, "--epochs", "1", "-q")...)
			m, err := openModel(d.out)
			if err != nil {
				t.Fatal(err)
			}
			var picture strings.Builder
			if err := report.WriteNetwork(&picture, m); err != nil || picture.String() != string(s.Picture) {
				t.Errorf("%v: the picture of what is trained is another", err)
			}
			for i, l := range report.Layers(m) {
				if want := (web.Layer{Name: l.Name, Shapes: strings.Join(l.Tensors, ", "), Numbers: l.Values}); i >= len(s.Layers) || s.Layers[i] != want {
					t.Errorf("drawn %+v, trained %+v", s.Layers, want)
				}
			}
		})
	}
}

func num(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// A problem names its field, and no flag that cannot be chosen gets through.
func TestDesignNamesProblems(t *testing.T) {
	d := designOf(t, bundledNotes)
	for name, c := range map[string]struct {
		choices map[string]string
		field   string
		text    string
	}{
		"no number":       {map[string]string{"hidden": "many"}, "hidden", "expected a valid"},
		"too many":        {map[string]string{"hidden": "0"}, "hidden", "1 to 16384"},
		"negative":        {map[string]string{"layers": "-3"}, "layers", "-3"},
		"no such choice":  {map[string]string{"front": "wave"}, "front", "must be one of"},
		"hop":             {map[string]string{"hop": "40"}, "hop", "hop_ms 40"},
		"window":          {map[string]string{"window": "9000"}, "window", "window_ms 9000"},
		"stem":            {map[string]string{"stem": "conv:3/4x8"}, "stem", "stride 4"},
		"not a stem":      {map[string]string{"stem": "x"}, "stem", "want none, conv"},
		"no head":         {map[string]string{"running": "none", "confirm": "false"}, "confirm", "leave one of them in"},
		"text":            {map[string]string{"front": "chars"}, "front", "text takes the front end chars"},
		"detector":        {map[string]string{"front": "raw", "stem": "conv", "detector": "8"}, "detector", "without a stem"},
		"next and labels": {map[string]string{"predict": "next", "running": "none"}, "running", "leave it out"},
		"another flag":    {map[string]string{"out": "/etc/passwd"}, "out", "cannot be chosen"},
		"its words":       {map[string]string{"init": "x"}, "init", "cannot be chosen"},
		"a flag in it":    {map[string]string{"hidden": "--out=x"}, "hidden", "expected a valid"},
	} {
		_, err := d.Sketch(t.Context(), c.choices)
		var p *web.Problem
		if !errors.As(err, &p) || p.Field != c.field || !strings.Contains(p.Text, c.text) {
			t.Errorf("%s: %+v, want %s of %s", name, err, c.text, c.field)
		}
		if terr := d.Train(t.Context(), map[string]string{"out": "x"}, func(web.News) {}); terr == nil {
			t.Error("it trains into another file")
		}
	}
	s, err := d.Sketch(t.Context(), map[string]string{"front": "raw", "samples": "100"})
	if err != nil || !slices.ContainsFunc(s.Notes, func(p web.Problem) bool { return p.Field == "samples" && strings.Contains(p.Text, "do not divide") }) {
		t.Errorf("%+v, %v", s, err)
	}
}

// A training that is stopped leaves what train leaves when it is interrupted.
func TestDesignTrainingStops(t *testing.T) {
	t.Chdir(t.TempDir())
	d := designOf(t, bundledNotes)
	ctx, cancel := context.WithCancel(t.Context())
	epochs := 0
	err := d.Train(ctx, map[string]string{"hidden": "4", "epochs": "1000"}, func(n web.News) {
		if n.Epoch != nil {
			epochs++
			cancel()
		}
	})
	if err == nil || !strings.Contains(err.Error(), "interrupted after epoch 1") || epochs != 1 {
		t.Errorf("%v after %d epochs", err, epochs)
	}
	if _, err := openModel("notes.model"); err != nil {
		t.Error(err)
	}
}

// Words of a command line go over to train, but for the page's own.
func TestDesignWords(t *testing.T) {
	node := commandNode("design")
	flags, others := sorted(node, []string{"a b", "--hidden", "3", "--no-residual", "--lr=0.1", "-o", "x", "-ox", "more", "--columns", "label=y", "--http", ":1", "--plain", "--", "--odd"})
	var names []string
	for _, f := range flags {
		names = append(names, f.name+"|"+strings.Join(f.words, "|"))
	}
	if got := strings.Join(names, " "); got != "hidden|--hidden|3 residual|--no-residual lr|--lr=0.1 out|-o|x out|-ox columns|--columns|label=y http|--http|:1 plain|--plain" {
		t.Error(got)
	}
	if got := strings.Join(others, "|"); got != "a b|more|--odd" {
		t.Error(got)
	}
	d := designOf(t, "it's data", "--http", "127.0.0.1:1", "--decay", "-1", "--no-browser")
	words, err := d.words(nil)
	if got := shellWords(words); err != nil || got != `train 'it'\''s data' --decay=-1 -o 'it'\''s data.model'` {
		t.Error(got, err)
	}
	for data, want := range map[string]string{"sounds": "sounds.model", "a/b.csv": "b.model", "bundled:notes": "notes.model", "/": "data.model", "..": "data.model", "x/": "x.model", "v1.2": "v1.model", ".hidden": ".hidden.model"} {
		if got := modelOf(data); got != want {
			t.Errorf("%s: %s, want %s", data, got, want)
		}
	}
}

// Every flag of train that design does not have is given to train by the page itself.
func TestDesignTakesTheFlagsOfTrain(t *testing.T) {
	names := func(n *kong.Node) (all []string) {
		for _, f := range n.Flags {
			all = append(all, f.Name)
		}
		return all
	}
	design := names(commandNode("design"))
	for _, name := range names(commandNode("train")) {
		if !slices.Contains(design, name) && !slices.Contains([]string{"resume", "quiet", "stream"}, name) {
			t.Errorf("design has no --%s", name)
		}
	}
}

// Examples are those of play with the same numbers, or the same seed.
func TestDesignExamples(t *testing.T) {
	d := designOf(t, bundledNotes, "--labels", "piano,flute")
	p, err := d.Pick(t.Context(), "", 4, 7)
	if err != nil || p.Command != "inkling play bundled:notes -n 4 --seed 7 --labels piano,flute" {
		t.Fatalf("%+v, %v", p, err)
	}
	played := mustRun(t, "play", bundledNotes, "-n", "4", "--seed", "7", "--labels", "piano,flute", "-o", filepath.Join(t.TempDir(), "x.wav"))
	for _, n := range p.Numbers {
		e, err := d.Example(t.Context(), n)
		if err != nil || e.Samples == nil || len(e.Picture) == 0 || !strings.Contains(played, e.Name) || !strings.Contains(played, e.Label) {
			t.Errorf("%d: %v, %v; played\n%s", n, e.Name, err, played)
		}
	}
	for numbers, want := range map[string]string{"0": "number from 1", "5-3": "number from 1", "9999999": "there are", "x": "give a number"} {
		if _, err := d.Pick(t.Context(), numbers, 0, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", numbers, err)
		}
	}
	if _, err := d.Example(t.Context(), 0); err == nil {
		t.Error("there is no example 0")
	}
	text := filepath.Join(t.TempDir(), "text.csv")
	if err := os.WriteFile(text, []byte("text,label\none two,a\nthree four,b\nfive six,a\nseven eight,b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	e, err := designOf(t, text).Example(t.Context(), 2)
	if err != nil || e.Text != "three four" || e.Samples != nil || e.Picture != nil {
		t.Errorf("%+v, %v", e, err)
	}
}
