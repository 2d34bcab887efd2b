package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"

	"inkling/internal/parallel"
	"inkling/internal/table"
)

// TableOptions say how signals are read from tables (.csv, .tsv). The zero value finds
// columns by their names.
type TableOptions struct {
	Columns    []string // names of the columns of tables without a header, in order; "-": ignored
	Signals    []string // columns that are channels, in this order; nil: all without another use
	Time       string   // column of times; "": found by the usual names; "-": none
	TimeUnit   string   // s, ms, us, ns, min, h or d; dmy or mdy for dates such as 01/02/2026; "": found by name, or by what is plausible
	Label      string   // column of labels; "": found by the usual names; "-": none
	Unlabelled []string // labels that mean no label, as an empty cell does

	// Want and WantUnits are the channels of a model and their units, "" or nil if
	// unknown. Without Signals, a table whose header names them may have its columns
	// in any order.
	Want, WantUnits []string

	Bridge     float64  // longest time between two values to interpolate over, in seconds, or in samples if there is no rate; 0: five samples
	Fill       float64  // gaps up to this long repeat the values before them; longer ones divide the example
	TrainFiles []string // files of TrainSplit: names without extension, or patterns of path.Match
	TestFiles  []string // files of TestSplit; if only one of both lists is set, the other split has the rest
	Plain      bool     // ignore labels: every table is a recording with the label ""
}

func (o *TableOptions) reader(rate float64) *table.Options {
	return &table.Options{Columns: o.Columns, Signals: o.Signals, Time: o.Time, TimeUnit: o.TimeUnit, Label: o.Label,
		Unlabelled: o.Unlabelled, Want: o.Want, WantUnits: o.WantUnits, Rate: rate}
}

// rows is a table in memory.
type rows struct {
	head   *table.Head
	times  []float64
	lines  []int32
	values []float32 // row by row, one per channel; NaN: missing
	labels []int32   // one per row: index into names, −1: none
	names  []string

	missing  int // cells without a value
	noLabels int // rows whose label means that there is none, such as NA
	notes    []string
}

// loadTables reads tables in parallel and puts them on one grid.
func loadTables(fsys fs.FS, files []entry, o Options) (*Set, error) {
	o.uses().table, o.uses().files = true, true
	if err := assignSplits(files, &o.Table); err != nil {
		return nil, err
	}
	read := make([]*rows, len(files))
	errs := parallel.ForEach(len(files), !o.SkipBad, o.Progress, func(i int) (err error) {
		read[i], err = readTable(fsys, &files[i], &o.Table, o.Rate)
		return err
	})
	l := &tableLoader{set: &Set{Kind: Series}, o: o}
	for i, err := range errs {
		switch {
		case err == nil:
			l.files, l.rows = append(l.files, files[i]), append(l.rows, read[i])
		case !o.SkipBad:
			return nil, err
		default:
			l.set.Skipped = append(l.set.Skipped, err)
		}
	}
	if len(l.files) == 0 {
		return nil, fmt.Errorf("none of the %d files could be read; the first: %w", len(files), errs[0])
	}
	return l.load()
}

// assignSplits sets the splits of files by TrainFiles and TestFiles.
func assignSplits(files []entry, o *TableOptions) error {
	used := map[string]bool{}
	matches := func(patterns []string, file string) bool {
		base := path.Base(file)
		stem, _, _ := strings.Cut(base, ".")
		for _, p := range patterns {
			a, _ := path.Match(p, base)
			b, _ := path.Match(p, stem)
			if a || b || p == file {
				used[p] = true
				return true
			}
		}
		return false
	}
	if len(o.TrainFiles)+len(o.TestFiles) == 0 {
		return nil
	}
	for i := range files {
		f := &files[i]
		train, test := matches(o.TrainFiles, f.file), matches(o.TestFiles, f.file)
		switch {
		case train && test:
			return fmt.Errorf("%s: both TableOptions.TrainFiles and TableOptions.TestFiles match it: use one", f.file)
		case train, !test && len(o.TrainFiles) == 0:
			f.split = TrainSplit
		case test, !train && len(o.TestFiles) == 0:
			f.split = TestSplit
		default:
			f.split = ""
		}
	}
	for _, p := range slices.Concat(o.TrainFiles, o.TestFiles) {
		if !used[p] {
			return fmt.Errorf("no file matches %q: TableOptions.TrainFiles and TableOptions.TestFiles list names of files without extension, or patterns", p)
		}
	}
	return nil
}

// readTable reads the rows of one file. A label of e replaces those of the rows.
func readTable(fsys fs.FS, e *entry, o *TableOptions, rate float64) (*rows, error) {
	open := func(name string) (io.ReadCloser, error) { return fsys.Open(name) }
	r, opened, err := table.Open(open, e.file, o.reader(rate))
	if err != nil {
		if missing := (*fs.PathError)(nil); errors.As(err, &missing) && e.where != e.file {
			err = fmt.Errorf("%s: %w", e.where, err)
		}
		return nil, err
	}
	defer opened.Close()
	t := &rows{head: r.Head()}
	whole := e.label != "" || o.Plain
	if !whole && !t.head.Labels {
		return nil, fmt.Errorf("%s: no column label, activity or class, and nothing else labels it: name the column (TableOptions.Label, or TableOptions.Columns for a table without a header), or put the file into a folder named after its label",
			e.file)
	}
	known := map[string]int32{}
	switch {
	case o.Plain:
		t.names = []string{""}
	case whole:
		t.names = []string{e.label}
	}
	cutter := rowCutter{e: e, timed: t.head.Timed}
	for row := (table.Row{}); ; {
		switch err := r.Read(&row); {
		case err == io.EOF:
			t.notes = r.Notes()
			return t, cutter.check()
		case err != nil:
			return nil, err
		}
		if !cutter.keeps(&row) {
			continue
		}
		label := int32(-1)
		if whole {
			label = 0
		} else if noLabel(row.Label) {
			if row.Label != "" {
				t.noLabels++
			}
		} else {
			var ok bool
			if label, ok = known[row.Label]; !ok {
				label = int32(len(t.names))
				t.names = append(t.names, strings.Clone(row.Label))
				known[t.names[label]] = label
			}
		}
		t.times, t.lines = append(t.times, row.Time), append(t.lines, int32(row.Line))
		t.values, t.labels = append(t.values, row.Values...), append(t.labels, label)
		t.missing += row.Missing
	}
}

// hash returns 16 hex digits over all that was read.
func (t *rows) hash() string {
	h := sha256.New()
	buf := make([]byte, 0, 4096)
	put := func(v uint64) {
		if len(buf) > 4000 {
			h.Write(buf)
			buf = buf[:0]
		}
		buf = binary.LittleEndian.AppendUint64(buf, v)
	}
	for _, n := range t.names {
		put(uint64(len(n)))
		h.Write([]byte(n))
	}
	n := len(t.head.Names)
	put(uint64(n))
	for i, at := range t.times {
		put(math.Float64bits(at))
		put(uint64(t.labels[i]))
		for _, v := range t.values[i*n : (i+1)*n] {
			put(uint64(math.Float32bits(v)))
		}
	}
	h.Write(buf)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// rate returns the number of rows per second, or 0 without times. It is the inverse of
// the mean of the intervals within half of the median, so that gaps do not count and
// times may be rounded to milliseconds.
func (t *rows) rate() float64 {
	if !t.head.Timed {
		return 0
	}
	const most = 1 << 16
	stride := len(t.times)/most + 1
	var steps []float64
	for i := 1; i < len(t.times); i += stride {
		if d := t.times[i] - t.times[i-1]; d > 0 {
			steps = append(steps, d)
		}
	}
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	median := steps[len(steps)/2]
	sum, n := 0.0, 0
	for _, d := range steps {
		if d >= median/2 && d <= median*1.5 {
			sum += d
			n++
		}
	}
	return float64(n) / sum
}
