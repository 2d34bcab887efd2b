package table

import "fmt"

// Add counts t, of that file, as well.
func (s *Stats) Add(t *Stats, file string) {
	s.Rows, s.Samples, s.Missing = s.Rows+t.Rows, s.Samples+t.Samples, s.Missing+t.Missing
	s.Early, s.Gaps, s.Filled, s.Repeated = s.Early+t.Early, s.Gaps+t.Gaps, s.Filled+t.Filled, s.Repeated+t.Repeated
	if t.Longest.Seconds > s.Longest.Seconds {
		s.Longest = t.Longest
		s.Longest.File = file
	}
	for len(s.Held) < len(t.Held) {
		s.Held = append(s.Held, 0)
	}
	for c, n := range t.Held {
		s.Held[c] += n
	}
}

// Notes say in a line each what was done to the signals of these channels. unit is
// that of Longest.
func (s *Stats) Notes(channels []string, unit string) (notes []string) {
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if n := s.Gaps + s.Filled; n > 0 {
		note("gaps: %d, the longest of %.4g %s before %s:%d; %d are filled with the values before them, the signal is divided at %d (--bridge, --fill)",
			n, s.Longest.Seconds, unit, s.Longest.File, s.Longest.Line, s.Filled, s.Gaps)
	}
	if s.Missing > 0 {
		note("missing values: %d, interpolated where they are few in a row", s.Missing)
	}
	for c, n := range s.Held {
		if n > 0 {
			note("channel %s: %d of %d samples repeat its last value, as the next is too far or there is none (--bridge)", channels[c], n, s.Samples)
		}
	}
	if s.Repeated > 0 {
		note("rows with the time of the row before: %d; the first value of each counts", s.Repeated)
	}
	if s.Early > 0 {
		note("rows before every channel has a value: %d, left out", s.Early)
	}
	return notes
}
