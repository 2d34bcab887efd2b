package keep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"inkling/internal/testkit/faultdisk"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

// keepSome opens dir, keeps segments one after the other, and returns how many were lost.
// Every second is written before the next one comes.
func keepSome(t *testing.T, o Options, from, to int) uint64 {
	t.Helper()
	o.now = func() time.Time { return noon }
	k, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < to; i++ {
		j := sound(noon.Add(time.Duration(i)*time.Minute), uint64(i), 3000)
		j.clip.File = k.name(fileStem(&j.clip), ".wav")
		k.put(j)
		synctest.Wait()
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	return k.Lost()
}

// listed checks that every file of the index is there whole, and returns the segments.
func listed(t *testing.T, what any, dir string) (segments []uint64) {
	t.Helper()
	clips, err := ReadIndex(dir)
	if err != nil {
		t.Errorf("%v: %v", what, err)
	}
	for _, c := range clips {
		data, err := os.ReadFile(filepath.Join(dir, c.File))
		if err != nil || len(data) < 3000 || !strings.HasPrefix(string(data), "RIFF") {
			t.Errorf("%v: %s has %d bytes, %v", what, c.File, len(data), err)
		}
		segments = append(segments, c.Segment)
	}
	return segments
}

// After a power cut at any moment the folder opens and keeps on, what it lists is there and
// whole, and nothing else is left.
func TestPowerCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := faultdisk.TempDir(t)
		kept := filepath.Join(dir, "kept")
		keepSome(t, Options{Dir: kept}, 1, 3) // what was there before
		r := faultdisk.Record(t, dir)
		keepSome(t, Options{Dir: kept, Max: leastMax}, 3, 6)
		big := Options{Dir: kept, Max: leastMax, now: func() time.Time { return noon }}
		k, err := Open(big)
		if err != nil {
			t.Fatal(err)
		}
		j := sound(noon.Add(time.Hour), 6, 250_000) // the others make room
		j.clip.File = k.name(fileStem(&j.clip), ".wav")
		k.put(j)
		k.Close()
		r.Cuts(t, 0, func(c faultdisk.Cut) {
			kept := filepath.Join(c.Dir, "kept")
			if n := keepSome(t, Options{Dir: kept}, 7, 8); n > 0 {
				t.Errorf("%v: %d lost", c, n)
			}
			got := listed(t, c, kept)
			if len(got) == 0 || got[len(got)-1] != 7 {
				t.Errorf("%v: segments %v", c, got)
			}
			if files := countFiles(t, kept); files != len(got)+1 {
				t.Errorf("%v: %d files, %d of them listed", c, files, len(got))
			}
		})
	})
}

func countFiles(t *testing.T, dir string) (n int) {
	t.Helper()
	filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return nil
	})
	return n
}

// Whichever operation is the first that fails: it is told with the file, once; what is
// listed is there; and segments are kept again when the disk is well.
func TestEveryOperationMayFail(t *testing.T) {
	for _, broken := range []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS} {
		synctest.Test(t, func(t *testing.T) {
			for n, failed := 0, true; failed; n++ {
				what := fmt.Sprintf("%v at operation %d", broken, n)
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
				var told []error
				kept := filepath.Join(dir, "kept")
				k, err := Open(Options{Dir: kept, now: func() time.Time { return noon }, Failed: func(err error) { told = append(told, err) }})
				if err != nil {
					if !errors.Is(err, broken) || !strings.Contains(err.Error(), kept) {
						t.Errorf("%s: %v", what, err)
					}
					continue
				}
				put := func(segment int) {
					j := sound(noon.Add(time.Duration(segment)*time.Minute), uint64(segment), 3000)
					j.clip.File = k.name(fileStem(&j.clip), ".wav")
					k.put(j)
					synctest.Wait()
				}
				for s := 1; s <= 4; s++ {
					put(s)
				}
				lost := k.Lost()
				ill = false
				put(5)
				put(6)
				k.Close()
				got := listed(t, what, kept)
				if len(got) != 6-int(lost) || got[len(got)-2] != 5 || k.Lost() != lost {
					t.Errorf("%s: segments %v, %d lost", what, got, k.Lost())
				}
				if lost > 0 && (len(told) < 2 || told[len(told)-1] != nil || !strings.Contains(told[0].Error(), kept)) {
					t.Errorf("%s: %d lost, told %v", what, lost, told)
				}
			}
		})
	}
}

// A folder whose index ends in half a row opens on a disk that fails at any operation, and
// loses none of its segments, nor those that come when the disk is well.
func TestTornIndexOnAFailingDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for n, failed := 0, true; failed; n++ {
			what := fmt.Sprintf("operation %d", n)
			dir := faultdisk.TempDir(t)
			kept := filepath.Join(dir, "kept")
			keepSome(t, Options{Dir: kept}, 1, 3)
			index := filepath.Join(kept, indexName)
			data, _ := os.ReadFile(index)
			os.WriteFile(index, append(data, "2026-12-01/12"...), 0o666)
			i, ill := 0, true
			failed = false
			faultdisk.Fail(t, dir, func(op faultdisk.Op) error {
				if op.Kind == faultdisk.Open { // a full disk opens what is there
					return nil
				}
				if i++; ill && i > n {
					failed = true
					return syscall.ENOSPC
				}
				return nil
			})
			o := Options{Dir: kept, now: func() time.Time { return noon }}
			k, err := Open(o)
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			ill = false
			j := sound(noon.Add(time.Hour), 3, 3000)
			j.clip.File = k.name(fileStem(&j.clip), ".wav")
			k.put(j)
			k.Close()
			if got := listed(t, what, kept); fmt.Sprint(got) != "[1 2 3]" {
				t.Errorf("%s: %v", what, got)
			}
			keepSome(t, o, 4, 5)
			if got := listed(t, what, kept); fmt.Sprint(got) != "[1 2 3 4]" || countFiles(t, kept) != 5 {
				t.Errorf("%s: then %v, %d files", what, got, countFiles(t, kept))
			}
		}
	})
}

// A clock that begins at 1970 and is set later removes nothing that is young, wherever in
// the order that was recorded; what is old goes.
func TestClockThatIsSetLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := faultdisk.TempDir(t)
		faultdisk.NoSync(t, dir)
		const day = 24 * time.Hour
		var offset atomic.Int64 // of the clock that is tested
		now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
		offset.Store(int64(time.Until(noon)))
		open := func() *Keeper {
			k, err := Open(Options{Dir: dir, Age: 30 * day, now: now, Failed: func(err error) { t.Error(err) }})
			if err != nil {
				t.Fatal(err)
			}
			return k
		}
		segment := uint64(0)
		put := func(k *Keeper) {
			segment++
			j := sound(now(), segment, 3000)
			j.clip.File = k.name(fileStem(&j.clip), ".wav")
			k.put(j)
			synctest.Wait()
		}
		k := open()
		put(k) // 1, and 2 after 20 days
		time.Sleep(20 * day)
		put(k)
		right := offset.Load()
		for range 2 { // it restarts twice before the time is known: 3, 4
			k.Close()
			offset.Store(int64(time.Until(time.Unix(12, 0))))
			k = open()
			put(k)
		}
		offset.Store(right) // NTP
		put(k)              // 5
		time.Sleep(2 * day)
		if got := listed(t, "after the jump", dir); fmt.Sprint(got) != "[1 2 3 4 5]" {
			t.Errorf("after the jump %v", got)
		}
		time.Sleep(9 * day) // 1 is 31 days old
		if got := listed(t, "later", dir); fmt.Sprint(got) != "[2 3 4 5]" {
			t.Errorf("11 days later %v", got)
		}
		offset.Add(int64(12 * 365 * day)) // for some hours it is wrong
		time.Sleep(5 * time.Hour)
		k.Close()
		k = open() // and it restarts meanwhile
		put(k)     // 6
		offset.Add(-int64(12 * 365 * day))
		put(k) // 7
		time.Sleep(2 * day)
		if got := listed(t, "after a wrong date", dir); fmt.Sprint(got) != "[2 3 4 5 6 7]" {
			t.Errorf("after a wrong date %v", got)
		}
		time.Sleep(40 * day)
		k.Close()
		open().Close()
		if got := listed(t, "at the end", dir); len(got) > 0 {
			t.Errorf("at the end %v", got)
		}
	})
}
