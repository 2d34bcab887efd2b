package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// noteRows notes what the readers of the tables note, each remark once with the number of
// its files.
func (l *tableLoader) noteRows() {
	count, first := map[string]int{}, map[string]string{}
	var all []string
	for i, t := range l.rows {
		for _, n := range t.notes {
			if count[n]++; count[n] == 1 {
				all, first[n] = append(all, n), l.files[i].file
			}
		}
	}
	for _, n := range all {
		switch k := count[n]; {
		case len(l.rows) == 1 || k == len(l.rows):
			l.set.note("%s", n)
		case k == 1:
			l.set.note("%s: %s", first[n], n)
		default:
			l.set.note("%s and %d files more: %s", first[n], k-1, n)
		}
	}
}

// leastDate is less than the milliseconds from 1970 to 1990. No signal has such values.
const leastDate = 6e11

// leastRising is the number of rows from which on even steps are no chance.
const leastRising = 16

// dropClocks drops the channels that are no signal, unless they are named: clocks and
// counters, which rise evenly in every file, and columns that are constant in each file and
// differ between files, or whose name says that they number what is measured.
func (l *tableLoader) dropClocks() error {
	o := &l.o.Table
	first := l.rows[0].head
	if len(o.Signals)+len(o.Want) > 0 || first.Long {
		return nil
	}
	n := len(first.Names)
	var clocks, fixed, keep []int
	for c := range n {
		switch {
		case l.rises(c):
			clocks = append(clocks, c)
		case l.isFixed(c) || isIDName(first.Names[c]) && l.isWhole(c):
			fixed = append(fixed, c)
		default:
			keep = append(keep, c)
		}
	}
	if len(keep) == n || len(keep) == 0 {
		return nil
	}
	name := func(list []int) string {
		names := make([]string, len(list))
		for i, c := range list {
			names[i] = first.Names[c]
		}
		return brief(names)
	}
	if !first.Named {
		return fmt.Errorf("%s: the columns %s have no names, and look like clocks, counters or numbers of a file, not like signals: name all columns in TableOptions.Columns, \"-\" for those to ignore", l.files[0].file, name(append(clocks, fixed...)))
	}
	if len(clocks) > 0 {
		l.set.note("columns that rise evenly, as clocks and counters do, are no channels: %s; TableOptions.Signals names the channels, TableOptions.Time a column of times", name(clocks))
	}
	if len(fixed) > 0 {
		l.set.note("columns that number a file, a person or the like are no channels: %s; TableOptions.Signals names the channels", name(fixed))
	}
	for _, t := range l.rows {
		t.keep(keep)
	}
	l.setChannels()
	return nil
}

// keep keeps these channels only.
func (t *rows) keep(channels []int) {
	n := len(t.head.Names)
	h := *t.head
	h.Names, h.Units = make([]string, len(channels)), make([]string, len(channels))
	for i, c := range channels {
		h.Names[i], h.Units[i] = t.head.Names[c], t.head.Units[c]
	}
	to := 0
	for at := 0; at < len(t.values); at += n {
		for _, c := range channels {
			t.values[to] = t.values[at+c]
			to++
		}
	}
	t.values, t.head = t.values[:to], &h
}

// rises reports whether channel c rises evenly in every file.
func (l *tableLoader) rises(c int) bool {
	return !slices.ContainsFunc(l.rows, func(t *rows) bool { return !t.rises(c) })
}

// rises reports whether channel c rises by steps that are nearly all equal. Numbers over
// 2^24, of which a float32 keeps no units, need only not fall, and rise some time if they
// cannot be dates.
func (t *rows) rises(c int) bool {
	n := len(t.head.Names)
	if len(t.times) < leastRising {
		return false
	}
	steps := make([]float64, 0, len(t.times)-1)
	large := true
	for at := c + n; at < len(t.values); at += n {
		d := float64(t.values[at]) - float64(t.values[at-n])
		if !(d >= 0) {
			return false
		}
		large = large && math.Abs(float64(t.values[at])) > 1<<24
		steps = append(steps, d)
	}
	slices.Sort(steps)
	if large && (steps[len(steps)-1] > 0 || math.Abs(float64(t.values[c])) > leastDate) {
		return true
	}
	median := steps[len(steps)/2]
	near := func(v float64) bool { return math.Abs(v-median) <= median/5 }
	low, _ := slices.BinarySearchFunc(steps, true, func(v float64, _ bool) int {
		if v < median*0.8 {
			return -1
		}
		return 0
	})
	high := len(steps)
	for high > low && !near(steps[high-1]) {
		high--
	}
	return median > 0 && float64(high-low) >= 0.9*float64(len(steps))
}

// isFixed reports whether channel c is constant in each file and differs between files.
func (l *tableLoader) isFixed(c int) bool {
	differ := false
	for i, t := range l.rows {
		n := len(t.head.Names)
		if len(t.times) < 2 {
			return false
		}
		for at := c; at < len(t.values); at += n {
			if t.values[at] != t.values[c] {
				return false
			}
		}
		differ = differ || i > 0 && t.values[c] != l.rows[0].values[c]
	}
	return differ
}

// isWhole reports whether the values of channel c are whole numbers.
func (l *tableLoader) isWhole(c int) bool {
	for _, t := range l.rows {
		for at := c; at < len(t.values); at += len(t.head.Names) {
			if v := float64(t.values[at]); v == v && v != math.Trunc(v) {
				return false
			}
		}
	}
	return true
}

// isIDName reports whether a name is that of a column of numbers of persons, devices or
// runs.
func isIDName(name string) bool {
	name = strings.ToLower(name)
	for _, end := range []string{"_id", " id", "_no", "_nr"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return slices.Contains([]string{"id", "subject", "subjectid", "user", "userid", "participant", "person", "patient", "patientid",
		"device", "deviceid", "session", "trial", "fold", "experiment", "idx", "rownum", "row", "packet", "frame", "sequence", "seqno", "proband", "probe_id"}, name)
}

// agree returns an error if tables whose times name no unit come at rates that lie so far
// apart that their units must differ.
func (l *tableLoader) agree(low, high float64) error {
	if l.o.Table.TimeUnit != "" || !(high > low*100) {
		return nil
	}
	slow, fast := "", ""
	for i, t := range l.rows {
		if r := t.rate(); r == low {
			slow = l.files[i].file
		} else if r == high {
			fast = l.files[i].file
		}
	}
	return fmt.Errorf("%s has %.4g rows per second, %s has %.4g: their times may be in different units: give each column of times its unit, as in time [ms], or TableOptions.TimeUnit if it is one", slow, low, fast, high)
}
