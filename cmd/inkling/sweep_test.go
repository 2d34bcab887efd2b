package main

import (
	"bytes"
	"context"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// plainUse is a command line of each command that works.
var plainUse = map[string]string{
	"demo": "--fast --json", "train": "instruments -o x.model --updates 1 --hidden 4", "eval": "bundled:notes bundled:notes",
	"compare": "bundled:notes bundled:notes bundled:notes", "compose": "bundled:notes -o streams --duration 5s",
	"tune": "bundled:notes bundled:notes -o y.model --max-false-alarms 1/h --duration 10s", "run": "bundled:notes concert.wav --json",
	"label": "bundled:notes concert.wav -o tracks", "record": "a concert.wav -o takes", "play": "bundled:notes -o p.wav",
	"plot waveform": "bundled:notes -o p.svg", "plot spectrogram": "bundled:notes -o p.svg", "plot confusion": "bundled:notes bundled:notes -o p.svg",
	"plot accuracy": "bundled:notes bundled:notes -o p.svg", "plot reliability": "bundled:notes bundled:notes -o p.svg",
	"plot thresholds": "bundled:notes bundled:notes -o p.svg", "plot gates": "bundled:notes concert.wav -o p.svg", "inspect": "bundled:notes",
	"verify": "bundled:notes bundled:notes", "bench": "", "review": "takes", "quantize": "bundled:notes bundled:notes -o q.model", "doctor": "", "export": "--c fw bundled:notes", "soak": "--speed max",
}

// TestNumbersThatCannotBe gives every flag that takes a number what cannot be one, or is
// absurd. Whatever a command makes of it, it does not panic, and unless the number means
// something it names the flag. The context is canceled, so that nothing that is accepted
// takes long.
func TestNumbersThatCannotBe(t *testing.T) {
	t.Chdir(t.TempDir())
	makeInstruments(t, ".")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	parser, err := kong.New(newCLI(), kong.Name("inkling"))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, leaf := range parser.Model.Leaves(false) {
		path := strings.TrimPrefix(leaf.Path(), "")
		use, ok := plainUse[path]
		if !ok {
			continue
		}
		for _, f := range leaf.Flags {
			if !takesNumber(f.Target.Type()) {
				continue
			}
			for _, v := range []string{"-1", "nan", "1e300"} {
				tried++
				if os.Getenv("INKLING_LONG") != "1" && tried%7 != 0 {
					continue
				}
				var out, log bytes.Buffer
				code := run(ctx, append(append(strings.Fields(path), strings.Fields(use)...), "--"+f.Name+"="+v), strings.NewReader(""), &out, &log)
				if code < 0 || code > 2 {
					t.Errorf("%s --%s=%s: exit %d\n%s", path, f.Name, v, code, &log)
				}
				named := strings.Contains(log.String(), f.Name) || strings.Contains(log.String(), strings.ReplaceAll(f.Name, "-", "_"))
				if !named && !slices.Contains(strings.Fields(meant[f.Name]), v) {
					t.Errorf("%s --%s=%s is taken without a word:\n%s", path, f.Name, v, &log)
				}
			}
		}
	}
	if tried < 300 {
		t.Fatalf("only %d tried", tried)
	}
}

// meant says of which absurd numbers a command makes something, and says so in its help or in
// its message.
var meant = map[string]string{
	"bridge":           "1e300", // whatever is between two values
	"fill":             "1e300",
	"deltas":           "-1", // chosen from the data
	"number":           "-1", // told as -n
	"level":            "-1 1e300",
	"off":              "-1",
	"on":               "1e300",
	"pause":            "1e300", // a stream of one pause
	"seconds":          "1e300", // all there is
	"length":           "1e300",
	"crop":             "1e300", // whole examples
	"maximum":          "1e300",
	"tolerance":        "1e300",
	"max-false-alarms": "1e300",
	"scene-snr":        "-1",
	"snr":              "-1",
	"wait":             "-1",
}

func takesNumber(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Uint64, reflect.Float64, reflect.Float32:
		return true
	case reflect.Array, reflect.Slice:
		return takesNumber(t.Elem())
	}
	return false
}
