package keep

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// keepForEver keeps segments until the process is killed.
func keepForEver(dir string) {
	k, err := Open(Options{Dir: dir, Max: leastMax})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	for i := uint64(1); ; i++ {
		k.put(sound(time.Now(), i, 20_000))
		if i%20 == 0 {
			for k.waiting.Load() > 0 { // so that something was written when the process is killed
				time.Sleep(100 * time.Microsecond)
			}
			fmt.Println(i)
		}
	}
}

// After kill -9 the index reads, every file that it lists is whole, and the next Keeper
// leaves no other.
func TestKillLeavesNothingHalf(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for round := range 4 {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), "KEEP_FOR_EVER="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for range 5 + 7*round {
			if !lines.Scan() {
				t.Fatal("the process ended by itself")
			}
		}
		cmd.Process.Kill()
		cmd.Wait()
		clips, err := ReadIndex(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range clips {
			if info, err := os.Stat(filepath.Join(dir, c.File)); err != nil || info.Size() < 20_000 {
				t.Errorf("%s: %v, %v", c.File, info, err)
			}
		}
		if n := used(t, dir); n > leastMax {
			t.Errorf("%d bytes", n)
		}
	}
	k, err := Open(Options{Dir: dir, Max: leastMax})
	if err != nil {
		t.Fatal(err)
	}
	k.Close()
	clips, err := ReadIndex(dir)
	files := 0
	listed := map[string]bool{"index.csv": true}
	for _, c := range clips {
		listed[filepath.FromSlash(c.File)] = true
	}
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if !d.IsDir() {
			files++
			if name, _ := filepath.Rel(dir, path); !listed[name] {
				t.Errorf("%s is left", name)
			}
		}
		return nil
	})
	if err != nil || len(clips) == 0 || files != len(clips)+1 {
		t.Errorf("%d clips, %d files, %v", len(clips), files, err)
	}
}
