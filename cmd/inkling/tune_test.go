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
	if c.Decision.Threshold != r.Decided.Threshold || c.Segment != r.Segment || c.Segment == own.Config.Segment && c.Decision.Threshold == own.Config.Decision.Threshold {
		t.Errorf("%+v, %+v", c.Decision, c.Segment)
	}
}

// What cannot be reached is told, exits 1 and leaves the model alone, unless the best
// effort is asked for.
func TestTuneUnreachable(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.model")
	own, err := openModel("bundled:notes")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, own.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	args := []string{"tune", path, "bundled:notes", "--duration", "1m", "--proof", "2m", "--keep-segments", "--max-false-alarms", "2/day"}
	out, log, code := inkling(t, "", args...)
	if code != 1 || !strings.Contains(log, "unreachable (at most 0.0833 false alarms an hour): 0.0333 h without any false alarm show no less than 69/h at 90 %: give 27.6 h") || !strings.Contains(out, `"reached":false`) {
		t.Errorf("exit %d: %s\n%s", code, log, out)
	}
	if data, _ := os.ReadFile(path); !bytes.Equal(data, own.Bytes()) {
		t.Error("the model changed")
	}
	if _, log, code = inkling(t, "", append(args, "--best-effort")...); code != 1 || !strings.Contains(log, "wrote "+path) {
		t.Errorf("exit %d: %s", code, log)
	}
	if data, _ := os.ReadFile(path); bytes.Equal(data, own.Bytes()) {
		t.Error("no best effort was written")
	}
	for says, args := range map[string][]string{
		"Give --max-false-alarms 0.5/h":        {path, "bundled:notes"},
		"cannot be changed":                    {"bundled:notes", "bundled:notes", "--min-recall", "90%"},
		"is no rate":                           {path, "bundled:notes", "--max-false-alarms", "x"},
		"is no share":                          {path, "bundled:notes", "--min-recall", "95"},
		"confidence: 1, want 0 to less than 1": {path, "bundled:notes", "--min-recall", "95%", "--confidence", "1"},
	} {
		if _, log, code := inkling(t, "", append([]string{"tune"}, args...)...); code != 2 || !strings.Contains(log, says) {
			t.Errorf("%v: exit %d, %s", args, code, log)
		}
	}
}

func TestPerHour(t *testing.T) {
	for text, want := range map[string]float64{"0.5/h": 0.5, "1/day": 1.0 / 24, "0.5": 0.5, "2 / Min": 120, "168/week": 1, "0/h": 0} {
		var r perHour
		if err := r.UnmarshalText([]byte(text)); err != nil || math.Abs(float64(r)-want) > 1e-12 {
			t.Errorf("%q: %v, %v", text, r, err)
		}
	}
	for _, text := range []string{"x", "", "/h", "1/", "1/fortnight", "-1/h", "NaN/h", "Inf/day", "1e308/min", "1/h/h"} {
		var r perHour
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is %v", text, r)
		}
	}
}

// Whatever is taken for a rate or a share is finite and not negative.
func FuzzRates(f *testing.F) {
	for _, s := range []string{"0.5/h", "1/day", "x", "95%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var r perHour
		var s ratio
		if r.UnmarshalText([]byte(text)) == nil && !(r >= 0 && !math.IsInf(float64(r), 0)) {
			t.Errorf("%q: %v", text, r)
		}
		if s.UnmarshalText([]byte(text)) == nil && !(s >= 0 && s <= 1) {
			t.Errorf("%q: %v", text, s)
		}
	})
}
