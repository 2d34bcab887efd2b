package table

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// units are the names of units of time, with their lengths in seconds.
var units = map[string]float64{
	"s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1, "sek": 1, "sekunden": 1,
	"ms": 1e-3, "msec": 1e-3, "millis": 1e-3, "milliseconds": 1e-3, "millisecond": 1e-3,
	"us": 1e-6, "µs": 1e-6, "μs": 1e-6, "usec": 1e-6, "micros": 1e-6, "microseconds": 1e-6, "microsecond": 1e-6,
	"ns": 1e-9, "nsec": 1e-9, "nanos": 1e-9, "nanoseconds": 1e-9, "nanosecond": 1e-9,
	"min": 60, "mins": 60, "minute": 60, "minutes": 60,
	"h": 3600, "hour": 3600, "hours": 3600,
	"d": day, "day": day, "days": day,
}

const day = 86400

// timeNames are the names of columns of times. A unit may follow them, as in time_ms.
var timeNames = []string{"timestamp", "timestamps", "datetime", "time", "date", "utc", "t", "ts",
	"epoch", "epoc", "unixtime", "unix", "elapsed", "elapsed_time", "seconds_elapsed", "datenum",
	"zeit", "zeitstempel", "uhrzeit", "datum", "fecha", "hora", "tiempo", "tijd"}

// timeName reports whether name is that of a column of times, such as time or time_ms.
// rest is the unit, or "".
func timeName(name string) (rest string, ok bool) {
	for _, p := range timeNames {
		if after, found := strings.CutPrefix(name, p); found {
			rest = strings.TrimLeft(after, "_ ")
			if after == "" || rest != after && units[rest] != 0 && (p != "t" || units[rest] <= 1) { // t_min may be a temperature
				return rest, true
			}
		}
	}
	return name, len(name) > 1 && units[name] != 0 && units[name] <= 1
}

// isTimeName reports whether a name in lower case is that of a column of times.
func isTimeName(name string) bool {
	_, ok := timeName(name)
	return ok
}

// An epoch is what numbers of a unit may count from, with the range of those between 1990
// and 2060 and the longest interval, in seconds, that is usual for rows with such times.
type epoch struct {
	base, name string
	scale      float64
	low, high  float64
	longest    float64
	zero       float64 // 1970
}

var epochs = []epoch{
	{"unix", "seconds since 1970", 1, 6.31e8, 2.84e9, 40 * day, 0},
	{"unix", "milliseconds since 1970", 1e-3, 6.31e11, 2.84e12, day, 0},
	{"unix", "microseconds since 1970", 1e-6, 6.31e14, 2.84e15, 10, 0},
	{"unix", "nanoseconds since 1970", 1e-9, 6.31e17, 2.84e18, 10, 0},
	{"excel", "days as Excel counts them", day, 32874, 58500, 40 * day, 25569},
	{"matlab", "days as MATLAB counts them (datenum)", day, 726834, 752500, 40 * day, 719529},
}

// setStart sets the start if the numbers are dates. Days are exact to about ten microseconds.
func (c *clock) setStart() {
	for _, e := range epochs {
		if e.scale != c.scale || c.origin < e.low || c.origin >= e.high {
			continue
		}
		c.base, c.dated = e.base, true
		c.start = time.Unix(0, int64((c.origin-e.zero)*e.scale*1e9)).UTC()
		if e.scale == day {
			c.start = c.start.Round(10 * time.Microsecond)
		}
	}
}

// step returns the median of the intervals between times that rise, or 0 if there is none.
func (c *clock) step(cells []string) float64 {
	var steps []float64
	before := c.origin
	for _, cell := range cells[1:] {
		v, err := c.number(cell)
		if err != nil || v-v != 0 {
			continue
		}
		if v > before {
			steps = append(steps, v-before)
		}
		before = v
	}
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	return steps[len(steps)/2]
}

// near is the factor within which the rate of rows and the one that is expected are said to
// agree.
const near = 4

// mostStep is the longest interval in units, of numbers without a unit, that are taken for
// seconds without a reason.
const mostStep = 2

// guess finds the unit of numbers that name none, by what is plausible: dates, the rate that
// is expected, the rate of rows in seconds. step is the interval between rows, 0 if unknown.
func (c *clock) guess(step float64, h hint) error {
	agrees := func(scale float64) bool {
		r := h.rate * step * scale
		return h.rate > 0 && step > 0 && r > 1.0/near && r < near
	}
	for _, e := range epochs {
		if c.origin < e.low || c.origin >= e.high || step*e.scale > e.longest {
			continue
		}
		if e.scale < day || agrees(e.scale) || step > 0 && !agrees(1) && isDays(step) {
			if h.rate > 0 && step > 0 && !agrees(e.scale) && e.scale < day {
				if s := agreeing(agrees); s != 0 {
					c.scale, c.note = s, guessed(s, h)
					return nil
				}
			}
			if c.scale = e.scale; e.scale == day {
				c.note = fmt.Sprintf("the times of column %q have no unit: they are taken for %s (TableOptions.TimeUnit)", h.name, e.name)
			}
			return nil
		}
	}
	switch s := agreeing(agrees); {
	case s != 0 && s != 1:
		c.scale, c.note = s, guessed(s, h)
		return nil
	case s == 1, step <= mostStep:
		if c.scale = 1; s == 0 && step >= 1 {
			c.note = fmt.Sprintf("the times of column %q have no unit: they are taken for seconds, so that rows come every %.4g s (TableOptions.TimeUnit)", h.name, step)
		}
		return nil
	}
	return fmt.Errorf("the times have no unit, and their rows are %.6g apart: %s: set TableOptions.TimeUnit", step, c.rates(step))
}

// agreeing returns the unit with which the rate of rows is the one that is expected, or 0.
func agreeing(agrees func(float64) bool) float64 {
	for _, s := range []float64{1, 1e-3, 1e-6, 1e-9} {
		if agrees(s) {
			return s
		}
	}
	return 0
}

var unitName = map[float64]string{1: "seconds", 1e-3: "milliseconds", 1e-6: "microseconds", 1e-9: "nanoseconds"}

func guessed(scale float64, h hint) string {
	return fmt.Sprintf("the times of column %q have no unit: they are taken for %s, as that agrees with the rate of %.6g Hz (TableOptions.TimeUnit)", h.name, unitName[scale], h.rate)
}

// isDays reports whether the interval of numbers that may be days is one of days: as seconds
// it would be short or no round number of milliseconds.
func isDays(step float64) bool {
	ms := step * 1e3
	return step < 1e-3 || math.Abs(ms-math.Round(ms)) > 1e-4 && math.Abs(step*day-math.Round(step*day)) < 1e-2
}

// rates lists what the rate of rows would be with each unit.
func (c *clock) rates(step float64) string {
	var list []string
	for _, u := range []string{"s", "ms", "us", "ns"} {
		if r := 1 / (step * units[u]); r <= MostRate && r > 1e-6 {
			list = append(list, fmt.Sprintf("%.4g Hz if they are %s", r, u))
		}
	}
	return strings.Join(list, ", ")
}
