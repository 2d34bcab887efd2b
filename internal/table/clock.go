package table

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A clock reads the cells of a column of times.
type clock struct {
	stamps bool           // cells are dates with times, or times of day, not numbers
	order  int            // of day and month
	zone   *time.Location // of dates that name none
	scale  float64        // seconds per unit of a number
	origin float64        // first number
	base   string         // where numbers count from: unix, excel, matlab; "": unknown
	dated  bool           // the start is known; a time of day has none
	start  time.Time      // of the first row; zero: unknown
	last   float64        // last time, in seconds after the first
	cell   string         // cell of last
	days   float64        // seconds of the midnights since the first time of day
	commas bool           // numbers may have decimal commas
	note   string         // what the unit was guessed from
}

// A hint is what is known about a column of times besides its cells.
type hint struct {
	name, unit string  // of the column
	said       string  // Options.TimeUnit
	rate       float64 // Options.Rate
}

// begin finds out what the times are from the first cells.
func (c *clock) begin(cells []string, h hint) error {
	cell := strings.TrimSpace(cells[0])
	c.order = map[string]int{"dmy": dayFirst, "mdy": monthFirst}[h.said]
	if h.said != "" && units[h.said] == 0 && c.order == anyOrder {
		return fmt.Errorf("there is no unit of time %q: set TableOptions.TimeUnit to s, ms, us, ns, min, h or d, or for dates such as 01/02/2026 to dmy or mdy", h.said)
	}
	v, err := c.number(cell)
	if err != nil {
		return c.beginStamps(cells, h)
	}
	if v-v != 0 {
		return notTime(cell)
	}
	c.origin = v
	ofName, _ := timeName(strings.ToLower(h.name))
	for _, u := range []string{h.said, h.unit, ofName} {
		if s := units[strings.ToLower(u)]; s != 0 && c.scale == 0 {
			c.scale = s
		}
	}
	if c.scale == 0 {
		if err := c.guess(c.step(cells), h); err != nil {
			return err
		}
	}
	c.setStart()
	return nil
}

// beginStamps begins with a date or a time of day.
func (c *clock) beginStamps(cells []string, h hint) error {
	c.stamps, c.zone = true, time.UTC
	p := scanner{h.unit}
	if z, ok := p.zone(time.UTC); ok && p.s == "" && h.unit != "" {
		c.zone = z
	}
	cell := strings.TrimSpace(cells[0])
	st, err := parseStamp(cell, c.order, c.zone)
	if err != nil {
		return notTime(cell)
	}
	if st.ambiguous {
		if err := c.findOrder(cells); err != nil {
			return err
		}
		st, _ = parseStamp(cell, c.order, c.zone)
	}
	if c.dated = st.date; c.dated {
		c.start = st.at
	} else {
		c.origin = st.ofDay.Seconds()
	}
	return nil
}

// findOrder finds the order of day and month in dates such as 01/02/2026.
func (c *clock) findOrder(cells []string) error {
	for _, cell := range cells {
		s := strings.TrimSpace(cell)
		if st, err := parseStamp(s, anyOrder, c.zone); err != nil || st.ambiguous {
			continue
		}
		for _, order := range []int{dayFirst, monthFirst} {
			if _, err := parseStamp(s, order, c.zone); err == nil {
				c.order = order
			}
		}
		if _, err := parseStamp(s, dayFirst, c.zone); err == nil {
			c.order = dayFirst
		}
		return nil
	}
	return fmt.Errorf("the date %.40q may be day/month or month/day: set TableOptions.TimeUnit to dmy or mdy", strings.TrimSpace(cells[0]))
}

func notTime(cell string) error {
	return fmt.Errorf("%.40q is not a time: write seconds, or RFC 3339 such as 2006-01-02T15:04:05.000Z", cell)
}

func (c *clock) number(cell string) (float64, error) {
	v, err := strconv.ParseFloat(cell, 64)
	if err == nil {
		return v, nil
	}
	cell = strings.TrimSpace(cell)
	if c.commas {
		cell = strings.Replace(cell, ",", ".", 1)
	}
	return strconv.ParseFloat(cell, 64)
}

// since returns the seconds from the first time of d to that of c.
func (c *clock) since(d *clock) float64 {
	if !c.stamps && !d.stamps && c.base == d.base {
		return c.origin*c.scale - d.origin*d.scale
	}
	if c.stamps && d.stamps && !c.dated && !d.dated {
		return c.origin - d.origin
	}
	return c.start.Sub(d.start).Seconds()
}

// comparable reports whether the times of c and d are of one clock.
func (c *clock) comparable(d *clock) bool {
	return !c.start.IsZero() && !d.start.IsZero() || c.stamps == d.stamps && c.dated == d.dated && c.base == d.base
}

// mostTime is just under the 292 years that nanoseconds can count in 64 bits.
const mostTime = 9e9

// read returns the time of a cell in seconds after the first. A time before the last one
// is an error.
func (c *clock) read(cell string) (float64, error) {
	at, err := c.at(cell)
	if err != nil {
		return 0, err
	}
	switch {
	case at < c.last:
		return at, &backError{strings.TrimSpace(cell), strings.TrimSpace(c.cell)}
	case at > mostTime:
		return 0, fmt.Errorf("the time %s is centuries after the first: give its unit in TableOptions.TimeUnit", strings.TrimSpace(cell))
	}
	c.last, c.cell = at, cell
	return at, nil
}

// A backError says that a time is before the one of the line before.
type backError struct{ cell, before string }

func (e *backError) Error() string {
	return fmt.Sprintf("the time %s is before that of the line before, %s: sort the rows by time, or split the file where the clock was set", e.cell, e.before)
}

// at returns the seconds from the first time to that of a cell.
func (c *clock) at(cell string) (float64, error) {
	if !c.stamps {
		v, err := c.number(cell)
		at := (v - c.origin) * c.scale
		if err != nil || at-at != 0 {
			return 0, fmt.Errorf("%.40q is not a time: write a number as in the lines before, or delete the line", cell)
		}
		return at, nil
	}
	st, err := parseStamp(strings.TrimSpace(cell), c.order, c.zone)
	if err != nil || st.date != c.dated {
		return 0, fmt.Errorf("%.40q is not a time: write RFC 3339 such as 2006-01-02T15:04:05.000Z", cell)
	}
	if c.dated {
		return st.at.Sub(c.start).Seconds(), nil
	}
	at := st.ofDay.Seconds() - c.origin + c.days
	if at < c.last-day/2 { // after midnight
		c.days += day
		at += day
	}
	return at, nil
}
