package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"inkling/capture"
	"inkling/internal/disk"
	"inkling/internal/testkit/faultdisk"
	"inkling/model/decide"
	"inkling/model/segment"
)

// fileRun runs blocks of a source that can be read again, with the state and the output in
// dir, and returns the lines there but for those that tell of the run.
func fileRun(t *testing.T, dir string, blocks []capture.Block) ([]string, error) {
	t.Helper()
	out, err := OpenJSON(filepath.Join(dir, "out.jsonl"))
	if err != nil {
		return nil, err
	}
	o := RunOptions{Finite: true, Session: "s", State: filepath.Join(dir, "state"), Save: 1}
	o.Segment, o.Emit = &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit{Confirmed: true}
	if err := Run(t.Context(), capture.NewMemory(blocks...), signModel(t, decide.Config{}), &o, out); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "out.jsonl"))
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return slices.DeleteFunc(lines, func(l string) bool {
		return !strings.Contains(l, `"type":"confirmed"`) && !strings.Contains(l, `"type":"gap"`)
	}), err
}

func signBlocks(n int) (blocks []capture.Block) {
	for i := range n {
		b := block(uint64(3*i), []float32{1, 1, -1}...)
		b.Stream, b.Done = "s", i == n-1
		blocks = append(blocks, b)
	}
	return blocks
}

// A run over files that loses power at any moment goes on, and then its output has every
// event once, whole.
func TestPowerCutOfARun(t *testing.T) {
	blocks := signBlocks(4)
	want, err := fileRun(t, faultdisk.TempDir(t), blocks)
	if err != nil || len(want) != 4 {
		t.Fatal(want, err)
	}
	timeless := func(lines []string) (out []string) {
		for _, l := range lines {
			head, _, _ := strings.Cut(l, `"latency_ms"`)
			out = append(out, head)
		}
		return out
	}
	dir := faultdisk.TempDir(t)
	r := faultdisk.Record(t, dir)
	if _, err := fileRun(t, dir, blocks); err != nil {
		t.Fatal(err)
	}
	r.Cuts(t, 0, func(c faultdisk.Cut) {
		got, err := fileRun(t, c.Dir, blocks)
		if err != nil || !slices.Equal(timeless(got), timeless(want)) {
			t.Errorf("%v: %v\n got %q\nwant %q", c, err, got, want)
		}
	})
}

// broken has operations below dir fail with err while it is ill.
func broken(t *testing.T, dir string, err error) (ill *atomic.Bool) {
	ill = &atomic.Bool{}
	faultdisk.Fail(t, dir, func(faultdisk.Op) error {
		if ill.Load() {
			return err
		}
		return nil
	})
	return ill
}

// healing is a live source whose disk is ill from one Read to another. Between blocks it
// waits for the state to be saved.
type healing struct {
	*capture.Memory
	n, from, to int
	ill         *atomic.Bool
	cancel      func()
	noticed     func() bool // nil, or whether the illness has been: it lasts until then
}

func (s *healing) Read(ctx context.Context, b *capture.Block) error {
	select {
	case <-time.After(time.Second): // of the bubble's clock
	case <-ctx.Done():
		return ctx.Err()
	}
	switch s.n++; s.n {
	case s.from:
		s.ill.Store(true)
	case s.to:
		for i := 0; s.noticed != nil && !s.noticed(); i++ {
			if time.Sleep(time.Second); i == 1000 {
				panic("nothing was written to an ill disk")
			}
		}
		s.ill.Store(false)
	}
	err := s.Memory.Read(ctx, b)
	if errors.Is(err, io.EOF) {
		s.cancel()
	}
	return err
}

// A live run goes on labelling while the disk takes nothing, from the beginning on or later,
// says so once with the file, and saves again when it is back.
func TestRunOutlivesItsDisk(t *testing.T) {
	for _, err := range []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS} {
		for _, from := range []int{0, 1, 5} {
			t.Run(fmt.Sprint(err, " from block ", from), func(t *testing.T) { runOverIllDisk(t, err, from) })
		}
	}
}

func runOverIllDisk(t *testing.T, err error, from int) {
	const blocks = 20
	dir := faultdisk.TempDir(t)
	ill := broken(t, dir, err)
	ill.Store(from == 0)
	o := RunOptions{Live: true, State: filepath.Join(dir, "state"), Save: time.Millisecond}
	o.Segment, o.Emit = &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit{Confirmed: true}
	var k kept
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		src := &healing{capture.NewMemory(signBlocks(blocks)...), 0, from, 15, ill, cancel, nil}
		if err := Run(ctx, liveSource{src}, signModel(t, decide.Config{}), &o, spill(t, &k, filepath.Join(dir, "spill"), 1<<20)); err != nil {
			t.Error(err)
		}
	})
	confirmed, told, well := 0, 0, 0
	for _, e := range k.events {
		switch {
		case e.Type == Confirmed:
			confirmed++
		case strings.Contains(e.Reason, "the state could not be saved") && strings.Contains(e.Reason, o.State) && strings.Contains(e.Reason, err.Error()):
			told++
		case strings.Contains(e.Reason, "the state is saved again"):
			well++
		}
	}
	if confirmed != blocks || told != 1 || well != 1 {
		t.Errorf("%d labels of %d, told %d times, and %d times that it is well", confirmed, blocks, told, well)
	}
	if _, err := parseState(readFile(t, o.State)); err != nil {
		t.Errorf("the last state: %v", err)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Error(err)
	}
	return data
}

// A live run that cannot save begins anew, with another session each time: going on from the
// same state again would give numbers of segments twice.
func TestIDsStayUniqueOnADiskThatTakesNothing(t *testing.T) {
	dir := faultdisk.TempDir(t)
	state := filepath.Join(dir, "state")
	ill := broken(t, dir, syscall.EROFS)
	first := liveRun(t, state, liveBlock(0, noon, 1, 1, 1))
	ill.Store(true)
	sessions := []string{first[0].Session}
	before := readFile(t, state)
	for range 3 {
		events := liveRun2(t, state, liveBlock(0, noon.Add(time.Minute), 1, 1, 1))
		sessions = append(sessions, events[0].Session)
	}
	if slices.Sort(sessions); len(slices.Compact(sessions)) != 4 {
		t.Errorf("sessions %q", sessions)
	}
	if !slices.Equal(readFile(t, state), before) {
		t.Error("the state has changed")
	}
}

// liveRun2 is liveRun for a run whose last state cannot be saved.
func liveRun2(t *testing.T, state string, blocks ...capture.Block) []Event {
	t.Helper()
	var k kept
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := RunOptions{State: state, Live: true}
	o.Emit.Confirmed = true
	o.Segment = &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}
	err := Run(ctx, liveSource{&interrupted{capture.NewMemory(blocks...), len(blocks) + 1, cancel}}, signModel(t, decide.Config{}), &o, &k)
	if !errors.Is(err, syscall.EROFS) || !strings.Contains(fmt.Sprint(err), state) {
		t.Errorf("the end does not say that the state is not saved: %v", err)
	}
	return k.events
}

// Files that cannot be gone on from do not fill the disk.
func TestFilesSetAsideAreBounded(t *testing.T) {
	dir := faultdisk.TempDir(t)
	f := &fileVault{path: filepath.Join(dir, "state")}
	for i := range 3 * keptAside {
		os.WriteFile(f.path, fmt.Append(nil, i), 0o666)
		os.Chtimes(f.path, noon, noon.Add(time.Duration(i)*time.Second))
		aside, err := f.setAside()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(readFile(t, aside)); got != fmt.Sprint(i) {
			t.Errorf("%s has %s", aside, got)
		}
	}
	f.close()
	if all, _ := filepath.Glob(filepath.Join(dir, "*")); len(all) != keptAside {
		t.Errorf("%q", all)
	}
}

// dayLong is a live source of many streams that has a block each twenty seconds, for a day.
type dayLong struct {
	*capture.Memory
	next   time.Time
	cancel func()
}

func (s *dayLong) Read(ctx context.Context, b *capture.Block) error {
	select {
	case <-time.After(time.Until(s.next)):
	case <-ctx.Done():
		return ctx.Err()
	}
	err := s.Memory.Read(ctx, b)
	if err == nil {
		s.next = s.next.Add(20 * time.Second)
	}
	if errors.Is(err, io.EOF) {
		s.cancel()
	}
	return err
}

// A day with a saved state and a spill, at the limit that the build for devices has: state
// and events put at most 50 MB on a card, the state is as young as that allows.
func TestADayWritesLittle(t *testing.T) {
	const perSync = 16 << 10 // of the journal of ext4: about
	for _, c := range []struct {
		name    string
		streams int
		least   int // saves
	}{{"one stream", 1, 700}, {"a hundred streams", 100, 600}} {
		t.Run(c.name, func(t *testing.T) {
			dir := faultdisk.TempDir(t)
			faultdisk.NoSync(t, dir)
			bytes0, syncs0 := disk.State.Written()
			spilled0, spillSyncs0 := disk.Spill.Written()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var blocks []capture.Block
				for i := range 4320 {
					b := block(uint64(3*(i/c.streams)), 1, 1, -1)
					b.Stream = fmt.Sprint("s", i%c.streams)
					blocks = append(blocks, b)
				}
				o := RunOptions{Live: true, State: filepath.Join(dir, "state"), SaveDaily: 40e6, Idle: 1000 * time.Hour}
				o.Segment, o.Emit = &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}, Emit{Confirmed: true}
				src := liveSource{&dayLong{capture.NewMemory(blocks...), time.Now(), cancel}}
				if err := Run(ctx, src, signModel(t, decide.Config{}), &o, spill(t, &kept{}, filepath.Join(dir, "spill"), 1<<26)); err != nil {
					t.Error(err)
				}
			})
			bytes, syncs := disk.State.Written()
			spilled, spillSyncs := disk.Spill.Written()
			saves := (syncs - syncs0) / 2
			total := float64(bytes-bytes0+spilled-spilled0+perSync*(syncs-syncs0+spillSyncs-spillSyncs0)) / 1e6
			t.Logf("state: %d saves of %d bytes; spill: %d bytes, %d syncs; %.1f MB on the card", saves, (bytes-bytes0)/max(saves, 1), spilled-spilled0, spillSyncs-spillSyncs0, total)
			if total > 50 || int(saves) < c.least {
				t.Errorf("%.1f MB, at most 50; %d saves, at least %d", total, saves, c.least)
			}
		})
	}
}
