package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/internal/audio"
	"inkling/stream"
)

// makeForecasts leaves what docs/examples/forecast.md has: recordings of two waves at
// 100 Hz, and books.
func makeForecasts(t *testing.T, dir string) {
	for i := range 6 {
		x := make([]float32, 1500)
		for t := range x {
			x[t] = float32(0.4*math.Sin(0.3*float64(t)+float64(i)) + 0.2*math.Sin(0.11*float64(t)))
		}
		var wav bytes.Buffer
		if err := audio.EncodeWAV(&wav, &audio.Clip{Rate: 100, Channels: 1, Samples: x}, audio.Float32); err != nil {
			t.Fatal(err)
		}
		leave(t, filepath.Join(dir, "recordings", fmt.Sprint(i+1, ".wav")), wav.Bytes())
	}
	for i := range 3 {
		text := strings.Repeat("It was the cat that sat on the mat and ", 20+i) + "ended.\n"
		leave(t, filepath.Join(dir, "books", fmt.Sprint(i+1, ".txt")), []byte(text))
	}
}

func leave(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// Plain recordings are learned, judged, proved and forecast while they come, far below
// the naive forecast; the same seed gives the same file.
func TestPredictNext(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	makeForecasts(t, dir)
	args := []string{"--predict", "next", "--hidden", "8", "--updates", "120", "--span", "50", "--lr", "0.01", "--quantiles", "0.1,0.5,0.9", "-q"}
	mustRun(t, append([]string{"train", at("recordings"), "-o", at("m")}, args...)...)
	mustRun(t, append([]string{"train", at("recordings"), "-o", at("n"), "--memory", "64KiB"}, args...)...)
	x, _ := os.ReadFile(at("m"))
	if y, _ := os.ReadFile(at("n")); len(x) == 0 || !bytes.Equal(x, y) {
		t.Error("two trainings with one seed differ")
	}
	var r struct {
		Recordings int `json:"recordings"`
		Ahead      []struct {
			Steps int
			RMSE  float64 `json:"rmse"`
			Naive float64 `json:"naive_rmse"`
		}
		Seen int `json:"seen_in_training"`
	}
	if err := json.Unmarshal([]byte(mustRun(t, "eval", at("m"), at("recordings"), "--ahead", "5")), &r); err != nil {
		t.Fatal(err)
	}
	if r.Recordings < 1 || r.Recordings > 3 || r.Seen != 0 || r.Ahead[0].RMSE > 0.6*r.Ahead[0].Naive || r.Ahead[1].Steps != 5 || r.Ahead[1].RMSE > 0.8*r.Ahead[1].Naive {
		t.Errorf("%+v", r)
	}
	if out := mustRun(t, "inspect", at("recordings")); !strings.Contains(out, "6 examples of audio, 1 channels, 100 Hz") {
		t.Error(out)
	}
	if out := mustRun(t, "inspect", at("m")); !strings.Contains(out, "what comes next: quantile loss, quantiles 0.1, 0.5, 0.9") {
		t.Error(out)
	}
	if out := mustRun(t, "verify", at("m"), at("recordings"), "-n", "2"); !strings.Contains(out, "equal to the bit") {
		t.Error(out)
	}
	lines := strings.Split(strings.TrimSpace(mustRun(t, "run", at("m"), at("recordings/1.wav"), "--ahead", "10", "--emit", "every=1s")), "\n")
	var e stream.Event
	if err := json.Unmarshal([]byte(lines[2]), &e); err != nil || e.Type != stream.Forecast || e.Step != 101 || len(e.Ahead) != 10 || len(e.Quantiles) != 3 || len(e.Errors) != 1 {
		t.Errorf("%v %s", err, lines[2])
	}
	if len(lines) != 17 || !strings.Contains(lines[16], `"forecasts":15`) {
		t.Errorf("%d lines, the last %s", len(lines), lines[len(lines)-1])
	}
}

// One recording alone is divided in time, and a set with labels does without them.
func TestPredictNextOfOneRecording(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	makeForecasts(t, dir)
	mustRun(t, "train", at("recordings/1.wav"), "-o", at("m"), "--predict", "next", "--hidden", "4", "--epochs", "1", "--samples", "5", "-q")
	if out := mustRun(t, "eval", at("m"), at("recordings/1.wav")); !strings.Contains(out, `"steps":60,"values":5`) || !strings.Contains(out, `"seen_in_training":0`) {
		t.Error(out)
	}
	mustRun(t, "train", "bundled:notes", "-o", at("b"), "--predict", "next", "--hidden", "2", "--epochs", "1", "--samples", "40", "--no-residual", "-q")
	mustRun(t, "eval", at("b"), "bundled:notes")
}

// Flags of the other kind of model are refused, with a word on what to do.
func TestPredictNextMistakes(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	makeForecasts(t, dir)
	mustRun(t, "train", at("recordings/1.wav"), "-o", at("m"), "--predict", "next", "--hidden", "2", "--epochs", "1", "-q")
	train := []string{"train", at("recordings/1.wav"), "-o", at("n"), "--predict", "next", "--epochs", "1"}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "--folds", append(train, "--folds", "3")}, {2, "--early-gap", append(train, "--early-gap", "0.1")}, {2, "--stem", append(train, "--stem", "conv")},
		{2, "--labels", append(train, "--labels", "a")}, {2, "--quantiles", append(train, "--quantiles", "0.5", "--loss", "squared")},
		{1, "0.5", append(train, "--quantiles", "0.1,0.9")}, {1, "dropped features", append(train, "--dropout", "0.1")}, {1, "deltas", append(train, "--deltas", "1")},
		{2, "--predict next", []string{"train", "bundled:notes", "-o", at("n"), "--span", "4"}},
		{2, "--crop", []string{"eval", at("m"), at("recordings/1.wav"), "--crop", "1"}}, {2, "--ahead", []string{"eval", "bundled:notes", "bundled:notes", "--ahead", "2"}},
		{2, "segments", []string{"run", at("m"), at("recordings/1.wav"), "--threshold", "0.5"}}, {2, "segments", []string{"run", at("m"), at("recordings/1.wav"), "--emit", "change"}},
		{2, "1 to 10000", []string{"run", at("m"), at("recordings/1.wav"), "--ahead", "20000"}},
		{2, "not labels", []string{"tune", at("m"), at("recordings/1.wav"), "--max-false-alarms", "1/h"}}, {2, "not labels", []string{"plot", "confusion", at("m"), "bundled:notes", "-o", at("x.png")}},
	} {
		if _, log, code := inkling(t, "", c.args...); code != c.code || !strings.Contains(log, c.want) {
			t.Errorf("%v: exit %d, want %d and %q:\n%s", c.args, code, c.code, c.want, log)
		}
	}
}

// Texts are learned character by character, judged in bits, foretold while they are read,
// and gone on with: the same seed writes the same.
func TestPredictNextOfText(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	makeForecasts(t, dir)
	mustRun(t, "train", at("books"), "-o", at("m"), "--predict", "next", "--split", "all", "--hidden", "24", "--updates", "200", "--batch", "8", "--lr", "0.02", "-q")
	var r struct {
		Texts int
		Bits  float64 `json:"bits_per_character"`
		Right float64
	}
	if err := json.Unmarshal([]byte(mustRun(t, "eval", at("m"), at("books"), "--split", "all")), &r); err != nil || r.Texts != 3 || r.Bits > 1.3 || r.Right < 0.7 {
		t.Errorf("%v %+v", err, r)
	}
	if out := mustRun(t, "inspect", at("m")); !strings.Contains(out, "what comes next: entropy loss") {
		t.Error(out)
	}
	if out := mustRun(t, "verify", at("m"), at("books"), "-n", "2"); !strings.Contains(out, "equal to the bit") {
		t.Error(out)
	}
	lines := strings.Split(strings.TrimSpace(mustRun(t, "run", at("m"), at("books/1.txt"))), "\n")
	var e stream.Event
	if err := json.Unmarshal([]byte(lines[300]), &e); err != nil || e.Type != stream.Forecast || len(*e.Text) != 1 || len(e.Top) != 3 {
		t.Errorf("%v %s", err, lines[300])
	}
	goOn := func(args ...string) string {
		out, log, code := inkling(t, "the cat that sat on", append([]string{"run", at("m"), "-", "--continue", "27"}, args...)...)
		if code != 0 {
			t.Fatalf("exit %d: %s", code, log)
		}
		return out
	}
	if out := goOn("--temperature", "0"); len(out) != 28 || !strings.HasPrefix(out, " the ") {
		t.Errorf("%q", out)
	}
	if one, two, three := goOn("--temperature", "3"), goOn("--temperature", "3"), goOn("--temperature", "3", "--seed", "2"); one != two || one == three || len(one) != 28 {
		t.Errorf("%q, %q, %q", one, two, three)
	}
	for want, args := range map[string][]string{"next character": {"run", "bundled:notes", "-", "--continue", "3"}, "0 to 100": {"run", at("m"), "-", "--continue", "3", "--temperature=-1"},
		"text alone": {"run", at("m"), "-", "--continue", "3", "--json"}, "--ahead": {"eval", at("m"), at("books"), "--ahead", "3"},
		"never ends": {"run", at("m"), "nats:x", "--continue", "3"}, "continuation": {"run", at("m"), "-", "--steps", "3"}} {
		if _, log, code := inkling(t, "x", args...); code != 2 || !strings.Contains(log, want) {
			t.Errorf("%v: exit %d: %s", args, code, log)
		}
	}
	if _, log, code := inkling(t, "", "train", at("books"), "-o", at("n"), "--predict", "next", "--loss", "squared", "--epochs", "1"); code != 1 || !strings.Contains(log, "entropy") {
		t.Errorf("exit %d: %s", code, log)
	}
}
