package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/stream/evaluate"
)

// What is composed to files is composed the same again, is judged like what is
// composed in memory, and every event is accounted for.
func TestStreams(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	args := []string{"--duration", "90s", "--seed", "3", "--pause", "300ms..1s", "--level", "±3dB"}
	mustRun(t, append([]string{"compose", "bundled:notes", "-o", at("a")}, args...)...)
	mustRun(t, append([]string{"compose", "bundled:notes", "-o", at("b"), "--parts", "2"}, args...)...)
	for _, ext := range []string{".wav", ".txt"} {
		x, _ := os.ReadFile(at("a/stream" + ext))
		y, _ := os.ReadFile(at("b/stream-1" + ext))
		if len(x) < 1000 || !bytes.Equal(x, y) {
			t.Errorf("one seed, two files %s of %d and %d bytes", ext, len(x), len(y))
		}
	}
	judge := func(args ...string) (r evaluate.StreamReport) {
		out := mustRun(t, append([]string{"eval", "bundled:notes"}, args...)...)
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return r
	}
	file := judge(at("a/stream.wav"), "--stream", "--json", "--each", at("each"), "--report", at("r.html"))
	memory := judge(append([]string{"bundled:notes", "--stream", "--json"}, args...)...)
	both := judge(at("b"), "--stream", "--json")
	if file.Events != memory.Events || file.Events < 80 || file.Accuracy.Clip != memory.Accuracy.Clip || both.Recordings != 2 {
		t.Errorf("%d events in a file, %d in memory, %d in two files", file.Events, memory.Events, both.Events)
	}
	missed := 0
	for _, n := range file.Misses {
		missed += n
	}
	if file.Found+missed != file.Events || file.Accuracy.Clip < 0.95 || file.Recall < 0.5 || file.Latency.Confirmed.Events != file.Found {
		t.Errorf("%+v", file)
	}
	lines, _ := os.ReadFile(at("each"))
	if n := strings.Count(string(lines), "\n"); n != file.Events+file.FalseAlarms.Total {
		t.Errorf("%d lines of %d events and %d false alarms", n, file.Events, file.FalseAlarms.Total)
	}
	if page, _ := os.ReadFile(at("r.html")); strings.Count(string(page), "<svg") != 3 {
		t.Error("the page has not three pictures")
	}
}

func TestStreamMistakes(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	mustRun(t, "compose", "bundled:notes", "-o", dir, "--duration", "5s")
	os.WriteFile(at("stream.txt"), []byte("1\t2\tcello\n"), 0o666)
	for _, c := range []struct {
		code int
		says string
		args []string
	}{
		{1, "stream.txt:1: the label \"cello\" is none of the model's", []string{"eval", "bundled:notes", at("stream.wav"), "--stream"}},
		{2, "leave it out with --stream", []string{"eval", "bundled:notes", dir, "--stream", "--crop", "1"}},
		{2, "--tolerance 0", []string{"eval", "bundled:notes", dir, "--stream", "--tolerance", "0"}},
		{2, "exclude each other", []string{"compose", "bundled:notes", "-o", dir, "--background", "x", "--snr", "5..9", "--background-level", "-20dB"}},
		{2, "give --background", []string{"compose", "bundled:notes", "-o", dir, "--snr", "5..9"}},
		{2, "is no duration", []string{"compose", "bundled:notes", "-o", dir, "--duration", "long"}},
		{2, "is no level", []string{"compose", "bundled:notes", "-o", dir, "--level", "loud"}},
		{1, "shorter one first", []string{"compose", "bundled:notes", "-o", dir, "--pause", "3s..1s"}},
		{1, "longer --duration", []string{"compose", "bundled:notes", "-o", dir, "--duration", "10ms"}},
	} {
		_, log, code := inkling(t, "", c.args...)
		if code != c.code || !strings.Contains(log, c.says) {
			t.Errorf("inkling %s: exit %d, want %d, and a word of %q:\n%s", strings.Join(c.args, " "), code, c.code, c.says, log)
		}
	}
	mustRun(t, "eval", "bundled:notes", dir, "--stream", "--ignore-unknown")
}

func TestQuantities(t *testing.T) {
	var s secondsSpan
	var d decibelsSpan
	if err := s.UnmarshalText([]byte("500ms..1h")); err != nil || s != (secondsSpan{0.5, 3600}) {
		t.Error(s, err)
	}
	if err := d.UnmarshalText([]byte("-20dB..±6 dB")); err != nil || d != (decibelsSpan{-20, 6}) {
		t.Error(d, err)
	}
}

// Whatever is taken for a span is finite.
func FuzzSpans(f *testing.F) {
	f.Add("0.5s..3s")
	f.Add("-20dB..±6dB")
	f.Add("1e400")
	f.Fuzz(func(t *testing.T, text string) {
		var s secondsSpan
		var d decibelsSpan
		err, bad := s.UnmarshalText([]byte(text)), d.UnmarshalText([]byte(text))
		for _, v := range []float64{float64(s[0]), float64(s[1])} {
			if err == nil && v-v != 0 {
				t.Errorf("%q: %v", text, s)
			}
		}
		for _, v := range []float64{float64(d[0]), float64(d[1])} {
			if bad == nil && v-v != 0 {
				t.Errorf("%q: %v", text, d)
			}
		}
	})
}
