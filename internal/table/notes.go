package table

import "fmt"

// Add adds t, the statistics of a file, to s.
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

// interpolated returns how many samples are neither of a row nor repeat one, about.
func (s *Stats) interpolated() int {
	held := 0
	for _, n := range s.Held {
		held = max(held, n)
	}
	return s.Samples - (s.Rows - s.Repeated) - held
}

// Notes describes what was done to the signals, one line per kind of change. channels are
// their names, unit that of Longest.
func (s *Stats) Notes(channels []string, unit string) (notes []string) {
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	if n := s.Gaps + s.Filled; n > 0 {
		note("gaps: %d, the longest %.4g %s before %s:%d; %d are filled with the values before them, %d divide the signal (TableOptions.Bridge, TableOptions.Fill)",
			n, s.Longest.Seconds, unit, s.Longest.File, s.Longest.Line, s.Filled, s.Gaps)
	}
	if s.Missing > 0 {
		note("missing values: %d, interpolated where few are missing in a row", s.Missing)
	}
	for c, n := range s.Held {
		if n > 0 {
			note("channel %s: %d of %d samples repeat its last value, as the next is too far away or there is none (TableOptions.Bridge)", channels[c], n, s.Samples)
		}
	}
	if n := s.interpolated(); n > s.Rows/2 {
		note("rows come more slowly than samples are needed: %d of %d samples lie between two of the %d rows and are interpolated, so that they hold no fast changes; record more rows a second, or train at this rate", n, s.Samples, s.Rows)
	}
	if s.Repeated > 0 {
		note("rows with the time of the row before: %d; the first row of each time counts", s.Repeated)
	}
	if s.Early > 0 {
		note("rows before all channels have a value: %d, left out", s.Early)
	}
	return notes
}
