package spool

import (
	"os"
	"slices"
	"syscall"
	"testing"

	"inkling/internal/testkit/faultdisk"
)

// Whichever operation of a repair is the first that fails, the next start has every record
// that can be read.
func TestRepairOnAFailingDisk(t *testing.T) {
	for n, failed := 0, true; failed; n++ {
		dir := faultdisk.TempDir(t)
		faultdisk.NoSync(t, dir)
		l, _ := open(t, dir, 8000)
		spend(t, l, 9, func(int, int, int) {})
		name := l.path(l.last().first)
		l.Append([]byte("record 20"))
		l.Append([]byte("record 21"))
		l.Append([]byte("record 22"))
		l.Close()
		data, _ := os.ReadFile(name)
		data[len(data)-headSize-len("record 22")-1] ^= 1 // of record 21
		os.WriteFile(name, data, 0o666)
		i, ill := 0, true
		failed = false
		faultdisk.Fail(t, dir, func(faultdisk.Op) error {
			if i++; ill && i > n {
				failed = true
				return syscall.ENOSPC
			}
			return nil
		})
		if l, _, err := Open(dir, 8000); err == nil {
			l.Close()
		}
		ill = false
		l, _ = open(t, dir, 8000)
		if got := numbers(t, l); !slices.Contains(got, 20) || !slices.Contains(got, 22) {
			t.Errorf("operation %d: %v", n, got)
		}
		l.Close()
	}
}
