package table

import (
	"errors"
	"strings"
	"time"
)

// A stamp is what a cell says about a time.
type stamp struct {
	at        time.Time     // date with time of day, or date
	ofDay     time.Duration // time of day, if that is all
	date      bool          // there is a date
	clock     bool          // there is a time of day
	ambiguous bool          // the date may be day/month or month/day
}

// The orders of day and month in dates such as 01/02/2026.
const (
	anyOrder = iota
	dayFirst
	monthFirst
)

var errTime = errors.New("no time")

// isTime reports whether a cell is a date, a time of day, or both.
func isTime(cell string) bool {
	s := strings.TrimSpace(cell)
	if len(s) < 5 || !strings.ContainsAny(s, ":-/.T") {
		return false
	}
	_, err := parseStamp(s, anyOrder, time.UTC)
	return err == nil
}

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

// parseStamp parses a trimmed cell: a date (2026-01-31, 2026/01/31, 31.01.2026, 31/01/2026,
// 31-Jan-2026, 20260131T…), a time of day (15:04, 15:04:05.123, also with a comma, a colon or
// points, and with AM or PM), or both, with a zone (Z, UTC, GMT, +01:00, +0100, +01) after
// them. Without a zone it is in zone.
func parseStamp(s string, order int, zone *time.Location) (stamp, error) {
	if zone == time.UTC {
		if at, err := parseTime(s); err == nil {
			return stamp{at: at, date: true, clock: true}, nil
		}
	}
	p := scanner{s: s}
	var st stamp
	y, m, d, ok := p.date(order, &st.ambiguous)
	if ok {
		st.date = true
		if p.s == "" {
			st.at = time.Date(y, m, d, 0, 0, 0, 0, zone)
			return st, nil
		}
		if !p.between() {
			return st, errTime
		}
	} else if p.s = s; strings.IndexByte(s, ':') < 0 {
		return st, errTime
	}
	tod, ok := p.ofDay()
	if !ok {
		return st, errTime
	}
	st.clock = true
	loc, ok := p.zone(zone)
	if !ok || p.s != "" {
		return st, errTime
	}
	if st.ofDay = tod; st.date {
		st.at = time.Date(y, m, d, 0, 0, 0, 0, loc).Add(tod)
	}
	return st, nil
}

// A scanner takes parts off the begin of s.
type scanner struct{ s string }

// number takes between least and most digits.
func (p *scanner) number(least, most int) (v int, ok bool) {
	i := 0
	for i < len(p.s) && i < most && p.s[i] >= '0' && p.s[i] <= '9' {
		v = v*10 + int(p.s[i]-'0')
		i++
	}
	if i < least {
		return 0, false
	}
	p.s = p.s[i:]
	return v, true
}

// any takes one of the bytes of set.
func (p *scanner) any(set string) (byte, bool) {
	if p.s == "" || strings.IndexByte(set, p.s[0]) < 0 {
		return 0, false
	}
	b := p.s[0]
	p.s = p.s[1:]
	return b, true
}

// between takes what is between date and time of day.
func (p *scanner) between() bool {
	before := p.s
	p.s = strings.TrimLeft(p.s, ", ")
	if len(p.s) < len(before) {
		return true
	}
	_, ok := p.any("Tt_:-")
	return ok
}

var months = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}

func (p *scanner) month() (int, bool) {
	if len(p.s) < 3 {
		return 0, false
	}
	for i, m := range months {
		if strings.EqualFold(p.s[:3], m) {
			p.s = p.s[3:]
			return i + 1, true
		}
	}
	return 0, false
}

// date takes a date.
func (p *scanner) date(order int, ambiguous *bool) (y int, m time.Month, d int, ok bool) {
	digits := len(p.s) - len(strings.TrimLeft(p.s, "0123456789"))
	a, ok := p.number(1, 4)
	if !ok {
		return
	}
	if digits == 8 && len(p.s) > 4 {
		mm, _ := p.number(2, 2)
		dd, _ := p.number(2, 2)
		return valid(a, mm, dd)
	}
	sep, ok := p.any("-/.")
	if !ok {
		return
	}
	mm, named := p.month()
	if !named {
		if mm, ok = p.number(1, 2); !ok {
			return
		}
	}
	if again, ok := p.any(string(sep)); !ok || again != sep {
		return 0, 0, 0, false
	}
	if digits == 4 {
		dd, ok := p.number(1, 2)
		if !ok {
			return 0, 0, 0, false
		}
		return valid(a, mm, dd)
	}
	year, ok := p.number(4, 4)
	if !ok || digits > 2 {
		return 0, 0, 0, false
	}
	if named || sep == '.' {
		return valid(year, mm, a)
	}
	switch { // day/month or month/day
	case order == monthFirst, order == anyOrder && mm > 12:
		return valid(year, a, mm)
	case order == anyOrder && a <= 12 && a != mm:
		*ambiguous = true
	}
	return valid(year, mm, a)
}

func valid(y, m, d int) (int, time.Month, int, bool) {
	at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return y, time.Month(m), d, y > 0 && m >= 1 && m <= 12 && at.Day() == d && d > 0
}

// ofDay takes a time of day.
func (p *scanner) ofDay() (time.Duration, bool) {
	if digits := len(p.s) - len(strings.TrimLeft(p.s, "0123456789")); digits == 6 {
		p.s = p.s[:2] + ":" + p.s[2:4] + ":" + p.s[4:]
	}
	h, ok := p.number(1, 2)
	if !ok {
		return 0, false
	}
	sep, ok := p.any(":.")
	if !ok {
		return 0, false
	}
	m, ok := p.number(2, 2)
	if !ok {
		return 0, false
	}
	sec, frac := 0, time.Duration(0)
	_, more := p.any(string(sep))
	if sep == '.' && !more {
		return 0, false // 9.81
	}
	if more {
		if sec, ok = p.number(2, 2); !ok {
			return 0, false
		}
		if frac, ok = p.fraction(); !ok {
			return 0, false
		}
	}
	before := p.s
	p.s = strings.TrimLeft(p.s, " ")
	switch half := strings.ToUpper(p.s[:min(2, len(p.s))]); {
	case half == "AM" || half == "PM":
		if p.s = p.s[2:]; h < 1 || h > 12 {
			return 0, false
		}
		if h %= 12; half == "PM" {
			h += 12
		}
	default:
		p.s = before
	}
	if h > 23 || m > 59 || sec > 60 {
		return 0, false
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec)*time.Second + frac, true
}

// fraction takes the part of a second, if there is one.
func (p *scanner) fraction() (time.Duration, bool) {
	if _, ok := p.any(".,:"); !ok {
		return 0, true
	}
	i, unit, sum := 0, time.Second/10, time.Duration(0)
	for ; i < len(p.s) && p.s[i] >= '0' && p.s[i] <= '9'; i++ {
		sum += time.Duration(p.s[i]-'0') * unit
		unit /= 10
	}
	p.s = p.s[i:]
	return sum, i > 0
}

// zone takes the zone, which is usual if there is none.
func (p *scanner) zone(usual *time.Location) (*time.Location, bool) {
	p.s = strings.TrimLeft(p.s, " ")
	if p.s == "" {
		return usual, true
	}
	for _, name := range []string{"UTC", "GMT", "Z", "z"} {
		if rest, ok := strings.CutPrefix(p.s, name); ok {
			if p.s = rest; rest == "" {
				return time.UTC, true
			}
			break
		}
	}
	sign, ok := p.any("+-")
	if !ok {
		return nil, false
	}
	h, ok := p.number(2, 2)
	if !ok {
		return nil, false
	}
	p.any(":")
	m := 0
	if p.s != "" {
		if m, ok = p.number(2, 2); !ok {
			return nil, false
		}
	}
	if h > 15 || m > 59 {
		return nil, false
	}
	seconds := h*3600 + m*60
	if sign == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), true
}
