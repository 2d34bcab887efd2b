package screen

import (
	"cmp"
	"slices"
	"strings"

	"inkling/capture"
	"inkling/stream"
)

// A shot is how a stream is at a moment.
type shot struct {
	name    string
	format  capture.Format
	now     uint64
	level   float64 // root mean square since the last shot
	peak    float64
	values  []float32
	answer  stream.Event
	early   int
	cells   []cell
	sound   sound
	audible bool // it has a level
}

// shots are how all streams are: a tea.Msg.
type shots struct {
	list  []shot // by name
	more  int    // streams that are not in list
	names []string
	sound sound // the newest that can be played
}

// take takes shots of the streams that moved last, at most n, with columns of their ribbons.
// The chosen one is among them.
func (b *board) take(n, columns int, chosen string) shots {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.open()
	slices.SortFunc(all, func(x, y *track) int {
		switch {
		case x.name == chosen:
			return -1
		case y.name == chosen:
			return 1
		}
		return cmp.Or(cmp.Compare(y.moved, x.moved), strings.Compare(x.name, y.name))
	})
	s := shots{names: slices.Clone(b.names), sound: b.sound}
	if len(all) > n {
		s.more, all = len(all)-n, all[:n]
	}
	for _, t := range all {
		s.list = append(s.list, t.shoot(columns))
	}
	slices.SortFunc(s.list, func(x, y shot) int { return strings.Compare(x.name, y.name) })
	return s
}

// open returns the tracks of streams that have not ended; if all have, the one that moved
// last.
func (b *board) open() (all []*track) {
	var last *track
	for _, t := range b.tracks {
		if !t.closed {
			all = append(all, t)
		} else if last == nil || t.moved > last.moved {
			last = t
		}
	}
	if len(all) == 0 && last != nil {
		return []*track{last}
	}
	return all
}

// fall is what is left of a level at the next shot, at least, so that the meter can be read.
const fall = 0.7

// shoot takes a shot of t. The level is that of what has arrived since the last one.
func (t *track) shoot(columns int) shot {
	if t.n > 0 {
		t.measured, t.level, t.top = true, max(t.sum/float64(t.n), fall*t.level), max(t.peak, fall*t.top)
		t.sum, t.peak, t.n = 0, 0, 0
	}
	return shot{name: t.name, format: t.format, now: t.now, level: t.level, peak: t.top, audible: t.measured,
		values: slices.Clone(t.values), answer: t.answer.Clone(), early: t.early, cells: t.ribbon.last(columns), sound: t.sound}
}
