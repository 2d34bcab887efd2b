package table

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A clock reads the cells of a column of times.
type clock struct {
	stamps bool      // cells are dates with times, not numbers
	scale  float64   // seconds per unit of a number
	origin float64   // first number
	start  time.Time // of the first row; zero: unknown
	last   float64   // last time, in seconds after the first
	cell   string    // cell of last
}

// units are the names of units of time, with their lengths in seconds.
var units = map[string]float64{
	"s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
	"ms": 1e-3, "msec": 1e-3, "millis": 1e-3, "milliseconds": 1e-3,
	"us": 1e-6, "µs": 1e-6, "μs": 1e-6, "usec": 1e-6, "micros": 1e-6, "microseconds": 1e-6,
	"ns": 1e-9, "nsec": 1e-9, "nanos": 1e-9, "nanoseconds": 1e-9,
}

// timeName reports whether name is that of a column of times, such as time or time_ms.
// rest is the unit, or "".
func timeName(name string) (rest string, ok bool) {
	for _, p := range []string{"timestamp", "datetime", "time", "date", "utc", "t"} {
		if after, found := strings.CutPrefix(name, p); found {
			rest = strings.TrimLeft(after, "_ ")
			if after == "" || rest != after && units[rest] != 0 {
				return rest, true
			}
		}
	}
	return name, len(name) > 1 && units[name] != 0
}

// isTimeName reports whether a name in lower case is that of a column of times.
func isTimeName(name string) bool {
	_, ok := timeName(name)
	return ok
}

// begin finds out what the times are from the first cell, the name and the unit of the
// column, and Options.TimeUnit, which is said.
func (c *clock) begin(cell, name, unit, said string) error {
	cell = strings.TrimSpace(cell)
	if said != "" && units[said] == 0 {
		return fmt.Errorf("there is no unit of time %q: set TableOptions.TimeUnit to s, ms, us or ns", said)
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		if c.start, err = parseTime(cell); err != nil {
			return notTime(cell)
		}
		c.stamps = true
		return nil
	}
	if v-v != 0 {
		return notTime(cell)
	}
	c.origin = v
	ofName, _ := timeName(strings.ToLower(name))
	for _, u := range []string{said, unit, ofName} {
		if s := units[strings.ToLower(u)]; s != 0 && c.scale == 0 {
			c.scale = s
		}
	}
	if c.scale == 0 {
		c.scale = scaleOf(v)
	}
	if c.scale == scaleOf(v) && v*c.scale > 3e8 { // since 1970, not since the recording began
		c.start = time.Unix(0, int64(v*c.scale*1e9)).UTC()
	}
	return nil
}

func notTime(cell string) error {
	return fmt.Errorf("%.40q is not a time: write seconds, or RFC 3339 such as 2006-01-02T15:04:05.000Z", cell)
}

// since returns the seconds from the first time of d to that of c. Both have stamps, or
// neither has.
func (c *clock) since(d *clock) float64 {
	if c.stamps {
		return c.start.Sub(d.start).Seconds()
	}
	return c.origin*c.scale - d.origin*d.scale
}

// scaleOf returns the length of the unit of a time without one, judged by the size of the
// number: seconds since 1970 are below 1e11 until the year 5138.
func scaleOf(v float64) float64 {
	switch v = math.Abs(v); {
	case v < 1e11:
		return 1
	case v < 1e14:
		return 1e-3
	case v < 1e17:
		return 1e-6
	}
	return 1e-9
}

// mostTime is just under the 292 years that nanoseconds can count in 64 bits.
const mostTime = 9e9

// read returns the time of a cell in seconds after the first. A time before the last one
// is an error.
func (c *clock) read(cell string) (float64, error) {
	var at float64
	if c.stamps {
		when, err := parseTime(strings.TrimSpace(cell))
		if err != nil {
			return 0, fmt.Errorf("%.40q is not a time: write RFC 3339 such as 2006-01-02T15:04:05.000Z", cell)
		}
		at = when.Sub(c.start).Seconds()
	} else {
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			v, err = strconv.ParseFloat(strings.TrimSpace(cell), 64)
		}
		if at = (v - c.origin) * c.scale; err != nil || at-at != 0 {
			return 0, fmt.Errorf("%.40q is not a time: write a number as in the lines before, or delete the line", cell)
		}
	}
	switch {
	case at < c.last:
		return 0, fmt.Errorf("the time %s is before that of the line before, %s: sort the rows by time, or split the file where the clock was set", strings.TrimSpace(cell), strings.TrimSpace(c.cell))
	case at > mostTime:
		return 0, fmt.Errorf("the time %s is centuries after the first: give its unit in TableOptions.TimeUnit", strings.TrimSpace(cell))
	}
	c.last, c.cell = at, cell
	return at, nil
}

var errTime = errors.New("no time")

// parseTime parses RFC 3339, also with a space instead of the T and without a zone (UTC).
func parseTime(s string) (time.Time, error) {
	if len(s) < len("2006-01-02T15:04:05") || s[4] != '-' {
		return time.Time{}, errTime
	}
	layout := "2006-01-02T15:04:05"
	if s[10] == ' ' {
		layout = "2006-01-02 15:04:05"
	}
	if tail := s[19:]; strings.ContainsAny(tail, "Zz+-") {
		layout += "Z07:00"
	}
	return time.Parse(layout, s)
}
