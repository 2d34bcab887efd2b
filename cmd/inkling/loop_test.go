//go:build !edge

package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"inkling/internal/testkit"
)

// Fifty corrections of notes in other rooms halve the errors on further notes in such
// rooms, and cost the old test set at most half a point: compare says so.
func TestCorrectionsHalveTheErrors(t *testing.T) {
	if os.Getenv("INKLING_LONG") != "1" {
		t.Skip("INKLING_LONG=1 trains a model")
	}
	dir := t.TempDir()
	exe := filepath.Join(dir, "inkling")
	run := func(name string, args ...string) []byte {
		t.Helper()
		var out, log bytes.Buffer
		c := exec.Command(name, args...)
		c.Stdout, c.Stderr = &out, &log
		if err := c.Run(); err != nil {
			t.Fatalf("%s %q: %v: %s", name, args, err, log.String())
		}
		return out.Bytes()
	}
	run("go", "build", "-o", exe, ".")
	for _, split := range []string{"train", "test"} {
		run("go", "run", "../../docs/room", "-split", split, "../../internal/bundled/data/notes", filepath.Join(dir, split))
	}
	rows := func(data []byte) [][]string {
		all, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return all[1:]
	}
	truth := map[string]string{}
	args := []string{"run", "bundled:notes"}
	for _, r := range rows(testkit.ReadFile(t, filepath.Join(dir, "train", "index.csv"))) {
		file := filepath.Join(dir, "train", r[0])
		truth[file], args = r[1], append(args, file)
	}
	kept, table, better := filepath.Join(dir, "kept"), filepath.Join(dir, "table.csv"), filepath.Join(dir, "better.model")
	run(exe, append(args, "--segment", "whole", "--keep", kept, "--keep-when", "all", "-q")...)
	var filled bytes.Buffer
	w := csv.NewWriter(&filled)
	w.Write(reviewHead)
	for _, r := range rows(run(exe, "review", kept, "--csv", "-n", "50")) {
		r[len(r)-1] = truth[r[1]]
		w.Write(r)
	}
	w.Flush()
	if err := os.WriteFile(table, filled.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	run(exe, "review", kept, "--read", table)
	run(exe, "train", "bundled:notes", filepath.Join(kept, "corrected"), "--init", "bundled:notes", "-o", better, "-q", "--folds", "0", "--detector", "0")
	var room, old comparison
	for data, c := range map[string]*comparison{filepath.Join(dir, "test"): &room, "bundled:notes": &old} {
		if err := json.Unmarshal(run(exe, "compare", "bundled:notes", better, data), c); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("in rooms %+v, as recorded %+v", room.Part, old.Part)
	if before, after := room.Examples-room.RightA, room.Examples-room.RightB; room.Examples != 108 || 2*after > before || room.P > 0.01 {
		t.Errorf("in rooms %d of %d were wrong, now %d, p = %v", before, room.Examples, after, room.P)
	}
	if old.RightA-old.RightB > old.Examples/200 {
		t.Errorf("of the old test %d were right, now %d", old.RightA, old.RightB)
	}
}
