package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/stream"
)

// writers is a table of sentences by two made-up writers, a book of train and a book of
// test each.
func writers(t *testing.T) (file string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 11))
	words := map[string][]string{"austen": {"manners", "tea", "dear", "sensible", "and", "the", "was"}, "doyle": {"fog", "cab", "clue", "street", "and", "the", "was"}}
	var b strings.Builder
	b.WriteString("author\twork\tsplit\tsentence\n")
	for i := range 240 {
		author, split := []string{"austen", "doyle"}[i/60%2], []string{"train", "test"}[i/120]
		fmt.Fprintf(&b, "%s\t%s %s\t%s\tThe", author, author, split, split)
		for range 5 + rng.IntN(5) {
			fmt.Fprintf(&b, " %s", words[author][rng.IntN(7)])
		}
		b.WriteString(".\n")
	}
	file = filepath.Join(t.TempDir(), "sentences.tsv")
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// A model of text is trained from a table, judged sentence by sentence and by joined
// ones, proved, and labels what is typed.
func TestText(t *testing.T) {
	data := writers(t)
	file := filepath.Join(filepath.Dir(data), "author.model")
	mustRun(t, "train", data, "-o", file, "--epochs", "12", "--hidden", "12", "--lr", "0.01", "--folds=-1", "-q")
	if out := mustRun(t, "inspect", file); !strings.Contains(out, "chars, an alphabet of") || !strings.Contains(out, "line, at most 86400 characters") {
		t.Error(out)
	}
	if out := mustRun(t, "inspect", data); !strings.Contains(out, "240 examples of text") {
		t.Error(out)
	}
	var report struct {
		Examples  int
		Confirmed struct{ Accuracy float64 }
		Running   struct {
			After map[string]float64 `json:"accuracy_after"`
		}
	}
	for n, args := range map[int][]string{120: nil, 24: {"--join", "5"}} {
		if err := json.Unmarshal([]byte(mustRun(t, append([]string{"eval", file, data, "--json"}, args...)...)), &report); err != nil {
			t.Fatal(err)
		}
		if report.Examples != n || report.Confirmed.Accuracy < 0.9 || report.Running.After["25"] == 0 {
			t.Errorf("%+v, want %d examples", report, n)
		}
	}
	if out := mustRun(t, "verify", file, data, "-n", "10"); !strings.Contains(out, "equal to the bit") {
		t.Error(out)
	}
	second := filepath.Join(filepath.Dir(data), "second.model")
	mustRun(t, "train", data, "-o", second, "--init", file, "--epochs", "1", "-q")
	typed := "The fog was clue and street.\nThe manners dear, the tea.\n"
	for _, args := range [][]string{{"-"}, {filepath.Join(filepath.Dir(data), "typed.txt")}} {
		os.WriteFile(filepath.Join(filepath.Dir(data), "typed.txt"), []byte(typed), 0o644)
		out, log, code := inkling(t, typed, append([]string{"run", file, "--json", "--emit", "word"}, args...)...)
		if code != 0 {
			t.Fatal(log)
		}
		checkTyped(t, out)
	}
}

// checkTyped looks at the events of two lines of six and of five words.
func checkTyped(t *testing.T, out string) {
	t.Helper()
	var labels []string
	words := 0
	for line := range strings.Lines(out) {
		var e stream.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		switch e.Type {
		case stream.Running:
			words++
		case stream.Confirmed:
			labels = append(labels, fmt.Sprint(e.Label, " ", e.Start, " ", e.End, " ", e.EndedBy))
		}
	}
	if got := strings.Join(labels, ", "); got != "doyle 0 28 line, austen 29 55 line" || words != 9 {
		t.Errorf("%s; %d running labels, want 9", got, words)
	}
}

func TestTextMistakes(t *testing.T) {
	data := writers(t)
	dir := filepath.Dir(data)
	file := filepath.Join(dir, "m")
	mustRun(t, "train", data, "-o", file, "--epochs", "1", "--hidden", "4", "--folds=-1", "-q")
	broken, _ := os.ReadFile(data)
	os.WriteFile(filepath.Join(dir, "bad.tsv"), bytes.Replace(broken, []byte("The"), []byte("Th\xe9"), 1), 0o644)
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{1, "bad.tsv:2: column 29: the byte 0xe9 is no UTF-8", []string{"train", filepath.Join(dir, "bad.tsv"), "-o", file}},
		{1, "no column nosuch", []string{"train", data, "--columns", "text=nosuch", "-o", file}},
		{1, "takes the front end chars", []string{"train", data, "--front", "raw", "-o", file}},
		{2, "takes text", []string{"run", file, "mic"}},
		{2, "--rate", []string{"run", file, "-", "--rate", "8000"}},
		{1, "no such file", []string{"run", file, filepath.Join(dir, "none.txt")}},
		{2, "model of text", []string{"run", "bundled:notes", "-", "--segment", "line"}},
		{2, "model of text", []string{"run", "bundled:notes", "-", "--emit", "word"}},
		{1, "only text", []string{"eval", "bundled:notes", "bundled:notes", "--join", "2"}},
		{1, "stdin:1: column 2: byte 0xff", []string{"run", file, "-"}},
		{1, "init", []string{"train", "bundled:notes", "--init", file, "-o", file}},
	} {
		_, log, code := inkling(t, "a\xff", c.args...)
		if code != c.code || !strings.Contains(log, c.says) {
			t.Errorf("inkling %s: exit %d, want %d, and a word of %q:\n%s", strings.Join(c.args, " "), code, c.code, c.says, log)
		}
	}
}
