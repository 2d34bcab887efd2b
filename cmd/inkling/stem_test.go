package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A model with a stem is trained, shown, and equal to the bit on every way.
func TestStem(t *testing.T) {
	for text, shown := range map[string]string{"gabor:25/10x8": "gabor:25/10x8: 8 values", "conv:80/40x8,4/2x6": "conv:80/40x8,4/2x6: 6 values"} {
		file := filepath.Join(t.TempDir(), "m")
		mustRun(t, "train", "bundled:notes", "-o", file, "--stem", text, "--hidden", "4", "--epochs", "1", "-q")
		if out := mustRun(t, "inspect", file); !strings.Contains(out, "raw, 1 samples a step") || !strings.Contains(out, shown) {
			t.Error(out)
		}
		if out := mustRun(t, "verify", file, "bundled:notes", "-n", "2"); !strings.Contains(out, "equal to the bit") {
			t.Error(out)
		}
		mustRun(t, "eval", file, "bundled:notes")
	}
	for text, want := range map[string]string{"wavelet": "want none", "conv:8": "KERNEL/STRIDE", "gabor:25": "WINDOW/HOP"} {
		if _, log, code := inkling(t, "", "train", "bundled:notes", "-o", "m", "--stem", text); code != 2 || !strings.Contains(log, want) {
			t.Errorf("--stem %s: exit %d: %s", text, code, log)
		}
	}
	for text, want := range map[string]string{"conv:8/9x4": "stride 9", "conv:20000/2x4": "kernel 20000"} {
		if _, log, code := inkling(t, "", "train", "bundled:notes", "-o", "m", "--stem", text); code != 1 || !strings.Contains(log, want) {
			t.Errorf("--stem %s: exit %d: %s", text, code, log)
		}
	}
	if _, log, code := inkling(t, "", "train", "bundled:notes", "-o", "m", "--stem", "gabor", "--front", "logmel"); code != 1 || !strings.Contains(log, "raw front end") {
		t.Errorf("Gabor filters over log-mel: exit %d: %s", code, log)
	}
}
