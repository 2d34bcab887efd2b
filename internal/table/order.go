package table

import (
	"math"
	"slices"
)

// An Order puts rows that come in about the order of their times into that order.
//
// Rows come in lanes: one for each sender, and one for each set of channels that comes
// together. A lane that comes evenly is known to be complete up to a row that is one usual
// interval behind the row before, so that its rows are released at once. Behind a hole, and
// while another lane has not come as far, a row waits until a row with a time Late seconds
// after its own has come. After rows that came out of order all rows wait as long, for a
// minute; and so do the first ones, until every channel has had a value and lanes have shown
// how evenly they come.
type Order struct {
	late     float64
	missing  Mask // channels that no row has had
	lanes    []*lane
	newest   float64 // time of all rows
	released float64 // time of the row that was released last
	begun    bool    // a row was released
	untidy   float64 // until this time rows wait, as some came out of order
	waiting  int
	free     []*held
	recent   [256]past // rows released last
	at       int       // next of recent
}

// held is a row that waits.
type held struct {
	lane *lane
	row  Row
}

type past struct {
	time float64
	lane *lane
}

// A lane is a set of channels whose values come together.
type lane struct {
	source  int
	mask    Mask
	queue   []*held // by time
	last    float64 // time of the row released last
	newest  float64
	steps   [9]float64
	n       int     // steps so far
	step    float64 // usual interval; 0: unknown
	begun   bool    // a row was released
	seen    bool    // a row came
	overdue bool    // it is not waited for
}

// A Mask is a set of channels. Of more than 64 channels those that are 64 apart count as one.
type Mask uint64

// Has returns the mask of one channel.
func Has(channel int) Mask { return 1 << (channel % 64) }

// All is the mask of every channel.
const All = ^Mask(0)

// mostWaiting bounds the rows of a stream that wait.
const mostWaiting = 1 << 13

// mostLost is the number of rows in turn that a lane may lose before it is not waited for.
const mostLost = 4

// tidy is how long rows wait after some that came out of order, in seconds.
const tidy = 60

// NewOrder returns an order of rows with these channels that waits late seconds.
func NewOrder(all Mask, late float64) *Order {
	return &Order{late: late, missing: all, newest: math.Inf(-1), untidy: math.Inf(-1)}
}

// A Verdict says what became of a row.
type Verdict int

const (
	Taken    Verdict = iota // it is released in its turn
	Repeated                // one of its time and channels has been released already
	Late                    // rows with later times have been released already
)

// Push takes the row r of a source, whose values are those of the channels has. Its values
// are copied.
func (o *Order) Push(source int, has Mask, r *Row) Verdict {
	l := o.lane(source, has)
	if !l.seen {
		l.seen, o.untidy = true, max(o.untidy, r.Time+2*o.late)
		o.missing &^= has
	}
	if o.begun && r.Time < o.released {
		if slices.Contains(o.recent[:], past{r.Time, l}) {
			return Repeated
		}
		o.untidy = math.Max(o.newest, r.Time) + tidy
		return Late
	}
	h := o.hold()
	h.lane = l
	h.row.Time, h.row.Line, h.row.Missing = r.Time, r.Line, r.Missing
	h.row.Values = append(h.row.Values[:0], r.Values...)
	at := len(l.queue)
	for at > 0 && l.queue[at-1].row.Time > r.Time {
		at--
	}
	if at < len(l.queue) || len(l.queue) == 0 && r.Time < l.newest {
		o.untidy = o.newest + tidy
	}
	l.queue = slices.Insert(l.queue, at, h)
	l.newest, o.newest = max(l.newest, r.Time), max(o.newest, r.Time)
	l.overdue = false
	o.waiting++
	return Taken
}

func (o *Order) hold() *held {
	n := len(o.free)
	if n == 0 {
		return &held{}
	}
	h := o.free[n-1]
	o.free = o.free[:n-1]
	return h
}

// lane returns the lane of channels that come together. Sets of one source that overlap are
// one lane.
func (o *Order) lane(source int, has Mask) *lane {
	var found *lane
	for i := 0; i < len(o.lanes); i++ {
		l := o.lanes[i]
		switch {
		case l.source != source || l.mask&has == 0:
		case found == nil:
			found = l
			o.missing &^= has
			l.mask |= has
			has = l.mask
		default:
			o.merge(found, l)
			o.lanes = slices.Delete(o.lanes, i, i+1)
			i--
		}
	}
	if found == nil {
		found = &lane{source: source, mask: has, newest: math.Inf(-1)}
		o.lanes = append(o.lanes, found)
	}
	return found
}

// merge adds lane b to a.
func (o *Order) merge(a, b *lane) {
	a.mask |= b.mask
	a.begun, a.last, a.newest = a.begun || b.begun, max(a.last, b.last), max(a.newest, b.newest)
	for _, h := range b.queue {
		h.lane = a
	}
	a.queue = append(a.queue, b.queue...)
	slices.SortStableFunc(a.queue, func(x, y *held) int {
		switch {
		case x.row.Time < y.row.Time:
			return -1
		case x.row.Time > y.row.Time:
			return 1
		}
		return 0
	})
	for i := range o.recent {
		if o.recent[i].lane == b {
			o.recent[i].lane = a
		}
	}
}

// Waiting returns the number of rows that wait.
func (o *Order) Waiting() int { return o.waiting }

// Pop returns the next row in order, valid until Push, or nil if it is to wait. With all
// set no row waits.
func (o *Order) Pop(all bool) *Row {
	var h *held
	for _, l := range o.lanes {
		if len(l.queue) > 0 && (h == nil || before(l.queue[0], h)) {
			h = l.queue[0]
		}
	}
	if h == nil || !all && o.waiting <= mostWaiting && !o.complete(h) {
		return nil
	}
	o.begun = true
	l := h.lane
	l.queue = l.queue[:copy(l.queue, l.queue[1:])]
	l.release(h.row.Time)
	o.waiting--
	o.released = h.row.Time
	o.recent[o.at%len(o.recent)] = past{h.row.Time, l}
	o.at++
	o.free = append(o.free, h)
	return &h.row
}

// before reports whether a comes before b: of one time the row of the first source.
func before(a, b *held) bool {
	return a.row.Time < b.row.Time || a.row.Time == b.row.Time && a.lane.source < b.lane.source
}

// complete reports whether no row that may come is to be before h, which is the first.
func (o *Order) complete(h *held) bool {
	t := h.row.Time
	if o.newest-t >= o.late {
		return true
	}
	if o.newest < o.untidy || o.missing != 0 {
		return false
	}
	for _, l := range o.lanes {
		if !l.complete(t, o.newest, o.late) {
			return false
		}
	}
	return true
}

// complete reports whether the lane has no rows before t that may still come.
func (l *lane) complete(t, newest, late float64) bool {
	if !l.begun || l.step == 0 {
		return len(l.queue) == 0 && !l.begun
	}
	if len(l.queue) > 0 {
		return l.queue[0].row.Time <= l.last+1.5*l.step || t < l.last+0.5*l.step
	}
	if newest-l.last > late+mostLost*l.step {
		l.overdue = true
		return true
	}
	lost := max(math.Ceil((newest-late-l.last)/l.step), 1) // the row that is still waited for
	return t < l.last+(lost-0.25)*l.step
}

// release notes that a row of this time was released.
func (l *lane) release(t float64) {
	if d := t - l.last; l.begun && d > 0 {
		l.steps[l.n%len(l.steps)] = d
		l.n++
		var sorted [len(l.steps)]float64
		s := append(sorted[:0], l.steps[:min(l.n, len(l.steps))]...)
		slices.Sort(s)
		l.step = s[(len(s)-1)/2]
	}
	l.last, l.begun = t, true
}

// Overdue calls tell with the source and the channels of each lane that is not waited for,
// and with how far it is behind.
func (o *Order) Overdue(tell func(source int, has Mask, behind float64)) {
	for _, l := range o.lanes {
		if l.overdue {
			tell(l.source, l.mask, o.newest-l.last)
		}
	}
}
