package keep

import (
	"fmt"
	"sync"
	"time"
)

// A daily bounds what a Keeper writes in a day, by dates of UTC. A clock that jumps by more
// than an hour begins no day: what may be written then comes back a day later.
type daily struct {
	most int64 // bytes; 0: no bound
	o    *Options

	mu       sync.Mutex
	written  map[string]int64 // by date, as far as files of it are there or were written since
	used     int64            // of this day
	reserved int64            // for what waits to be written
	full     bool             // something had no room: nothing is kept until the next day
	date     string
	began    time.Time // when the day did, in time that does not jump
	jumped   bool      // the clock has, since then
	wall     time.Time // what the clock said last
	at       time.Time // when that was
}

// blocks returns what a file of this many bytes takes of a disk.
func blocks(bytes int64) int64 {
	const block = 4 << 10
	return (bytes + block - 1) / block * block
}

// most returns how many bytes of a day a job may take at most.
func (j *job) most() int64 {
	text := j.clip.File == ""
	n := int64(len(j.clip.row(text)))
	switch {
	case text:
		return n
	case Sound(j.format):
		return n + blocks(4<<10+4*int64(len(j.signal)))
	}
	const value = 16 // bytes of a number in a table, with what divides it from the next
	head := 16 * max(j.format.Channels, 1)
	for _, name := range j.names {
		head += 2*len(name) + 3
	}
	return n + blocks(int64(head)+value*int64(len(j.signal)))
}

func newDaily(o *Options) *daily {
	d := &daily{most: o.Daily, o: o, written: map[string]int64{}, wall: o.now().Round(0), at: o.steady()}
	d.date, d.began = dateOf(d.wall), d.at
	return d
}

func dateOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// found counts what was written before, before anything else is called.
func (d *daily) found(when time.Time, bytes int64) {
	d.written[dateOf(when)] += bytes
	d.used = d.written[d.date]
}

// turn begins another day if it is time. The caller holds d.mu.
func (d *daily) turn() {
	wall, at := d.o.now().Round(0), d.o.steady()
	step, before := wall.Sub(d.wall)-at.Sub(d.at), d.wall
	d.wall, d.at = wall, at
	date := dateOf(wall)
	switch {
	case step.Abs() > greatestStep:
		d.jumped = d.jumped || clockIsSet(before) || !clockIsSet(wall)
		d.date, d.used = date, max(d.used, d.written[date])
	case d.jumped && at.Sub(d.began) < 24*time.Hour:
		d.date = date
	case d.jumped:
		d.date, d.began, d.jumped, d.full, d.used = date, at, false, false, 0
	case date != d.date:
		d.date, d.began, d.full, d.used = date, at, false, d.written[date]
	}
}

// reserve reports whether a file of at most this many bytes may be written.
func (d *daily) reserve(bytes int64) bool {
	if d.most == 0 {
		return true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn()
	if d.full = d.full || d.used+d.reserved+bytes > d.most; d.full {
		return false
	}
	d.reserved += bytes
	return true
}

// count counts what was written of what was reserved.
func (d *daily) count(reserved, bytes int64) {
	if d.most == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.turn()
	d.reserved -= reserved
	d.used += bytes
	d.written[d.date] += bytes
}

// err says that nothing is kept until the next day; nil: there is room.
func (d *daily) err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.full {
		return nil
	}
	return fmt.Errorf("keep.Options.Daily: the %d bytes that may be written in a day are used up: nothing more is kept until the next day (UTC)", d.most)
}
