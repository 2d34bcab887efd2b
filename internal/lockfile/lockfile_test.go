package lockfile

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"inkling/internal/testkit"
)

const holdVariable = "INKLING_TEST_HOLD"

// The test's own binary, started with the variable, takes the lock and waits to be killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(holdVariable); path != "" {
		if _, err := Take(path); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("held")
		select {}
	}
	os.Exit(m.Run())
}

func TestSecondTakerIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.model")
	release, err := Take(path)
	if err != nil {
		t.Fatal(err)
	}
	var used *InUseError
	if _, err := Take(path); !errors.As(err, &used) || used.Path != path || used.Holder == "" {
		t.Errorf("%v", err)
	}
	release()
	if _, err := os.Stat(path + ".lock"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock's file is left: %v", err)
	}
	release, err = Take(path)
	if err != nil {
		t.Fatal(err)
	}
	release()
}

// A process that is killed leaves the file, and no lock.
func TestLockOfAKilledProcessIsFree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.model")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), holdVariable+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var word string
	if _, err := fmt.Fscan(out, &word); err != nil || word != "held" {
		t.Fatalf("the other process says %q, %v", word, err)
	}
	var used *InUseError
	if _, err := Take(path); !errors.As(err, &used) {
		t.Errorf("%v", err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	if _, err := os.Stat(path + ".lock"); err != nil {
		t.Error(err)
	}
	release, err := Take(path)
	if err != nil {
		t.Fatal(err)
	}
	release()
}

// Of many who take and release at once, one has the lock at a time.
func TestOneHolderAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.model")
	var holders, taken atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				release, err := Take(path)
				if err != nil {
					continue
				}
				if holders.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				taken.Add(1)
				holders.Add(-1)
				release()
			}
		})
	}
	all.Wait()
	if taken.Load() == 0 {
		t.Error("nobody got the lock")
	}
}

func TestFolderThatIsNotThere(t *testing.T) {
	_, err := Take("no/such/m.model")
	testkit.Message(t, "no folder", err, "no/such/m.model cannot be written: no such file or directory")
}
