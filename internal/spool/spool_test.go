package spool

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/lockfile"
	"inkling/internal/testkit/faultdisk"
)

func open(t interface {
	Helper()
	Fatal(...any)
}, dir string, max int64) (*Log, []string) {
	t.Helper()
	l, notes, err := Open(dir, max)
	if err != nil {
		t.Fatal(err)
	}
	return l, notes
}

// A log is a queue, also when it is closed and opened again at any time, and takes no more
// than its bound on the disk.
func TestLogIsAQueue(t *testing.T) {
	root := faultdisk.TempDir(t)
	faultdisk.NoSync(t, root)
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(root, "spool")
		if err != nil {
			t.Fatal(err)
		}
		const max = 4000
		l, notes := open(t, dir, max)
		var queue [][]byte
		made := 0
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				record := bytes.Repeat([]byte{byte(made)}, rapid.IntRange(0, 400).Draw(t, "length"))
				made++
				if _, err := l.Append(record); err == nil {
					queue = append(queue, record)
				} else if !errors.Is(err, ErrFull) || l.Bytes() < max/2 {
					t.Fatalf("%v, with %d bytes", err, l.Bytes())
				}
			},
			"deliver": func(t *rapid.T) {
				n := rapid.IntRange(0, len(queue)).Draw(t, "n")
				got, err := l.Read(l.First(), n)
				if err != nil || !slices.EqualFunc(got, queue[:n], bytes.Equal) {
					t.Fatalf("%q, %v, want %q", got, err, queue[:n])
				}
				l.Delivered(n)
				queue = queue[n:]
			},
			"look": func(t *rapid.T) {
				at := rapid.IntRange(0, len(queue)).Draw(t, "at")
				got, err := l.Read(l.First()+uint64(at), len(queue))
				if err != nil || !slices.EqualFunc(got, queue[at:], bytes.Equal) {
					t.Fatalf("%q, %v, want %q", got, err, queue[at:])
				}
			},
			"open again": func(t *rapid.T) {
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				if l, notes = open(t, dir, max); len(notes) > 0 {
					t.Fatal(notes)
				}
			},
			"": func(t *rapid.T) {
				if l.Len() != len(queue) || l.Bytes() > max+100 {
					t.Fatalf("%d records of %d, %d bytes", l.Len(), len(queue), l.Bytes())
				}
			},
		})
		l.Close()
	})
}

// spooled returns a folder with n records in several files, closed.
func spooled(t *testing.T, n int) (dir string, files []string) {
	dir = t.TempDir()
	l, _ := open(t, dir, 8000)
	for i := range n {
		if _, err := l.Append(fmt.Appendf(nil, "record %d %s", i, strings.Repeat("x", 50))); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	files, _ = filepath.Glob(filepath.Join(dir, "*"+suffix))
	if len(files) < 3 {
		t.Fatalf("%d files", len(files))
	}
	return dir, files
}

// numbers reads what is left of records.
func numbers(t *testing.T, l *Log) (list []int) {
	t.Helper()
	records, err := l.Read(l.First(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		var n int
		fmt.Sscanf(string(r), "record %d", &n)
		list = append(list, n)
	}
	return list
}

// A crash in the midst of a record leaves the others; the next one follows them.
func TestTornRecord(t *testing.T) {
	_, files := spooled(t, 60)
	whole, _ := os.ReadFile(files[len(files)-1])
	_, good, _ := parse(whole)
	if good != len(whole) {
		t.Fatal("the last file is not whole")
	}
	for cut := 1; cut < headSize+60; cut += 5 {
		dir, files := spooled(t, 60)
		os.Truncate(files[len(files)-1], int64(len(whole)-cut))
		l, notes := open(t, dir, 8000)
		if got := numbers(t, l); len(got) != 59 || got[58] != 58 {
			t.Errorf("cut off by %d: %d records", cut, len(got))
		}
		if len(notes) != 1 || !strings.Contains(notes[0], "the last record was cut off") {
			t.Error(notes)
		}
		l.Append([]byte("record 99"))
		if got := numbers(t, l); len(got) != 60 || got[59] != 99 {
			t.Errorf("cut off by %d: then %v", cut, got)
		}
		l.Close()
	}
}

// Damage in a file costs the records that it hit, is told, and the file is kept.
func TestDamagedFile(t *testing.T) {
	dir, files := spooled(t, 60)
	data, _ := os.ReadFile(files[1])
	data[len(magic)+headSize+3] ^= 1
	os.WriteFile(files[1], data, 0o666)
	l, notes := open(t, dir, 8000)
	defer l.Close()
	if got := numbers(t, l); len(got) != 59 || l.Len() != 59 || !slices.IsSorted(got) {
		t.Errorf("%d records: %v", l.Len(), got)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], files[1]+" is damaged") {
		t.Error(notes)
	}
	if kept, err := os.ReadFile(files[1] + ".damaged"); err != nil || !bytes.Equal(kept, data) {
		t.Error("the damaged file was not kept")
	}
	l.Delivered(59)
	if l.Len() != 0 {
		t.Error(l.Len())
	}
}

// What was delivered does not come again, and the disk is given back.
func TestDeliveredIsRemembered(t *testing.T) {
	dir, files := spooled(t, 60)
	l, _ := open(t, dir, 8000)
	l.Delivered(40)
	l.Close()
	l, _ = open(t, dir, 8000)
	if got := numbers(t, l); len(got) != 20 || got[0] != 40 {
		t.Error(got)
	}
	if _, err := os.Stat(files[0]); err == nil {
		t.Error("a delivered file is left")
	}
	l.Close()
	os.Remove(filepath.Join(dir, progress)) // then some come again
	l, _ = open(t, dir, 8000)
	defer l.Close()
	if got := numbers(t, l); len(got) < 20 || got[len(got)-1] != 59 {
		t.Error(got)
	}
}

func TestLogIsLocked(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, 8000)
	defer l.Close()
	var inUse *lockfile.InUseError
	if _, _, err := Open(dir, 8000); !errors.As(err, &inUse) {
		t.Error(err)
	}
}

// Whatever stands in the files, the log opens, gives what it can, and works.
func FuzzOpen(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	var good []byte
	good = append(good, magic...)
	for range 5 {
		good = append(good, frame(bytes.Repeat([]byte{'r'}, rng.IntN(40)))...)
	}
	f.Add(good, good, frame(make([]byte, 8)))
	f.Add(good[:30], good, []byte("x"))
	f.Add([]byte(magic), []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, a, b, done []byte) {
		if len(a)+len(b) > 1<<16 {
			return
		}
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "0000000000000000"+suffix), a, 0o666)
		os.WriteFile(filepath.Join(dir, "0000000000000003"+suffix), b, 0o666)
		os.WriteFile(filepath.Join(dir, progress), done, 0o666)
		for range 2 {
			l, _, err := Open(dir, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			n := l.Len()
			records, err := l.Read(l.First(), n+1)
			if err != nil || len(records) != n {
				t.Fatalf("%d of %d records, %v", len(records), n, err)
			}
			l.Delivered(n / 2)
			if _, err := l.Append([]byte("more")); err != nil {
				t.Fatal(err)
			}
			if got, err := l.Read(l.First(), n+1); err != nil || len(got) != n-n/2+1 || string(got[len(got)-1]) != "more" {
				t.Fatalf("%q, %v", got, err)
			}
			l.Close()
		}
	})
}
