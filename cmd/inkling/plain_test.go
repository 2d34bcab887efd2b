package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Names of labels, files and folders control no terminal.
func TestReportsAndErrorsShowControlCharacters(t *testing.T) {
	mean := "\x1b[2J\u009b31m\npwned\u202e"
	file := filepath.Join(t.TempDir(), "steps.csv")
	text := "time,x,label\n"
	for _, row := range []string{"0,1", "0.1,2", "0.2,3", "0.3,4"} {
		text += row + ",\"" + mean + "\"\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"inspect", file},
		{"inspect", mean},
		{"run", mean, mean},
		{"run", "bundled:notes", mean},
		{"run", "bundled:notes", mean + ".csv"},
		{"eval", "bundled:notes", mean},
		{"train", mean, "-o", mean},
		{"run", "bundled:notes", "-", "--format", mean},
		{"run", "bundled:notes", "-", "--emit", mean},
		{mean},
	} {
		out, log, _ := inkling(t, "", args...)
		if all := out + log; !strings.Contains(all, "pwned") || strings.ContainsAny(all, "\x1b\u009b\u202e") || strings.Contains(all, "\npwned") {
			t.Errorf("inkling %q prints %q", args, all)
		}
	}
}
