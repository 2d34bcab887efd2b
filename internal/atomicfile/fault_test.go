package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"inkling/internal/testkit/faultdisk"
)

// After a power cut at any moment a file is what it was or what was written, and what was
// written once WriteFile has returned. This covers every file that is written whole: models,
// states, checkpoints, indexes, reports.
func TestPowerCut(t *testing.T) {
	old, big := strings.Repeat("old", 20_000), strings.Repeat("new!", 50_000) // beyond the buffer
	for _, before := range []string{"", old} {
		dir := faultdisk.TempDir(t)
		path := filepath.Join(dir, "a.model")
		if before != "" {
			os.WriteFile(path, []byte(before), 0o640)
		}
		r := faultdisk.Record(t, dir)
		if err := WriteFile(path, text(big)); err != nil {
			t.Fatal(err)
		}
		returned := r.Len()
		r.Cuts(t, 0, func(c faultdisk.Cut) {
			path := filepath.Join(c.Dir, "a.model")
			got, err := os.ReadFile(path)
			switch {
			case string(got) == big:
			case c.After >= returned:
				t.Errorf("%v: WriteFile had returned, and there are %d bytes, %v", c, len(got), err)
			case before == "" && errors.Is(err, os.ErrNotExist):
			case before == "" || string(got) != before:
				t.Errorf("%v: %d bytes, %v", c, len(got), err)
			}
			if Sweep(path); string(got) != "" {
				only(t, c.Dir, "a.model")
			} else {
				only(t, c.Dir)
			}
		})
	}
}

// Whichever operation fails, and with whatever error, the error names the file and the old
// content stays; when the disk is well again the file is written.
func TestEveryOperationMayFail(t *testing.T) {
	for _, broken := range []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS} {
		for n := 0; ; n++ {
			dir := faultdisk.TempDir(t)
			path := filepath.Join(dir, "a.model")
			if err := WriteFile(path, text("old")); err != nil {
				t.Fatal(err)
			}
			i, ill, last := 0, true, faultdisk.Kind(0)
			faultdisk.Fail(t, dir, func(op faultdisk.Op) error {
				if i++; ill && i > n {
					last = op.Kind
					return broken
				}
				return nil
			})
			err := WriteFile(path, text("new"))
			if err == nil {
				break // fewer than n operations
			}
			if !errors.Is(err, broken) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), ".tmp") {
				t.Errorf("%v at operation %d: %v", broken, n, err)
			}
			if got, _ := os.ReadFile(path); string(got) != "old" && (last != faultdisk.SyncDir || string(got) != "new") {
				t.Errorf("%v at operation %d: %q", broken, n, got)
			}
			ill = false
			if err := WriteFile(path, text("newer")); err != nil {
				t.Error(err)
			}
			if got, _ := os.ReadFile(path); string(got) != "newer" {
				t.Errorf("then %q", got)
			}
			Sweep(path)
			only(t, dir, "a.model")
		}
	}
}

// Sweep removes what WriteFile leaves, and nothing else.
func TestSweep(t *testing.T) {
	dir := faultdisk.TempDir(t)
	for _, name := range []string{"a", ".a.0123abcd.tmp", ".b.0123abcd.tmp", ".a.0123abcd.tmp2", ".a.xyz.tmp", ".a.b.0123abcd.tmp"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	Sweep(filepath.Join(dir, "a"))
	only(t, dir, ".a.0123abcd.tmp2", ".a.b.0123abcd.tmp", ".a.xyz.tmp", ".b.0123abcd.tmp", "a")
	Sweep(filepath.Join(dir, "none", "a"))
}
