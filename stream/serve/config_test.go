package serve

import (
	"fmt"
	"strings"
	"testing"
)

var known = Known{Process: []string{"http"}, Pipeline: []string{"model", "source", "threshold", "to", "quiet", "max-streams"}}

func TestParse(t *testing.T) {
	c, err := Parse("f.toml", []byte(`http = "127.0.0.1:1"
[defaults]
quiet = true
to = "nats"

[pipeline.b]
model = "b.model"
source = ["a.wav", "b.wav"]
[pipeline.a]
model = "a.model"
threshold = 0.5
max-streams = 7
to = []
`), known)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(c.Process.Keys)
	for _, p := range c.Pipelines {
		got += fmt.Sprintf(" %s:%d%v", p.Name, p.Line, p.Keys)
	}
	want := "[{http [127.0.0.1:1] false 1}] b:6[{model [b.model] false 7} {source [a.wav b.wav] true 8} {quiet [true] false 3} {to [nats] false 4}]" +
		" a:9[{model [a.model] false 10} {threshold [0.5] false 11} {max-streams [7] false 12} {to [] true 13} {quiet [true] false 3}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "f.toml: no pipeline: write a table [pipeline.NAME] with a model and a source"},
		{"x = ", "f.toml:1: not TOML"},
		{"[pipeline.a]\nmodel = 1\nmodel = 2", "f.toml:3: not TOML"},
		{"[pipeline.a]\n\nthershold = 1", "f.toml:3: pipeline a: thershold: no such key: the nearest is threshold"},
		{"[pipeline.a]\nmax_streams = 1", "f.toml:2: pipeline a: max_streams: no such key: the nearest is max-streams"},
		{"[pipeline.a]\nfrobnicate = 1", "no such key: there are model, source, threshold, to, quiet, max-streams"},
		{"[pipeline.a]\nmodel = { x = 1 }", "f.toml:2: pipeline a: model: give a text, a number, true or false, or a list of these"},
		{"[pipeline.a]\nmodel = [[1]]", "f.toml:2: pipeline a: model: give a text"},
		{"[pipeline.a]\nmodel = 2026-01-01", "f.toml:2: pipeline a: model: give a text"},
		{"[pipeline.\"a b\"]", "f.toml:1: pipeline a b: the name of a pipeline has"},
		{"[pipelines.a]", "f.toml:1: pipelines: no such table: tables are [defaults] and [pipeline.NAME], such as [pipeline.pipelines]"},
		{"[kitchen]\nmodel = 1", "such as [pipeline.kitchen]"},
		{"pipeline = 3", "f.toml:1: pipeline: give a table"},
		{"[[pipeline]]\nname = 1", "f.toml:1: pipeline: give a table"},
		{"pipeline = { a = 3 }", "f.toml:1: pipeline a: give a table [pipeline.a]"},
		{"model = 'x'\n[pipeline.a]", "f.toml:1: model: a key of pipelines stands outside of them"},
		{"htpp = 'x'\n[pipeline.a]", "f.toml:1: htpp: no such key: the nearest is http"},
		{"[defaults]\nsorce = 1\n[pipeline.a]", "f.toml:2: sorce: no such key: the nearest is source"},
	} {
		_, err := Parse("f.toml", []byte(c.text), known)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v\nwant %s", c.text, err, c.want)
		}
	}
}

// All mistakes are told at once, in the order of their lines.
func TestAllMistakes(t *testing.T) {
	_, err := Parse("f.toml", []byte("[pipeline.b]\nx1 = 1\n[pipeline.a]\nx2 = 1\n[defaults]\nx3 = 1"), known)
	if got := strings.Count(fmt.Sprint(err), "no such key"); got != 3 {
		t.Errorf("%d mistakes: %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"[pipeline.a]\nmodel = 'x'\nto = ['a', \"b\"]", "[defaults]\nquiet=true\n[[x]]", "pipeline.a.model = 1", "a = {b = {c = 1}}", "[\"a\\u0000b\"]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f", data, known)
		if err == nil && len(c.Pipelines) == 0 {
			t.Error("neither pipelines nor an error")
		}
		if err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
	})
}
