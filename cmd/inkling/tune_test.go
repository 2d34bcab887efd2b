package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/stream/evaluate"
	"inkling/stream/tune"
)

// weights are the bytes of a model file behind its header.
func weights(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 8
	for i := 7; i >= 0; i-- {
		n += int(data[i]) << (8 * i)
	}
	return data[n:]
}

// The tuned model, run and evaluated on the streams of the proof, gives the counts that
// tune told; its weights are those it had.
func TestTune(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	mustRun(t, "compose", "bundled:notes", "-o", at("s"), "--duration", "2m", "--level", "±6dB")
	args := []string{"tune", "bundled:notes", at("s/stream.wav"), "-o", at("tuned.model"), "--confidence", "0", "--report", at("r.html"), "--json"}
	var r tune.Result
	if err := json.Unmarshal([]byte(mustRun(t, append(args, "--max-false-alarms", "0/h")...)), &r); err != nil {
		t.Fatal(err)
	}
	if !r.Reached || r.After.FalseAlarms != 0 || r.After.Recall < 0.8 {
		t.Errorf("%+v", r)
	}
	var s evaluate.StreamReport
	if err := json.Unmarshal([]byte(mustRun(t, "eval", at("tuned.model"), at("s/stream.wav"), "--stream", "--json")), &s); err != nil {
		t.Fatal(err)
	}
	if s.Found != r.After.Found || s.Events != r.After.Events || s.FalseAlarms.Total != r.After.FalseAlarms || s.Latency.Running.Median != r.After.LatencyMS {
		t.Errorf("eval says %d of %d found, %d false alarms, %v ms; tune %+v", s.Found, s.Events, s.FalseAlarms.Total, s.Latency.Running.Median, r.After)
	}
	told := 0
	for line := range strings.Lines(mustRun(t, "run", at("tuned.model"), at("s/stream.wav"), "--json")) {
		if strings.Contains(line, `"type":"confirmed"`) && strings.Contains(line, `"rejected":false`) {
			told++
		}
	}
	if want := r.After.Found + r.After.FalseAlarms; told != want {
		t.Errorf("run reports %d segments, tune %d", told, want)
	}
	for _, name := range []string{"tuned.tune.png", "r.html"} {
		if info, err := os.Stat(at(name)); err != nil || info.Size() < 5000 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if page, _ := os.ReadFile(at("r.html")); strings.Count(string(page), "<svg") != 4 {
		t.Error("the page has not four pictures")
	}
	checkTuned(t, dir, &r)
}

// With a budget for each, false alarms on the background and events told wrongly are told
// apart, and the model keeps what it was shown to keep.
func TestTuneBudgetsApart(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "tuned.model")
	var r tune.Result
	args := []string{"tune", "bundled:notes", "bundled:notes", "-o", out, "--duration", "1m", "--proof", "2m", "--keep-segments", "--max-false-alarms", "100/h", "--max-wrong", "10%", "--json"}
	if err := json.Unmarshal([]byte(mustRun(t, args...)), &r); err != nil {
		t.Fatal(err)
	}
	f := &r.After
	if !r.Reached || f.OnBackground+f.Wrong != f.FalseAlarms || f.WrongMost > 0.1 || f.OnBackgroundMost > 100 {
		t.Errorf("%+v", r)
	}
	m, err := openModel(out)
	if err != nil {
		t.Fatal(err)
	}
	got := m.Config.Origin.Measured
	if got["tuned_confidence"] != 0.9 || got["tuned_wrong_at_most"] != f.WrongMost || got["tuned_on_background_per_hour_at_most"] != f.OnBackgroundMost || got["tuned_recall_at_least"] != f.RecallLeast {
		t.Errorf("measured %v", got)
	}
}

// checkTuned compares tuned.model in dir with the bundled model and with r.
func checkTuned(t *testing.T, dir string, r *tune.Result) {
	at := func(name string) string { return filepath.Join(dir, name) }
	own, err := openModel("bundled:notes")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("own.model"), own.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(weights(t, at("own.model")), weights(t, at("tuned.model"))) {
		t.Error("the weights changed")
	}
	tuned, err := openModel(at("tuned.model"))
	if err != nil {
		t.Fatal(err)
	}
	c := tuned.Config
	if got := c.Origin.Measured; got["tuned_recall"] != float64(r.After.Recall) || got["tuned_false_alarms_per_hour"] != 0 || math.Abs(got["tuned_hours"]-2.0/60) > 1e-9 {
		t.Errorf("measured %v", got)
	}
	if c.Decision.Threshold != r.Decision.Threshold || c.Segment != r.Segment || c.Segment == own.Config.Segment && c.Decision.Threshold == own.Config.Decision.Threshold {
		t.Errorf("%+v, %+v", c.Decision, c.Segment)
	}
}
