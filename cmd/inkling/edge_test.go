//go:build edge

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/internal/audio"
)

// What the small build leaves out says so, and is not in its help.
func TestEdgeLeavesOut(t *testing.T) {
	help, _, _ := inkling(t, "", "--help")
	for _, c := range []string{"train", "eval", "plot", "bench", "worker", "compose"} {
		_, log, code := inkling(t, "", c, "x", "--y")
		if code != 2 || !strings.Contains(log, leftOut) {
			t.Errorf("%s: exit %d, %s", c, code, log)
		}
		if strings.Contains(help, "\n  "+c+" ") {
			t.Errorf("the help has %s", c)
		}
	}
	_, log, code := inkling(t, "", "soak", "--plot", "x.svg")
	if code != 2 || !strings.Contains(log, leftOut) {
		t.Errorf("soak --plot: exit %d, %s", code, log)
	}
}

// The small build soaks on its own notes, and on a folder of sounds.
func TestEdgeSoaks(t *testing.T) {
	dir := t.TempDir()
	set, err := minuteNotes()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range set.Examples {
		name := filepath.Join(dir, set.Labels[e.Label], e.Name+".wav")
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(name)
		if err == nil {
			err = audio.EncodeWAV(f, &audio.Clip{Rate: set.Rate, Channels: 1, Samples: e.Samples}, audio.PCM16)
		}
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	for _, data := range [][]string{{"bundled:notes"}, {"bundled:notes", dir}} {
		table := filepath.Join(t.TempDir(), "soak.csv")
		out, log, code := inkling(t, "", append(append([]string{"soak"}, data...), "--hours", "0.02", "--speed", "max", "-o", table)...)
		if code > 1 || !strings.Contains(out, "\nok    accuracy") {
			t.Errorf("%v: exit %d\n%s%s", data, code, out, log)
		}
		if csv, err := os.ReadFile(table); err != nil || strings.Count(string(csv), "\n") != 13 {
			t.Errorf("%v: %v\n%s", data, err, csv)
		}
	}
	_, log, code := inkling(t, "", "soak", "bundled:notes", t.TempDir())
	if code != 2 || !strings.Contains(log, "a folder of sounds for each label") {
		t.Errorf("an empty folder: exit %d, %s", code, log)
	}
}
