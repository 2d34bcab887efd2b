package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/stream"
)

// inkling runs the command line in this process.
func inkling(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, log bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &log)
	return out.String(), log.String(), code
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, log, code := inkling(t, "", args...)
	if code != 0 {
		t.Fatalf("inkling %s: exit %d\n%s", strings.Join(args, " "), code, log)
	}
	return out
}

// The demo confirms at least 95 % of the notes.
func TestDemo(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(mustRun(t, "demo", "--fast", "--json")), "\n")
	var e stream.Event
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &e); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, c := range e.Counts {
		got[c.Name] = c.Value
	}
	if got["notes"] < 50 || got["confirmed_right"] < 0.95*got["notes"] {
		t.Errorf("%v of %v notes confirmed right", got["confirmed_right"], got["notes"])
	}
}

// The bundled model reaches 95 % on the bundled test split, and verify finds no
// difference.
func TestBundledModel(t *testing.T) {
	var report struct {
		Examples  int
		Confirmed struct{ Accuracy float64 }
	}
	if err := json.Unmarshal([]byte(mustRun(t, "eval", "bundled:notes", "bundled:notes", "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if report.Examples != 108 || report.Confirmed.Accuracy < 0.95 {
		t.Errorf("%+v", report)
	}
	if out := mustRun(t, "verify", "bundled:notes", "bundled:notes", "-n", "5"); !strings.Contains(out, "equal to the bit") {
		t.Error(out)
	}
	if len(mustRun(t, "inspect", "bundled:notes")) < 500 {
		t.Error("inspect says little")
	}
}

// The README's way on the bundled notes: play, plot, record from the file, train on
// what was recorded, run.
func TestCollectTrainRun(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	mustRun(t, "play", "bundled:notes", "-n", "3", "--seed", "1", "-o", at("three.wav"))
	for _, label := range []string{"flute", "piano"} {
		mustRun(t, "play", "bundled:notes", "-n", "12", "--labels", label, "-o", at(label+".wav"), "--pause", "0.4")
		mustRun(t, "record", label, at(label+".wav"), "-o", at("sounds"))
	}
	if n, _ := filepath.Glob(at("sounds/*/*.wav")); len(n) < 20 {
		t.Fatalf("%d examples recorded", len(n))
	}
	mustRun(t, "train", at("sounds"), "-o", at("s.model"), "--epochs", "4", "-q")
	for _, f := range []string{"s.model", "s.csv", "s.png"} {
		if info, err := os.Stat(at(f)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", f, err)
		}
	}
	mustRun(t, "plot", "waveform", "bundled:notes", "-o", at("w.svg"))
	mustRun(t, "plot", "curves", at("s.csv"), "-o", at("c.png"))
	mustRun(t, "plot", "confusion", at("s.model"), at("sounds"), "-o", at("conf.png"))
	mustRun(t, "eval", at("s.model"), at("sounds"), "--report", at("r.html"), "--each", at("each"))
	out := mustRun(t, "run", at("s.model"), at("three.wav"), "--json")
	if !strings.Contains(out, `"type":"confirmed"`) || !strings.Contains(out, `"type":"summary"`) {
		t.Error(out)
	}
}

// Trainings with one seed give one file, also when one of them was resumed.
func TestTrainingIsReproducible(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	mustRun(t, "train", "bundled:notes", "-o", a, "--epochs", "2", "--seed", "7", "-q")
	mustRun(t, "train", "bundled:notes", "-o", b, "--epochs", "2", "--seed", "7", "-q", "--memory", "64KiB")
	x, _ := os.ReadFile(a)
	y, _ := os.ReadFile(b)
	if len(x) == 0 || !bytes.Equal(x, y) {
		t.Error("two trainings with one seed differ")
	}
}

// Mistakes get a sentence that names them, and the right exit code; nothing is
// left half-written.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	os.MkdirAll(at("empty"), 0o755)
	os.MkdirAll(at("one/a"), 0o755)
	mustRun(t, "play", "bundled:notes", "-n", "1", "-o", at("one/a/x.wav"))
	os.WriteFile(at("cut.model"), []byte("\x10\x00\x00\x00\x00\x00\x00\x00{"), 0o644)
	whole, _ := os.ReadFile(at("one/a/x.wav"))
	os.MkdirAll(at("bad/a"), 0o755)
	os.MkdirAll(at("bad/b"), 0o755)
	os.WriteFile(at("bad/a/cut.wav"), whole[:len(whole)/2], 0o644)
	os.WriteFile(at("bad/b/x.wav"), whole, 0o644)
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{2, "unknown flag", []string{"run", "bundled:notes", "x.wav", "--no-such-flag"}},
		{2, "unexpected", []string{"nonsense"}},
		{1, "no such file", []string{"run", "bundled:notes", at("none.wav")}},
		{1, "no such file", []string{"run", at("none.model"), at("one/a/x.wav")}},
		{1, "cut off", []string{"inspect", at("cut.model")}},
		{1, at("empty"), []string{"train", at("empty"), "-o", at("m")}},
		{1, "label", []string{"train", at("one"), "-o", at("m")}},
		{1, "cut.wav", []string{"train", at("bad"), "-o", at("m")}},
		{2, "--rate", []string{"run", "bundled:notes", "-"}},
		{2, "500MB", []string{"train", "bundled:notes", "-o", at("m"), "--memory", "lots"}},
		{2, "emit", []string{"run", "bundled:notes", at("one/a/x.wav"), "--emit", "sometimes"}},
		{2, "gather", []string{"run", "bundled:notes", at("one/a/x.wav"), "--gather", "-1ms"}},
		{1, "label", []string{"eval", "bundled:notes", at("bad"), "--skip-bad", "--split", "all"}},
		{1, "split", []string{"eval", "bundled:notes", "bundled:notes", "--split", "none"}},
		{2, "whole", []string{"run", "bundled:notes", "nats:x", "--segment", "whole", "--urls", "nats://127.0.0.1:1"}},
	} {
		_, log, code := inkling(t, "\x00\x01\x02\x03not audio at all", c.args...)
		if code != c.code || !strings.Contains(log, c.says) {
			t.Errorf("inkling %s: exit %d, want %d, and a word of %q:\n%s", strings.Join(c.args, " "), code, c.code, c.says, log)
		}
	}
	if left, _ := filepath.Glob(at("m*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A segment.Config takes 0 as a default; a user who says 0 means it.
func TestZeroOfASegmentFlagCounts(t *testing.T) {
	m, err := openModel("bundled:notes")
	if err != nil {
		t.Fatal(err)
	}
	f := segmentFlags{PreRoll: new(float64), Minimum: new(float64)}
	s := f.over(m).Defaults()
	if err := s.Check(); err != nil || s.PreRoll > 1e-6 || s.MinDuration > 1e-6 || s.Hold != 0.2 {
		t.Errorf("%+v, %v", s, err)
	}
}

// A wrong flag points to the help of its command.
func TestWrongFlagNamesItsCommand(t *testing.T) {
	for want, args := range map[string][]string{
		"Try inkling --help.":               {"nosuch"},
		"Try inkling train --help.":         {"train", "x", "--memory", "5x"},
		"Try inkling plot waveform --help.": {"plot", "waveform", "x", "--nosuch"},
	} {
		if _, log, code := inkling(t, "", args...); code != 2 || !strings.Contains(log, want) {
			t.Errorf("%v: exit %d, %q, want %q", args, code, log, want)
		}
	}
}
