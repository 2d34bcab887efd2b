package spool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"inkling/internal/testkit/faultdisk"
)

// A moment is what a log must hold once so many operations have been begun.
type moment struct{ after, delivered, sure, made int }

// spend uses a log: n records, synced and delivered now and then. moment is called whenever
// what the log has to hold changes.
func spend(t *testing.T, l *Log, n int, moment func(delivered, sure, made int)) {
	delivered, sure := 0, 0
	for i := range n {
		moment(delivered, sure, i+1)
		if _, err := l.Append(fmt.Appendf(nil, "record %d %s", i, strings.Repeat("x", 7*i%90))); err != nil {
			t.Fatal(err)
		}
		switch {
		case i%5 == 3:
			if err := l.Sync(); err != nil {
				t.Fatal(err)
			}
			sure = i + 1
			moment(delivered, sure, i+1)
		case i%13 == 12:
			delivered = i - 4
			moment(delivered, max(sure, delivered), i+1)
			l.Delivered(delivered - int(l.First()))
		case i == n-3: // everything, and the file begins anew
			delivered = i + 1
			moment(delivered, delivered, i+1)
			l.Delivered(l.Len())
		}
	}
}

// After a power cut at any moment the log opens: each record is whole and comes once, in
// order, and none is missing that was synced and not delivered. Nor is any lost that comes
// after that, at the next start.
func TestPowerCut(t *testing.T) {
	dir := faultdisk.TempDir(t)
	r := faultdisk.Record(t, dir)
	var moments []moment
	l, _ := open(t, dir, 8000)
	spend(t, l, 40, func(d, s, m int) { moments = append(moments, moment{r.Len(), d, s, m}) })
	l.Close()
	damaged := 0
	r.Cuts(t, 0, func(c faultdisk.Cut) {
		var now moment
		for _, m := range moments {
			if m.after <= c.After {
				now = m
			}
		}
		l, notes := open(t, c.Dir, 8000)
		if strings.Contains(fmt.Sprint(notes), "damaged") {
			damaged++
		}
		got := numbers(t, l)
		check(t, c, got, now)
		l.Append([]byte("record 1000"))
		l.Append([]byte("record 1001"))
		l.Close()
		l, notes = open(t, c.Dir, 8000)
		if again := numbers(t, l); !slices.Equal(again, append(got, 1000, 1001)) || len(notes) > 0 {
			t.Errorf("%v: at the second start %v, at the first %v; %v", c, again, got, notes)
		}
		l.Close()
	})
	t.Logf("%d of them damage a file", damaged)
}

func check(t *testing.T, c faultdisk.Cut, got []int, now moment) {
	t.Helper()
	if !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
		t.Errorf("%v: %v", c, got)
	}
	for n := now.delivered; n < now.sure; n++ {
		if !slices.Contains(got, n) {
			t.Errorf("%v: record %d is lost of %d to %d: %v", c, n, now.delivered, now.sure-1, got)
			return
		}
	}
	if len(got) > 0 && got[len(got)-1] >= now.made {
		t.Errorf("%v: %v, of %d", c, got, now.made)
	}
}

// Whichever operation is the first that fails, and with whatever error: the log says so, has
// what it had taken, and takes more when the disk is well again.
func TestEveryOperationMayFail(t *testing.T) {
	for _, broken := range []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS} {
		for n, failed := 0, true; failed; n++ {
			dir := faultdisk.TempDir(t)
			i, ill := 0, true
			failed = false
			faultdisk.Fail(t, dir, func(faultdisk.Op) error {
				if i++; ill && i > n {
					failed = true
					return broken
				}
				return nil
			})
			l, _, err := Open(dir, 8000)
			if err != nil {
				if !errors.Is(err, broken) || !strings.Contains(err.Error(), dir) {
					t.Errorf("%v at operation %d: %v", broken, n, err)
				}
				continue
			}
			var took []int
			for i := range 60 {
				_, err := l.Append(fmt.Appendf(nil, "record %d %s", i, strings.Repeat("x", 7*i%90)))
				if err == nil {
					took = append(took, i)
				} else if !errors.Is(err, broken) || !strings.Contains(err.Error(), dir) {
					t.Errorf("%v at operation %d: %v", broken, n, err)
				}
				if i == 20 && len(took) > 5 {
					l.Delivered(5)
					took = took[5:]
				}
			}
			ill = false
			if _, err := l.Append([]byte("record 100")); err != nil {
				t.Errorf("%v at operation %d, and then well again: %v", broken, n, err)
			}
			if got := numbers(t, l); !slices.Equal(got, append(took, 100)) {
				t.Errorf("%v at operation %d: %v, want %v", broken, n, got, took)
			}
			l.Delivered(l.Len())
			l.Append([]byte("record 101"))
			l.Close()
			l, notes := open(t, dir, 8000)
			if got := numbers(t, l); !slices.Equal(got, []int{101}) || len(notes) > 0 {
				t.Errorf("%v at operation %d: at the next start %v, %v", broken, n, got, notes)
			}
			l.Close()
		}
	}
}

// A record that is not delivered is synced after a while, and one that is delivered is not:
// cards wear.
func TestSyncLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := faultdisk.TempDir(t)
		r := faultdisk.Record(t, dir)
		l, _ := open(t, dir, 1<<20)
		defer l.Close()
		syncs := func() (n int) {
			for _, op := range r.Ops() {
				if op.Kind == faultdisk.Sync {
					n++
				}
			}
			return n
		}
		begin := syncs()
		for range 1000 {
			l.Append([]byte("record"))
			l.Delivered(1)
			time.Sleep(time.Second)
		}
		if n := syncs() - begin; n > 0 {
			t.Errorf("%d syncs of what was delivered", n)
		}
		l.Append([]byte("record"))
		time.Sleep(SyncEvery + 1)
		synctest.Wait()
		if n := syncs() - begin; n != 1 {
			t.Errorf("%d syncs of one that waits", n)
		}
		time.Sleep(time.Hour)
		for range 100 {
			l.Append([]byte("record"))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if n := syncs() - begin; n < 4 || n > 5 {
			t.Errorf("%d syncs in an outage of 100 s", n)
		}
	})
}

// Damage again and again does not fill the disk.
func TestDamagedFilesAreBounded(t *testing.T) {
	dir := faultdisk.TempDir(t)
	faultdisk.NoSync(t, dir)
	for i := range 10 {
		l, _ := open(t, dir, 8000)
		for range 3 {
			l.Append(bytes.Repeat([]byte("record"), 20))
		}
		name := l.path(l.last().first)
		l.Close()
		data, _ := os.ReadFile(name)
		data[len(magic)+headSize+3] ^= 1
		os.WriteFile(name, data, 0o666)
		l, notes := open(t, dir, 8000)
		if len(notes) != 1 || !strings.Contains(notes[0], "damaged") {
			t.Fatal(notes)
		}
		l.Delivered(l.Len())
		l.Close()
		kept, _ := filepath.Glob(filepath.Join(dir, "*.damaged"))
		if len(kept) == 0 || len(kept) > keptDamaged {
			t.Errorf("round %d: %q", i, kept)
		}
		if now, _ := os.ReadFile(name + ".damaged"); !bytes.Equal(now, data) {
			t.Errorf("round %d: the last one is not kept", i)
		}
	}
}
