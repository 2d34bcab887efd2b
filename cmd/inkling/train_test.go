//go:build !edge

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/internal/lockfile"
	"inkling/internal/testkit"
)

// Two trainings do not write one model, and a model that cannot be written is known before
// the training.
func TestTrainLocksItsModel(t *testing.T) {
	out := filepath.Join(t.TempDir(), "m.model")
	release, err := lockfile.Take(out)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	for path, want := range map[string]string{
		out:                      out + " is being written by another process (process ",
		out + ".d/none/of.model": "of.model cannot be written: no such file or directory",
	} {
		if _, log, code := inkling(t, "", "train", "bundled:notes", "-o", path, "--epochs", "1"); code != 1 || !strings.Contains(log, want) {
			t.Errorf("exit %d: %s", code, log)
		}
	}
}

// A training removes what a kill has left of the checkpoints of an earlier one, and nothing
// of one that another process may be writing.
func TestTrainSweepsItsCheckpoints(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "m.model")
	mine := []string{".m.model.checkpoint.0123abcd.tmp", ".m.model.checkpoint.ffffffff.tmp"}
	others := []string{".m.model.checkpoint.notes.tmp", ".m.model.0123abcd.tmp", ".n.model.checkpoint.0123abcd.tmp", "m.model.checkpoint"}
	for _, name := range append(mine, others...) {
		testkit.WriteFile(t, dir, name, []byte("x"))
	}
	there := func(when string, want ...string) {
		t.Helper()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range entries {
			if !strings.HasSuffix(e.Name(), ".lock") {
				got = append(got, e.Name())
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	train := func(args ...string) {
		t.Helper()
		args = append([]string{"train", filepath.Join(dir, "no data"), "-o", out}, args...)
		if _, log, code := inkling(t, "", args...); code != 1 {
			t.Errorf("exit %d: %s", code, log)
		}
	}
	release, err := lockfile.Take(out)
	if err != nil {
		t.Fatal(err)
	}
	train("--resume")
	there("while another process trains", append(others, mine...)...)
	release()
	train("--resume")
	there("afterwards", others...)
	testkit.WriteFile(t, dir, mine[0], []byte("x"))
	train()
	there("without --resume", others...)
}
