//go:build !edge

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/stream/soak"
)

// A minute and a half of the bundled notes: the table as it is printed and kept, a picture,
// and a verdict. What memory does in so short a time is the test's own.
func TestSoakCommand(t *testing.T) {
	dir := t.TempDir()
	table, picture := filepath.Join(dir, "soak.csv"), filepath.Join(dir, "soak.svg")
	args := []string{"soak", "--hours", "0.025", "--speed", "max"}
	out, log, code := inkling(t, "", append(args, "-o", table, "--plot", picture)...)
	if code > 1 || !strings.HasPrefix(out, soakHead+"\n") {
		t.Fatalf("exit %d\n%s%s", code, out, log)
	}
	for _, want := range []string{"\nok    goroutines", "\nok    accuracy", " times real time\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	csv, err := os.ReadFile(table)
	if err != nil || strings.Count(string(csv), "\n") != 13 || !strings.HasPrefix(string(csv), "hours,wall_s,resident_bytes,") {
		t.Errorf("%v\n%s", err, csv)
	}
	if svg, err := os.ReadFile(picture); err != nil || !strings.Contains(string(svg), "hours of signal") {
		t.Errorf("%v: no picture", err)
	}
	out, _, _ = inkling(t, "", append(args, "--json", "--streams", "2")...)
	var r struct {
		soak.Report
		Verdict []soak.Check
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil || len(r.Rows) != 12 || len(r.Verdict) < 3 {
		t.Errorf("%v: %s", err, out)
	}
	for _, x := range r.Rows {
		if x.Found+x.Wrong+x.Missed != x.Events || x.Found < x.Events-1 {
			t.Errorf("%+v", x)
		}
	}
}
