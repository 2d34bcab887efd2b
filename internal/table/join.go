package table

import (
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Rows are the rows of a Reader, or of several joined by their times.
type Rows interface {
	Head() *Head
	Start() time.Time // date and time of the first row; zero: unknown
	Read(*Row) error
	Notes() []string // what was understood or left out that the table does not say itself
}

var plus = regexp.MustCompile(`(?i)(\.[ct]sv(?:\.gz)?)\+`)

// Files returns the files of a name. a.csv+b.csv names two, whose rows are joined by
// their times; b.csv is relative to the folder of a.csv.
func Files(name string) []string {
	list := strings.Split(plus.ReplaceAllString(name, "$1\x00"), "\x00")
	for i := range list[1:] {
		if f := &list[i+1]; !path.IsAbs(*f) {
			*f = path.Join(path.Dir(list[0]), *f)
		}
	}
	return list
}

// Open opens a table, or several to be joined, with open. It reads a long table twice if
// o does not name its channels.
func Open(open func(name string) (io.ReadCloser, error), name string, o *Options) (Rows, io.Closer, error) {
	var opened closers
	var readers []*Reader
	files := Files(name)
	own, all := *o, *o
	if len(files) > 1 { // channels are chosen from all files together
		own.Want, own.WantUnits, own.Signals = nil, nil, nil
		if o.Signals != nil {
			all.Want = o.Signals
		}
	}
	for _, f := range files {
		r, err := opened.reader(open, f, &own)
		if err == nil && r.head.Long && len(r.head.Names) == 0 {
			named := own
			if named.Signals, err = r.scan(); err == nil {
				r, err = opened.reader(open, f, &named)
			}
		}
		if err != nil {
			opened.Close()
			return nil, nil, err
		}
		readers = append(readers, r)
	}
	if len(readers) == 1 {
		return readers[0], opened, nil
	}
	rows, err := join(readers)
	if err == nil {
		err = rows.orderBy(&all)
	}
	if err != nil {
		opened.Close()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return rows, opened, nil
}

// closers are the files that are open.
type closers []io.Closer

func (c closers) Close() (err error) {
	for _, f := range c {
		if e := f.Close(); err == nil {
			err = e
		}
	}
	return err
}

func (c *closers) reader(open func(name string) (io.ReadCloser, error), name string, o *Options) (*Reader, error) {
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	*c = append(*c, f)
	return NewReader(f, name, o)
}

// joined are tables whose rows come in the order of their times. A row has values only for
// the channels of its own table, and the last label of the table with labels.
type joined struct {
	head  Head
	parts []part
	order []int        // index in rows of each channel; −1: not in rows
	units []Conversion // of each channel
	label string
	start time.Time
}

type part struct {
	r     *Reader
	row   Row
	shift float64 // seconds from the first time of all parts to its own
	at    int     // its first channel
	done  bool    // it has no more rows
}

func join(readers []*Reader) (*joined, error) {
	j := &joined{head: Head{Named: true, Timed: true}}
	first := readers[0]
	for _, r := range readers {
		h := r.Head()
		switch {
		case !h.Timed:
			return nil, fmt.Errorf("%s has no column of times to be joined by: add one, or name it in TableOptions.Time", r.name)
		case !r.clock.comparable(&first.clock):
			return nil, fmt.Errorf("%s and %s have different kinds of times: give both numbers, or both dates", first.name, r.name)
		case h.Labels && j.head.Labels:
			return nil, fmt.Errorf("%s has a column of labels too: give labels in one of the tables only", r.name)
		}
		if earlier(r, first) {
			first = r
		}
		j.head.Labels = j.head.Labels || h.Labels
		j.head.Named = j.head.Named && h.Named
		j.head.Ignored = append(j.head.Ignored, h.Ignored...)
		for _, n := range h.Names {
			if slices.Contains(j.head.Names, n) {
				return nil, fmt.Errorf("%s has a column %q too: give each channel a name of its own", r.name, n)
			}
		}
		j.parts = append(j.parts, part{r: r, at: len(j.head.Names)})
		j.head.Names, j.head.Units = append(j.head.Names, h.Names...), append(j.head.Units, h.Units...)
	}
	j.start = first.Start()
	for i := range j.parts {
		p := &j.parts[i]
		if p.shift = p.r.clock.since(&first.clock); p.shift > mostTime {
			return nil, fmt.Errorf("%s begins centuries after %s: give both the times of one clock", p.r.name, first.name)
		}
	}
	for c := range j.head.Names {
		j.order = append(j.order, c)
	}
	j.units = make([]Conversion, len(j.order))
	return j, j.next(0, len(j.parts))
}

func earlier(a, b *Reader) bool { return a.clock.since(&b.clock) < 0 }

// next reads the next rows of the parts [from, to).
func (j *joined) next(from, to int) error {
	for i := from; i < to; i++ {
		p := &j.parts[i]
		err := p.r.Read(&p.row)
		if p.done = err == io.EOF; err != nil && !p.done {
			return err
		}
	}
	return nil
}

// orderBy puts the channels into the order of o.Want.
func (j *joined) orderBy(o *Options) error {
	if len(o.Want) == 0 || !j.head.Named {
		return nil
	}
	names, units := j.head.Names, j.head.Units
	for c := range j.order {
		j.order[c] = slices.Index(o.Want, names[c])
	}
	for k, w := range o.Want {
		c := slices.Index(names, w)
		if c < 0 {
			return fmt.Errorf("there is no column %q: the tables have %s", w, list(names))
		}
		var err error
		if len(o.WantUnits) == len(o.Want) {
			if j.units[c], err = Convert(w, units[c], o.unit(k)); err != nil {
				return err
			}
			j.parts[0].r.noteUnit(w, j.units[c], units[c], o.unit(k))
		}
	}
	j.head.Names = o.Want
	j.head.Units = make([]string, len(o.Want))
	for c, k := range j.order {
		if k >= 0 {
			if j.head.Units[k] = units[c]; j.units[c] != (Conversion{}) {
				j.head.Units[k] = o.unit(k)
			}
		}
	}
	return nil
}

func (j *joined) Head() *Head      { return &j.head }
func (j *joined) Start() time.Time { return j.start }

func (j *joined) Notes() (notes []string) {
	for _, p := range j.parts {
		notes = append(notes, p.r.Notes()...)
	}
	return notes
}

func (j *joined) Read(row *Row) error {
	first := -1
	for i := range j.parts {
		p := &j.parts[i]
		if !p.done && (first < 0 || p.row.Time+p.shift < j.parts[first].row.Time+j.parts[first].shift) {
			first = i
		}
	}
	if first < 0 {
		return io.EOF
	}
	p := &j.parts[first]
	row.Line, row.Time, row.Missing = p.row.Line, p.row.Time+p.shift, p.row.Missing
	if p.r.head.Labels {
		j.label = p.row.Label
	}
	row.Label = j.label
	row.Values = row.Values[:0]
	for range j.head.Names {
		row.Values = append(row.Values, nan)
	}
	for c, v := range p.row.Values {
		if k := j.order[p.at+c]; k >= 0 {
			row.Values[k] = j.units[p.at+c].Of(v)
		}
	}
	return j.next(first, first+1)
}
