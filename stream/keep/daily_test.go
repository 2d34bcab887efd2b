package keep

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"inkling/capture"
)

// A day is a Keeper that keeps a segment of 100 kB whenever it is asked, at a wall clock that a
// test sets.
type day struct {
	t    *testing.T
	o    Options
	k    *Keeper
	off  atomic.Int64 // of the wall clock, ns
	rest atomic.Int64 // that the machine was asleep, ns
	n    uint64
	told []string
}

func (d *day) wall() time.Time { return time.Now().Add(time.Duration(d.off.Load())) }

// set sets the wall clock.
func (d *day) set(at string) {
	d.t.Helper()
	to, err := time.Parse(time.DateTime, at)
	if err != nil {
		d.t.Fatal(err)
	}
	d.off.Store(int64(time.Until(to)))
}

// sleeps puts the machine to sleep.
func (d *day) sleeps(long time.Duration) {
	d.off.Add(int64(long))
	d.rest.Add(int64(long))
}

func (d *day) open() {
	d.t.Helper()
	d.o.now, d.o.asleep = d.wall, func() time.Duration { return time.Duration(d.rest.Load()) }
	d.o.Failed = func(err error) {
		if err == nil {
			d.told = append(d.told, "again")
		} else {
			d.told = append(d.told, err.Error())
		}
	}
	var err error
	if d.k, err = Open(d.o); err != nil {
		d.t.Fatal(err)
	}
}

// keeps keeps n segments, and returns how many are kept.
func (d *day) keeps(n int) (kept int) {
	d.t.Helper()
	for range n {
		d.n++
		j := sound(d.wall(), d.n, 100_000)
		j.clip.File = d.k.name(fileStem(&j.clip), ".wav")
		if !d.k.put(j) {
			synctest.Wait()
			continue
		}
		synctest.Wait()
		path := filepath.Join(d.o.Dir, filepath.FromSlash(j.clip.File))
		if err := os.Chtimes(path, d.wall(), d.wall()); err != nil { // the disk has another clock
			d.t.Errorf("what is queued is not kept: %v", err)
		}
		kept++
	}
	return kept
}

// close closes the Keeper, and checks how many segments it lost.
func (d *day) close(lost uint64) {
	d.t.Helper()
	if err := d.k.Close(); err != nil || d.k.Lost() != lost {
		d.t.Errorf("%d lost, want %d; %v", d.k.Lost(), lost, err)
	}
}

// No more is written in a day than is allowed. When that is used up, it is told once. A day is
// one of the wall clock, if that does not jump, and what was written before a restart counts.
func TestDaily(t *testing.T) {
	const most, none = 10, 0 // segments of a day
	full := "keep.Options.Daily: the 1100000 bytes that may be written in a day are used up: nothing more is kept until the next day (UTC)"
	for _, c := range []struct {
		name string
		run  func(d *day)
		told []string
	}{
		{"until midnight", func(d *day) {
			d.set("2026-12-01 12:00:00")
			d.open()
			d.want("at noon", most)
			time.Sleep(11*time.Hour + 59*time.Minute)
			d.want("before midnight", none)
			time.Sleep(time.Minute)
			d.want("after midnight", most)
			d.close(2 * 20)
		}, []string{full, "again", full}},
		{"a restart", func(d *day) {
			d.set("2026-12-01 12:00:00")
			d.open()
			if n := d.keeps(4); n != 4 {
				d.t.Errorf("%d", n)
			}
			d.close(0)
			time.Sleep(time.Hour)
			d.open()
			d.want("on the same day", most-4)
			d.close(20 - most + 4)
			time.Sleep(time.Hour)
			d.open()
			d.want("and again", none)
			d.close(20)
			time.Sleep(12 * time.Hour)
			d.open()
			d.want("on the next day", most)
			d.close(20 - most)
		}, []string{full, full, full}},
		{"a jump ahead", func(d *day) {
			d.set("2026-12-01 12:00:00")
			d.open()
			d.want("at first", most)
			d.set("2031-05-05 23:59:00")
			d.want("after the jump", none)
			time.Sleep(time.Hour)
			d.want("after midnight", none)
			time.Sleep(22 * time.Hour)
			d.want("after 23 hours", none)
			time.Sleep(time.Hour)
			d.want("after a day", most)
			time.Sleep(time.Hour)
			d.want("at midnight again", most)
			d.k.Close()
		}, []string{full, "again", full, "again", full}},
		{"a clock that swings", func(d *day) {
			d.open()
			sum := 0
			for range 48 { // hours
				d.set("2026-12-01 12:00:00")
				sum += d.keeps(most)
				d.set("2031-05-05 23:59:00")
				sum += d.keeps(most)
				time.Sleep(time.Hour)
			}
			if sum > 2*most {
				d.t.Errorf("%d segments in two days, at most %d", sum, 2*most)
			}
			d.k.Close()
		}, nil},
		{"an hour back over midnight", func(d *day) {
			d.set("2026-12-01 23:30:00")
			d.open()
			d.want("before", most)
			time.Sleep(40 * time.Minute)
			d.want("the next day", most)
			d.off.Add(-int64(30 * time.Minute))
			d.want("the day before", none)
			time.Sleep(40 * time.Minute)
			d.want("the next day again", none)
			d.k.Close()
		}, nil},
		{"a machine that sleeps over midnight", func(d *day) {
			d.set("2026-12-01 20:00:00")
			d.open()
			d.want("in the evening", most)
			d.sleeps(9 * time.Hour)
			d.want("in the morning", most)
			d.k.Close()
		}, []string{full, "again", full}},
		{"a machine that sleeps by day", func(d *day) {
			d.set("2026-12-01 10:00:00")
			d.open()
			d.want("in the morning", most)
			d.sleeps(8 * time.Hour)
			d.want("in the evening", none)
			time.Sleep(6 * time.Hour)
			d.want("after midnight", most)
			d.k.Close()
		}, []string{full, "again", full}},
		{"a jump and a sleep", func(d *day) {
			d.set("2026-12-01 12:00:00")
			d.open()
			d.want("at first", most)
			d.set("2031-05-05 12:00:00")
			d.want("after the jump", none)
			d.sleeps(20 * time.Hour)
			d.want("after 20 hours", none)
			d.sleeps(4 * time.Hour)
			d.want("after a day", most)
			d.k.Close()
		}, []string{full, "again", full}},
		{"a clock that is set after the start", func(d *day) {
			d.set("2026-12-01 12:00:00")
			d.open()
			d.want("at first", most)
			d.close(20 - most)
			d.set("1970-01-01 00:00:00")
			d.open()
			if n := d.keeps(2); n != 2 {
				d.t.Errorf("%d before the clock is set", n)
			}
			d.set("2026-12-01 23:00:00")
			d.want("the same day", none)
			time.Sleep(time.Hour)
			d.want("after midnight", most)
			d.k.Close()
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &day{t: t, o: Options{Dir: t.TempDir(), Daily: 1_100_000}}
				c.run(d)
				if c.told != nil && !slices.Equal(d.told, c.told) {
					t.Errorf("told %q, want %q", d.told, c.told)
				}
			})
		})
	}
}

// want asks for twenty segments, of which n are to be kept.
func (d *day) want(when string, n int) {
	d.t.Helper()
	if got := d.keeps(20); got != n {
		d.t.Errorf("%s %d segments are kept, want %d", when, got, n)
	}
}

// A segment is never larger than what is reserved for it: what an event calls kept is kept.
func TestReservedIsEnough(t *testing.T) {
	worst := []float32{-1.1754945e-38, -3.4028235e38, 1, 0}
	for ext, format := range map[string]capture.Format{".wav": {Rate: 8000, Channels: 2}, ".csv": {Rate: 100, Channels: 2}} {
		j := sound(noon, 1, 4)
		j.clip.File = strings.TrimSuffix(j.clip.File, ".wav") + ext
		j.format, j.signal, j.names = format, slices.Repeat(worst, 1000), []string{`"a",b`}
		f, err := openFolder(t.TempDir(), leastMax, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.rewrite(); err != nil {
			t.Fatal(err)
		}
		f.spent()
		if err := f.add(&j); err != nil {
			t.Fatal(err)
		}
		if n := f.spent(); n > j.most() || n < j.most()/5 {
			t.Errorf("%s takes %d bytes of %d", ext, n, j.most())
		}
		f.close()
	}
}
