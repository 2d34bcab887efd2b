package dataset

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"inkling/internal/parallel"
	"inkling/internal/table"
)

// A tableLoader makes examples of the rows of tables.
type tableLoader struct {
	set   *Set
	o     Options
	files []entry
	rows  []*rows
	from  []int // index into files of each example
}

// A stretch is the part of a table between two gaps.
type stretch struct {
	start   int64
	samples []float32
	labels  []int32
}

func (l *tableLoader) load() (*Set, error) {
	l.spell()
	for _, step := range []func() error{l.channels, l.dropClocks, l.chooseRate} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	s := l.set
	parts, stats, hashes := make([][]stretch, len(l.files)), make([]*table.Stats, len(l.files)), make([]string, len(l.files))
	parallel.ForEach(len(l.files), false, nil, func(i int) error {
		t := l.rows[i]
		hashes[i] = t.hash()
		parts[i], stats[i] = l.grid(t)
		t.values, t.times, t.lines, t.labels = nil, nil, nil, nil
		return nil
	})
	var names, more, bare []string
	for i, f := range l.files {
		if err := l.check(i, stats[i]); err != nil {
			return nil, err
		}
		labels := l.examples(i, parts[i], hashes[i])
		if len(labels) == 0 {
			bare = append(bare, f.file)
			continue
		}
		names, more = append(names, labels...), append(more, l.rows[i].names...)
	}
	if len(s.Examples) == 0 {
		return nil, fmt.Errorf("%s: no row has a label: fill the column of labels, or change TableOptions.Unlabelled", bare[0])
	}
	l.noteRows()
	l.noteStats(stats)
	if len(bare) > 0 {
		s.note("%d files without a labelled row are left out: %s", len(bare), brief(bare))
	}
	s.finish(names, more)
	l.index()
	return s, nil
}

// spell makes one label of those that are the same number, in all tables.
func (l *tableLoader) spell() {
	var all []string
	missing := 0
	for _, t := range l.rows {
		all = append(all, t.names...)
		missing += t.noLabels
	}
	if missing > 0 {
		l.set.note("%d rows have a label such as NA or NaN, which means that there is none", missing)
	}
	to := l.set.spellings(all)
	if len(to) == 0 {
		return
	}
	for _, t := range l.rows {
		respell(t.names, to)
		index := make([]int32, len(t.names))
		for i, n := range t.names {
			index[i] = int32(slices.Index(t.names, n))
		}
		for i, label := range t.labels {
			if label >= 0 {
				t.labels[i] = index[label]
			}
		}
	}
}

// check returns an error if file i cannot give a signal.
func (l *tableLoader) check(i int, st *table.Stats) error {
	name, h := l.files[i].file, l.rows[i].head
	switch {
	case st.Samples == 0:
		return fmt.Errorf("%s: no sample has a value in every channel (%s): leave out the empty channels (TableOptions.Signals lists those to use)", name, strings.Join(h.Names, ", "))
	case st.Repeated*2 > st.Rows && len(table.Files(name)) == 1 && !h.Long:
		return fmt.Errorf("%s: %d of %d rows have the time of the row before, as the clock is too coarse: make each row a sample (TableOptions.Time %q, and Options.Rate)", name, st.Repeated, st.Rows, table.None)
	}
	return nil
}

// examples appends an example for each stretch of file i with a labelled sample, and
// returns the labels.
func (l *tableLoader) examples(i int, parts []stretch, hash string) (labels []string) {
	f, s := l.files[i], l.set
	group := f.group
	if group == "" {
		group = f.file
	}
	for k, p := range parts {
		label, steps := common(p.labels)
		if label < 0 {
			continue
		}
		e := Example{Name: f.name(), Split: f.split, Group: group, Samples: p.samples, Rate: s.Rate, Hash: hash, Steps: steps}
		if len(parts) > 1 {
			e.Name = fmt.Sprintf("%s@%.6g", f.name(), l.seconds(float64(p.start)))
			e.Hash = hashExample(hash, float64(k), s.Channels, nil)
		}
		s.Examples, l.from = append(s.Examples, e), append(l.from, i)
		labels = append(labels, l.rows[i].names[label])
	}
	return labels
}

// channels checks that all tables have the same channels, and puts them into the order of
// the first table.
func (l *tableLoader) channels() error {
	first := l.rows[0].head
	l.setChannels()
	for i, t := range l.rows {
		h := t.head
		if slices.Equal(h.Names, first.Names) && slices.Equal(h.Units, first.Units) {
			continue
		}
		if len(h.Names) != len(first.Names) {
			return fmt.Errorf("%s: %d channels (%s), but %s has %d (%s): give all files the same columns, or list those to use in TableOptions.Signals",
				l.files[i].file, len(h.Names), strings.Join(h.Names, ", "), l.files[0].file, len(first.Names), strings.Join(first.Names, ", "))
		}
		order := make([]int, len(first.Names))
		for c, name := range first.Names {
			if order[c] = slices.Index(h.Names, name); order[c] < 0 {
				return fmt.Errorf("%s: no column %q, which %s has: give all files the same columns, or list those to use in TableOptions.Signals", l.files[i].file, name, l.files[0].file)
			}
			if u := h.Units[order[c]]; u != first.Units[c] {
				return fmt.Errorf("%s: column %q is in %q, but in %q in %s: convert both to one unit", l.files[i].file, name, u, first.Units[c], l.files[0].file)
			}
		}
		row := make([]float32, len(order))
		for at := 0; at < len(t.values); at += len(order) {
			copy(row, t.values[at:])
			for c, from := range order {
				t.values[at+c] = row[from]
			}
		}
	}
	return nil
}

// setChannels makes the channels of the first table those of the set.
func (l *tableLoader) setChannels() {
	s, first := l.set, l.rows[0].head
	s.Channels, s.Names, s.Units = len(first.Names), nil, nil
	if first.Named {
		s.Names = first.Names
	}
	if slices.ContainsFunc(first.Units, func(u string) bool { return u != "" }) {
		s.Units = first.Units
	}
}

// chooseRate sets the rate to the one asked for, or to that of the slowest table. Rates
// that differ by less than a hundredth count as equal; their mean is rounded.
func (l *tableLoader) chooseRate() error {
	s := l.set
	low, high, none := math.Inf(1), 0.0, 0
	for _, t := range l.rows {
		r := t.rate()
		if r == 0 {
			none++
			continue
		}
		low, high = min(low, r), max(high, r)
	}
	s.Rate = l.o.Rate
	if s.Rate == 0 && none < len(l.rows) {
		if s.Rate = low; high < low*1.01 {
			s.Rate, _ = strconv.ParseFloat(strconv.FormatFloat((low+high)/2, 'g', 3, 64), 64)
		}
	}
	switch {
	case l.o.Rate == 0 && s.Rate > table.MostRate:
		return fmt.Errorf("%s: rows come %g times per second: give the unit of the times (TableOptions.TimeUnit)", l.files[0].file, s.Rate)
	case s.Rate > table.MostRate:
		return fmt.Errorf("a rate of %v samples per second is too high for a table: set Options.Rate to at most %g", s.Rate, table.MostRate)
	case none == len(l.rows):
		return nil
	}
	if none > 0 {
		s.note("%d files have no times: their rows count as samples at %.6g Hz", none, s.Rate)
	}
	if err := l.agree(low, high); err != nil {
		return err
	}
	return l.noteRate(low, high)
}

// noteRate notes how the rates of rows, from low to high, differ from that of the grid. It
// returns an error if rows are too far apart.
func (l *tableLoader) noteRate(low, high float64) error {
	s := l.set
	bridge := l.o.Table.Bridge
	if bridge == 0 {
		bridge = 5 / s.Rate
	}
	switch {
	case low*bridge < 1:
		return fmt.Errorf("rows come only %.4g times per second, too far apart for a grid of %.6g Hz that bridges %.3g s: set TableOptions.Bridge to %.2g or more, or lower Options.Rate", low, s.Rate, bridge, 5/low)
	case high >= low*1.01:
		s.note("rows come %.5g to %.5g times per second: all are put on a grid of %.6g Hz", low, high, s.Rate)
	case math.Abs(high-s.Rate) > s.Rate*1e-4:
		s.note("rows come %.5g times per second: they are put on a grid of %.6g Hz", high, s.Rate)
	}
	if high > s.Rate*1.5 {
		s.note("%.6g Hz is coarser than the rows, so frequencies over half of it are aliased: prevent that with Options.Rate %.4g and feature.Config.Decimate", s.Rate, high)
	}
	return nil
}

// grid puts one table on the set's grid.
func (l *tableLoader) grid(t *rows) ([]stretch, *table.Stats) {
	s := l.set
	o := table.GridOptions{Rate: s.Rate, Bridge: l.o.Table.Bridge, Fill: l.o.Table.Fill}
	if !t.head.Timed {
		o = o.Untimed()
	}
	var parts []stretch
	next := int64(-1)
	g := table.NewGrid(s.Channels, o, func(k int64, frame []float32, label int32) {
		if k != next {
			parts = append(parts, stretch{start: k})
		}
		next = k + 1
		p := &parts[len(parts)-1]
		p.samples, p.labels = append(p.samples, frame...), append(p.labels, label)
	})
	row := table.Row{}
	for i, at := range t.times {
		row.Time, row.Line, row.Values = at, int(t.lines[i]), t.values[i*s.Channels:(i+1)*s.Channels]
		g.Push(&row, t.labels[i])
	}
	g.Flush()
	if st := g.Stats(); !t.head.Timed && s.Rate > 0 {
		st.Longest.Seconds /= s.Rate
	}
	return parts, g.Stats()
}

// common returns the most frequent of labels, the first if several are equally frequent,
// or −1 if there is none. steps is labels if some differ, else nil.
func common(labels []int32) (label int32, steps []int32) {
	var count []int
	for _, l := range labels {
		for int(l) >= len(count) {
			count = append(count, 0)
		}
		if l >= 0 {
			count[l]++
		}
	}
	label = -1
	for l, n := range count {
		if n > 0 && (label < 0 || n > count[label]) {
			label = int32(l)
		}
	}
	if label >= 0 && count[label] < len(labels) {
		steps = labels
	}
	return label, steps
}

// index converts the steps of the examples from indices of their file's labels to
// indices of the set's.
func (l *tableLoader) index() {
	for i, from := range l.from {
		names := l.rows[from].names
		to := make([]int32, len(names))
		for k, n := range names {
			at, _ := slices.BinarySearch(l.set.Labels, n)
			to[k] = int32(at)
		}
		steps := l.set.Examples[i].Steps
		for k, label := range steps {
			if label >= 0 {
				steps[k] = to[label]
			}
		}
	}
}

// seconds returns the length of n samples in seconds, or n if the rate is unknown.
func (l *tableLoader) seconds(n float64) float64 {
	if l.set.Rate == 0 {
		return n
	}
	return n / l.set.Rate
}

// noteStats notes what was done to the signals.
func (l *tableLoader) noteStats(stats []*table.Stats) {
	var sum table.Stats
	for i, t := range stats {
		t.Missing = l.rows[i].missing
		sum.Add(t, l.files[i].file)
	}
	unit := "s"
	if l.set.Rate == 0 {
		unit = "samples"
	}
	first := l.rows[0].head
	l.set.Notes = append(l.set.Notes, sum.Notes(first.Names, unit)...)
	if ignored := sorted(first.Ignored); len(ignored) > 0 {
		l.set.note("columns that are not signals are ignored: %s", brief(ignored))
	}
}

// brief lists at most five names.
func brief(names []string) string {
	const most = 5
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
