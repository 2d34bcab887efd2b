package table

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// mostAhead is the number of rows by which columns and times are judged.
const mostAhead = 64

// next returns the cells of the next line: one read ahead, or of the input.
func (t *Reader) next() ([]string, error) {
	if len(t.ahead) == 0 {
		return t.Next()
	}
	a := t.ahead[0]
	t.ahead[0] = aheadRow{}
	t.ahead = t.ahead[1:]
	t.line = a.line
	return a.cells, a.err
}

// pull reads a row ahead and reports whether there may be more.
func (t *Reader) pull() bool {
	if n := len(t.ahead); n > 0 && t.ahead[n-1].ends() {
		return false
	}
	cells, err := t.Next()
	a := aheadRow{slices.Clone(cells), t.line, err}
	t.ahead = append(t.ahead, a)
	return !a.ends()
}

// ends reports whether nothing can be read after a.
func (a *aheadRow) ends() bool {
	var bad *LineError
	return a.err != nil && !errors.As(a.err, &bad)
}

// readAhead reads the rows by which columns are judged: of a live table, up to the first row
// with as many cells as the header.
func (t *Reader) readAhead(o *Options) error {
	for len(t.ahead) < mostAhead && (!t.quick || t.firstAhead() == nil) && t.pull() {
	}
	if len(t.ahead) > 0 && (!t.quick || t.firstAhead() == nil) {
		if err := t.ahead[0].err; err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

// firstAhead returns the first row read ahead, or nil. Of a live table, lines with another
// number of cells than the header and without values are none.
func (t *Reader) firstAhead() *aheadRow {
	for i := range t.ahead {
		a := &t.ahead[i]
		if a.err != nil {
			continue
		}
		if !t.quick || len(cutBlank(a.cells, t.fields)) == t.fields && t.layout.isRow(a.cells) {
			return a
		}
	}
	return nil
}

// beginClock begins the column of times, and finds the one of dates if times have none.
func (t *Reader) beginClock(o *Options) error {
	h := hint{t.names[t.time], t.head.Units[t.time], o.TimeUnit, o.Rate}
	first := t.firstAhead().cells
	if t.pairDate(first) && t.head.Units[t.date] != "" {
		h.unit = t.head.Units[t.date]
	}
	cells := t.timesAhead()
	if _, err := t.clock.number(cells[0]); err == nil && t.quick {
		for t.clock.origin, _ = t.clock.number(cells[0]); t.clock.step(cells) == 0 && t.needsStep(h) && len(t.ahead) < mostAhead && t.pull(); {
			cells = t.timesAhead()
		}
	}
	return t.clock.begin(cells, h)
}

// needsStep reports whether the unit of times can only be told by their intervals.
func (t *Reader) needsStep(h hint) bool {
	ofName, _ := timeName(strings.ToLower(h.name))
	return units[h.said] == 0 && units[strings.ToLower(h.unit)] == 0 && units[ofName] == 0
}

func (t *Reader) timesAhead() (cells []string) {
	for i := range t.ahead {
		if a := &t.ahead[i]; a.err == nil && len(a.cells) >= t.fields {
			cells = append(cells, t.timeCell(a.cells))
		}
	}
	return cells
}

// pairDate finds the column of dates for a column of times of day, or the other way round.
func (t *Reader) pairDate(first []string) bool {
	kind := func(i int) (date, clock bool) {
		s := strings.TrimSpace(first[i])
		if !isTime(s) {
			return false, false
		}
		st, _ := parseStamp(s, anyOrder, time.UTC)
		return st.date, st.clock
	}
	date, clock := kind(t.time)
	if date == clock {
		return false
	}
	for i := range t.fields {
		if d, c := kind(i); i != t.label && d != date && c != clock && d != c {
			if t.date = i; date {
				t.date, t.time = t.time, i
			}
			return true
		}
	}
	return false
}

// beginEmpatica begins a table without times whose first row is the start in seconds since
// 1970 and whose second is the rate, once for each column, as Empatica's wristbands write.
func (t *Reader) beginEmpatica() bool {
	if t.header != nil || t.ahead[0].err != nil {
		return false
	}
	start, ok := t.allEqual(0)
	if !ok || start < 6.31e8 || start >= 2.84e9 {
		return false
	}
	for len(t.ahead) < 3 && t.pull() {
	}
	if len(t.ahead) < 3 {
		return false
	}
	rate, ok := t.allEqual(1)
	next, same := t.allEqual(2)
	if !ok || !(rate > 0 && rate <= 1e4) || same && next >= 6.31e8 {
		return false
	}
	t.ahead, t.rate = t.ahead[2:], rate
	t.clock.origin, t.clock.scale = start, 1
	t.clock.setStart()
	t.notes = append(t.notes, fmt.Sprintf("the first two lines are taken for the start, %s, and the rate, %g Hz", t.clock.start.Format("2006-01-02T15:04:05Z"), rate))
	return true
}

// allEqual returns the number that is in every cell of a row ahead.
func (t *Reader) allEqual(i int) (v float64, ok bool) {
	a := &t.ahead[i]
	if a.err != nil || len(a.cells) != t.fields {
		return 0, false
	}
	for k, cell := range a.cells {
		n, err := t.clock.number(cell)
		if err != nil || k > 0 && n != v {
			return 0, false
		}
		v = n
	}
	return v, true
}

// restart begins the times anew with a cell.
func (c *clock) restart(cell string) error {
	cell = strings.TrimSpace(cell)
	if !c.stamps {
		v, err := c.number(cell)
		if err != nil || v-v != 0 {
			return fmt.Errorf("%.40q is not a time: write a number as in the lines before, or delete the line", cell)
		}
		c.origin = v
		c.setStart()
	} else {
		st, err := parseStamp(cell, c.order, c.zone)
		if err != nil || st.date != c.dated {
			return fmt.Errorf("%.40q is not a time: write RFC 3339 such as 2006-01-02T15:04:05.000Z", cell)
		}
		if c.start = st.at; !c.dated {
			c.origin = st.ofDay.Seconds()
		}
	}
	c.last, c.cell, c.days = 0, cell, 0
	return nil
}
