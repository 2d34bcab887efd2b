package table

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A Time is the time of a row as its sender writes it: a number, or the text of a date.
type Time struct {
	Text   string // of a date with a time of day, or of a time of day; "" for a number
	Number float64
}

// ParseTime returns the time in a cell.
func ParseTime(cell string) Time {
	if v, err := strconv.ParseFloat(cell, 64); err == nil {
		return Time{Number: v}
	}
	return Time{Text: strings.TrimSpace(cell)}
}

func (t Time) String() string {
	if t.Text != "" {
		return t.Text
	}
	return strconv.FormatFloat(t.Number, 'f', -1, 64)
}

func (t Time) cell() string { return t.String() }

// A Hint is what is known about times besides their values.
type Hint struct {
	Name string  // of the field or column, such as t or time_ms
	Unit string  // of numbers, if the sender says it
	Said string  // Options.TimeUnit
	Rate float64 // rows per second that are expected; 0: unknown
}

// A Clock reads the times of rows that come one by one, by the rules by which a Reader reads
// those of a column. Times count from the first one.
type Clock struct{ c clock }

// NewClock returns the clock of rows that begin with these times, of which there is at least
// one. Some units can only be told by the intervals between times: see NeedsStep.
func NewClock(times []Time, h Hint) (*Clock, error) {
	first := times[0]
	if first.Text == "" && first.Number-first.Number != 0 {
		return nil, fmt.Errorf("the time %v is not finite", first.Number)
	}
	cells := make([]string, len(times))
	for i, t := range times {
		cells[i] = t.cell()
	}
	k := &Clock{}
	if err := k.c.begin(cells, hint{h.Name, h.Unit, h.Said, h.Rate}); err != nil {
		return nil, err
	}
	if y := k.Start().Year(); k.c.dated && (y < firstYear || y > lastYear) {
		return nil, fmt.Errorf("the time %s is in the year %d: set the clock of the sender", first, y)
	}
	return k, nil
}

// The years that the time of a live row may lie in.
const firstYear, lastYear = 1900, 2200

// NeedsStep reports whether the unit of times may only be told by their intervals.
func (h Hint) NeedsStep(t Time) bool {
	ofName, _ := timeName(strings.ToLower(h.Name))
	return t.Text == "" && units[h.Said] == 0 && units[strings.ToLower(h.Unit)] == 0 && units[ofName] == 0
}

// Scale returns the length in seconds of the unit of the number t, if it can be told without
// other times.
func (h Hint) Scale(t Time) (float64, error) {
	k, err := NewClock([]Time{t}, h)
	if err != nil {
		return 0, err
	}
	return k.c.scale, nil
}

// At returns the seconds from the first time to t.
func (k *Clock) At(t Time) (at float64, err error) {
	if c := &k.c; t.Text == "" && !c.stamps {
		if at = (t.Number - c.origin) * c.scale; at-at != 0 {
			return 0, fmt.Errorf("the time %v is not finite", t.Number)
		}
	} else if at, err = c.at(t.cell()); err != nil {
		return 0, err
	}
	if math.Abs(at) > mostTime {
		return 0, fmt.Errorf("the time %s is centuries from the first: give its unit in TableOptions.TimeUnit, or set the clock of the sender", t)
	}
	if k.c.stamps && !k.c.dated {
		k.c.last = max(k.c.last, at)
	}
	return at, nil
}

// Start returns the date and time of the first time, or the zero time if it says none.
func (k *Clock) Start() time.Time { return k.c.start }

// Note says what the unit was guessed from; "" if it was not.
func (k *Clock) Note() string { return k.c.note }

// Since returns the seconds from the first time of d to that of k, or an error if the two
// are of different kinds.
func (k *Clock) Since(d *Clock) (float64, error) {
	if !k.c.comparable(&d.c) {
		return 0, fmt.Errorf("times of different kinds: give numbers in both, or dates in both")
	}
	s := k.c.since(&d.c)
	if math.Abs(s) > mostTime {
		return 0, fmt.Errorf("times that are centuries apart: set both clocks")
	}
	return s, nil
}

// IsTimeName reports whether a name in lower case is usual for times.
func IsTimeName(name string) bool { return isTimeName(name) }

// IsOther reports whether a name in lower case is usual for what is no channel: times,
// labels, counters.
func IsOther(name string) bool { return isTimeName(name) || isLabelName(name) || isCounterName(name) }

// IsMissing reports whether a cell says that there is no value.
func IsMissing(cell string) bool { return isMissing(strings.TrimSpace(cell)) }

// SplitUnit splits "x [m/s²]" or "x (m/s²)" into name and unit.
func SplitUnit(cell string) (name, unit string) { return splitUnit(cell) }
