package atomicfile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Fatalf("folder holds %q, want %q", got, names)
	}
}

func TestWriteAndReplace(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	long := strings.Repeat("0123456789", 50_000)
	for _, s := range []string{"one", long, ""} {
		if err := WriteFile(path, text(s)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != s {
			t.Fatalf("read %d bytes, %v; want %d", len(got), err, len(s))
		}
		only(t, dir, "a.txt")
	}
}

// A writer that fails, also after more than a buffer, leaves the old content.
func TestFailureLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	boom := errors.New("boom")
	broken := func(w io.Writer) error {
		w.Write(bytes.Repeat([]byte("x"), 1<<18))
		return boom
	}
	if err := WriteFile(path, broken); !errors.Is(err, boom) {
		t.Fatalf("error %v, want boom", err)
	}
	only(t, dir)
	if err := WriteFile(path, text("old")); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, broken); !errors.Is(err, boom) {
		t.Fatalf("error %v, want boom", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "old" {
		t.Fatalf("content %.20q, want old", got)
	}
	only(t, dir, "a.txt")
}

// While write runs, readers of path still see the old content.
func TestReadersSeeTheOldContentUntilTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := WriteFile(path, text("old")); err != nil {
		t.Fatal(err)
	}
	err := WriteFile(path, func(w io.Writer) error {
		io.WriteString(w, strings.Repeat("new", 1<<16))
		if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
			t.Errorf("during the write: %.20q, %v", got, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestErrorsNameThePath(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "none", "a.txt")} {
		err := WriteFile(path, text("x"))
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v does not name it", path, err)
		}
		if err != nil && strings.Contains(err.Error(), ".tmp") {
			t.Errorf("error %v speaks of a file the user never named", err)
		}
	}
	only(t, dir)
}

func TestKeepsModeAndFollowsLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions and links of Unix")
	}
	dir := t.TempDir()
	path, link := filepath.Join(dir, "a.txt"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, nil, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a.txt", link); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(link, text("new")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil || info.Mode() != 0o640 {
		t.Fatalf("mode %v, %v; want 0640", info.Mode(), err)
	}
	if info, _ := os.Lstat(link); info.Mode()&os.ModeSymlink == 0 {
		t.Fatal("the link was replaced")
	}
	if got, _ := os.ReadFile(path); string(got) != "new" {
		t.Fatalf("content %q", got)
	}
	if err := WriteFile(os.DevNull, text("gone")); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(os.DevNull); info.Mode().IsRegular() {
		t.Fatal("the null device was replaced")
	}
}

// An error names the file that was meant, not the temporary one beside it.
func TestErrorsNameTheFile(t *testing.T) {
	full := errors.New("no space left on device")
	for _, err := range []error{
		&os.PathError{Op: "write", Path: "dir/.m.1234.tmp", Err: full},
		&os.LinkError{Op: "rename", Old: "dir/.m.1234.tmp", New: "dir/m", Err: full},
	} {
		got := named(err, "dir/.m.1234.tmp", "dir/m")
		if !errors.Is(got, full) || got.Error() != "dir/m cannot be written: no space left on device" {
			t.Errorf("%v", got)
		}
	}
	if got := named(full, "dir/.m.1234.tmp", "dir/m"); got != full {
		t.Errorf("another error becomes %v", got)
	}
}
