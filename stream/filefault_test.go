package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"inkling/capture"
	"inkling/internal/disk"
	"inkling/internal/lockfile"
	"inkling/internal/testkit/faultdisk"
	"inkling/model/decide"
	"inkling/model/segment"
)

// A live run goes on while the disk of its file of events takes nothing, says so once, and
// then writes everything that must not be lost, each event once, in whole lines.
func TestFileOutlivesItsDisk(t *testing.T) {
	for _, err := range []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS} {
		for _, from := range []int{0, 1, 5} {
			for _, state := range []bool{false, true} {
				t.Run(fmt.Sprint(err, " from block ", from, ", state ", state), func(t *testing.T) { fileOverIllDisk(t, err, from, state) })
			}
		}
	}
}

func fileOverIllDisk(t *testing.T, why error, from int, state bool) {
	const blocks = 20
	dir := faultdisk.TempDir(t)
	ill := broken(t, dir, why)
	ill.Store(from == 0)
	name := filepath.Join(dir, "labels.jsonl")
	out, err := OpenJSON(name)
	if err != nil {
		t.Fatal(err)
	}
	o := RunOptions{Live: true, Save: time.Millisecond}
	if state {
		o.State = filepath.Join(dir, "state")
	}
	o.Segment, o.Emit = &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit{Confirmed: true}
	var k kept
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		src := &healing{capture.NewMemory(signBlocks(blocks)...), 0, from, 15, ill, cancel, func() bool { return out.Check(ctx) != nil }}
		if err := Run(ctx, liveSource{src}, signModel(t, decide.Config{}), &o, out, &k); err != nil {
			t.Error(err)
		}
	})
	reasons := func(events []Event) (told, well, confirmed int) {
		for _, e := range events {
			switch {
			case e.Type == Confirmed:
				if confirmed++; int(e.Segment) != confirmed {
					t.Errorf("segment %d is number %d", e.Segment, confirmed)
				}
			case strings.Contains(e.Reason, name+": "+why.Error()+": events that must not be lost are kept in memory"):
				told++
			case strings.Contains(e.Reason, "the disk takes events again: "):
				well++
			}
		}
		return told, well, confirmed
	}
	if told, well, n := reasons(k.events); told != 1 || well != 1 || n != blocks {
		t.Errorf("told %d times, and %d times that it is well; %d labels of %d elsewhere", told, well, n, blocks)
	}
	if told, well, n := reasons(linesOf(t, name)); told != 1 || well != 1 || n != blocks {
		t.Errorf("in the file: told %d times, and %d times that it is well; %d labels of %d", told, well, n, blocks)
	}
}

// linesOf reads a file of events.
func linesOf(t *testing.T, name string) (events []Event) {
	t.Helper()
	for line := range strings.Lines(string(readFile(t, name))) {
		var e Event
		if err := e.UnmarshalJSON([]byte(line)); err != nil {
			t.Errorf("%v: %q", err, line)
		}
		events = append(events, e)
	}
	return events
}

// What does not fit in memory either ends the run, which says how much is missing; so does
// the end of the run while the disk takes nothing.
func TestFileOnAFullDiskLosesNothingInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for keep, want := range map[int]string{1 << 18: "more than the 0.2621 MB of RunOptions.Keep", 1 << 30: "a sink has not taken its last 9001 events within the 1m0s"} { // and the status
			dir := faultdisk.TempDir(t)
			ill := broken(t, dir, syscall.ENOSPC)
			out, err := OpenJSON(filepath.Join(dir, "labels.jsonl"))
			if err != nil {
				t.Fatal(err)
			}
			ill.Store(true)
			f := newFan([]Sink{out}, true, keep, time.Minute)
			f.tell = func(capture.Health, string) {}
			for i := 0; i < 9000 && f.err() == nil; i++ {
				f.send(numberedEvent(i + 1))
			}
			if out.Check(t.Context()) == nil {
				synctest.Wait()
				if err := out.Check(t.Context()); !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("it counts as well: %v", err)
				}
			}
			f.limit()
			if err := f.close(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		}
	})
}

// A run over files, which can be run again, ends when its disk is full.
func TestFileOfAFiniteRunOnAFullDisk(t *testing.T) {
	dir := faultdisk.TempDir(t)
	ill := broken(t, dir, syscall.ENOSPC)
	out, err := OpenJSON(filepath.Join(dir, "labels.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	ill.Store(true)
	var o RunOptions
	o.Finite, o.Segment = true, &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}
	if err := Run(t.Context(), capture.NewMemory(signBlocks(4)...), signModel(t, decide.Config{}), &o, out); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a full disk is %v", err)
	}
}

// A live run that began on a disk that took not even a lock takes it before it saves. Where
// another has it by then, nothing is saved.
func TestLockOfARunThatBeganOnAFullDisk(t *testing.T) {
	var full error = syscall.ENOSPC
	takeLock = func(path string) (func(), error) {
		if full != nil {
			return nil, full
		}
		return lockfile.Take(path)
	}
	defer func() { takeLock = lockfile.Take }()
	path := filepath.Join(t.TempDir(), "state")
	write := func(f *fileVault, text string) error {
		return f.save(func(w io.Writer) error { _, err := io.WriteString(w, text); return err })
	}
	if _, err := newFileVault(path, false); !errors.Is(err, full) {
		t.Errorf("a run that is not live begins without a lock: %v", err)
	}
	first, err := newFileVault(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(first, "x"); !errors.Is(err, full) {
		t.Errorf("saved without a lock: %v", err)
	}
	full = nil
	second, err := newFileVault(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(second, "second"); err != nil {
		t.Fatal(err)
	}
	var used *lockfile.InUseError
	if err := write(first, "first"); !errors.As(err, &used) || string(readFile(t, path)) != "second" {
		t.Errorf("%v, and the state is %q", err, readFile(t, path))
	}
	second.close()
	if err := write(first, "first"); err != nil || string(readFile(t, path)) != "first" {
		t.Errorf("%v, and the state is %q", err, readFile(t, path))
	}
	if _, err := newFileVault(path, true); !errors.As(err, &used) {
		t.Errorf("the first save took no lock: %v", err)
	}
	first.close()
	if _, err := os.Stat(path + ".lock"); err == nil {
		t.Error("the lock is left")
	}
}

// A save that has to wait for segments of a former model does not count as one: the next one
// follows once they have ended, and not half a minute later.
func TestSaveThatWaitsForAFormerModel(t *testing.T) {
	const halfMinute = 150e6 // a day, of saves of about 52 kB
	dir := faultdisk.TempDir(t)
	faultdisk.NoSync(t, dir)
	sw := &Switch{}
	o := RunOptions{Live: true, State: filepath.Join(dir, "state"), Save: time.Millisecond, SaveDaily: halfMinute, Switch: sw, Idle: time.Hour}
	o.Segment, o.Emit = &segment.Config{Kind: segment.Fixed, Steps: 3 * 50, MaxDuration: 999}, Emit{Confirmed: true}
	m := signModel(t, decide.Config{})
	var saved [71]int64 // syncs of states, before each block
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		src := &dayLong{capture.NewMemory(signBlocks(70)...), time.Now(), cancel}
		each := func(n int) {
			_, saved[n] = disk.State.Written()
			if n == 20 {
				o := o.Options
				o.Top = 1
				if err := sw.To(m, &o); err != nil {
					t.Error(err)
				}
			}
		}
		if err := Run(ctx, liveSource{&watched{src, time.Second, each, 0}}, m, &o, &kept{}); err != nil {
			t.Error(err)
		}
	})
	if saved[49] != saved[20] || saved[56] == saved[49] {
		t.Errorf("syncs before each block: %v: want none from the 20th to the 49th, and some before the 56th", saved)
	}
}

// watched is a source that has a block each so often, and calls each with its number before.
type watched struct {
	*dayLong
	every time.Duration
	each  func(n int)
	n     int
}

func (w *watched) Read(ctx context.Context, b *capture.Block) error {
	next := w.next
	err := w.dayLong.Read(ctx, b)
	if err == nil {
		w.next = next.Add(w.every)
		w.each(w.n)
		w.n++
	}
	return err
}
