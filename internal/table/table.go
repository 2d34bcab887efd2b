// Package table reads tables of text: signals, indexes, annotations and texts.
//
// [Open] and [NewReader] return the rows of a table of signals, with one row per instant,
// one column per channel, and perhaps columns of times and labels. A [Grid] turns rows
// into evenly spaced samples. Files and live streams go through both, so they give the
// same bits. [NewNamed] and [ReadNamed] read other tables by the names of their columns.
package table

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Options say what the columns of a table are. The zero value finds them by their names.
// Messages name these fields as those of TableOptions, which callers set.
type Options struct {
	Columns    []string // names of the columns of tables without a header, in order; "-": ignored
	Signals    []string // columns that are channels, in this order; nil: all without another use
	Time       string   // column of times; "": found by the usual names; "-": none
	TimeUnit   string   // s, ms, us, ns, min, h or d; dmy or mdy for dates such as 01/02/2026; "": found by name, by what is plausible, and by Rate
	Label      string   // column of labels; "": found by the usual names; "-": none
	Unlabelled []string // labels that mean no label, as an empty cell does

	// Without Signals: the channels of a model, with their units; "" or nil: unknown. A
	// table whose header names them may have its columns in any order.
	Want, WantUnits []string

	Rate float64 // rows per second that are expected; 0: unknown. It helps to find the unit of times
	Live bool    // rows arrive one by one: few are read ahead, and after a *LineError reading can go on
}

// None is the name of a column that does not exist.
const None = "-"

// A Head describes the rows of a table.
type Head struct {
	Names   []string // names of the channels; "1", "2" and so on if Named is false
	Units   []string // units of the channels; "": unknown
	Named   bool     // the names come from the table or from Options.Columns
	Timed   bool     // there is a column of times
	Labels  bool     // there is a column of labels
	Long    bool     // each row has the value of one channel; Names is nil if Options do not name them
	Ignored []string // columns without numbers
}

// A Row is one instant. Values and Label are valid until the next Read.
type Row struct {
	Line   int
	Time   float64   // seconds since the first row; without a column of times, number of rows before
	Values []float32 // one per channel; NaN: missing
	Label  string    // "": none

	Missing int  // cells without a value
	Anew    bool // of a live table: the rows begin anew with this one, at time 0
}

// IsTable reports whether name is that of a table: .csv or .tsv, perhaps with .gz.
func IsTable(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	return strings.HasSuffix(name, ".csv") || strings.HasSuffix(name, ".tsv")
}

// A Reader reads the rows of one table of signals. Errors name file, line, column and
// remedy.
type Reader struct {
	*Cells
	head   Head
	fields int // cells per row
	header []string
	names  []string

	time, date, label int // columns; −1: none. date: that of dates, if time has times of day
	channel, value    int // of a long table
	signals           []int
	units             []Conversion // of the channels; nil: none is converted
	none              []string     // labels that mean no label
	points, commas    bool         // numbers have had decimal points, decimal commas

	clock   clock
	rate    float64    // rows per second, if the table gives a start and a rate instead of times
	ahead   []aheadRow // what Read returns next
	row     []string   // cells of the last row
	rows    int
	anew    bool    // the next row begins anew
	back    float64 // time of the row before, which was left out as its time ran back
	wasBack bool
	notes   []string
}

// An aheadRow is a line that has been read ahead, or the error that came instead.
type aheadRow struct {
	cells []string
	line  int
	err   error
}

// NewReader reads the head of a table. name is for messages and the separator; see
// NewCells.
func NewReader(r io.Reader, name string, o *Options) (*Reader, error) {
	t := &Reader{Cells: &Cells{name: name, signals: true, quick: o.Live}, date: -1, none: o.Unlabelled}
	if err := t.open(r); err != nil {
		return nil, err
	}
	t.clock.commas = t.layout.comma != ','
	if err := t.begin(o); err != nil {
		return nil, err
	}
	return t, nil
}

// FirstLine returns the cells of the first line of a table.
func FirstLine(r io.Reader, name string) ([]string, error) {
	c, err := NewCells(r, name)
	if err != nil {
		return nil, err
	}
	cells, err := c.Next()
	if err == io.EOF {
		err = c.empty()
	}
	return cells, err
}

func (c *Cells) empty() error {
	return fmt.Errorf("%s: the file is empty: give a table with a header line and rows of numbers", c.name)
}

// Plain returns r uncompressed, without its byte order mark.
func Plain(r io.Reader, name string) (io.Reader, error) {
	b, err := (&Cells{name: name}).text(r)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Head describes the rows. It does not change.
func (t *Reader) Head() *Head { return &t.head }

// Start returns the date and time of the first row, or the zero time if unknown.
func (t *Reader) Start() time.Time { return t.clock.start }

// Notes says what was understood or left out that the table does not say itself.
func (t *Reader) Notes() []string {
	notes := t.Cells.Notes()
	if t.clock.note != "" {
		notes = append(notes, t.clock.note)
	}
	return append(notes, t.notes...)
}

// Read reads the next row, or returns io.EOF.
func (t *Reader) Read(row *Row) error {
	cells, err := t.next()
	if err != nil {
		return err
	}
	if t.header != nil && slices.Equal(cells, t.header) {
		if !t.quick {
			return t.bad("the header again: split the file here", nil)
		}
		t.anew = true
		return t.Read(row)
	}
	if cells = cutBlank(cells, t.fields); len(cells) != t.fields {
		return t.bad(fmt.Sprintf("%d cells, but the lines before have %d: complete the line or delete it", len(cells), t.fields), nil)
	}
	return t.readRow(cells, row)
}

// bad returns the error of a line.
func (t *Reader) bad(what string, err error) error {
	if err == nil {
		return &LineError{t.name, t.line, errors.New(what)}
	}
	return &LineError{t.name, t.line, fmt.Errorf("column %q: %w", what, err)}
}

func (t *Reader) readRow(cells []string, row *Row) error {
	t.row = cells
	row.Line, row.Label, row.Anew = t.line, "", false
	if t.time >= 0 {
		at, err := t.readTime(cells, row)
		if err != nil {
			return t.bad(t.names[t.time], err)
		}
		row.Time = at
	} else if t.anew {
		row.Anew, t.rows = true, 0
	}
	if t.time < 0 {
		if row.Time = float64(t.rows); t.rate > 0 {
			row.Time /= t.rate
		}
	}
	if t.label >= 0 {
		if l := strings.TrimSpace(cells[t.label]); l != "" && !slices.Contains(t.none, l) {
			row.Label = l
		}
	}
	if err := t.readValues(cells, row); err != nil {
		return err
	}
	t.rows++
	t.anew = false
	return nil
}

func (t *Reader) readValues(cells []string, row *Row) error {
	row.Values, row.Missing = row.Values[:0], 0
	if t.head.Long {
		return t.readLong(cells, row)
	}
	for i, c := range t.signals {
		v, err := t.number(cells[c])
		if err != nil {
			return t.bad(t.names[c], err)
		}
		if t.units != nil {
			v = t.units[i].Of(v)
		}
		if v != v {
			row.Missing++
		}
		row.Values = append(row.Values, v)
	}
	return nil
}

// readTime returns the time of a row. In a live table times begin anew after another header,
// and where two rows in turn are before the ones before them.
func (t *Reader) readTime(cells []string, row *Row) (float64, error) {
	cell := t.timeCell(cells)
	if t.anew {
		row.Anew = true
		return 0, t.clock.restart(cell)
	}
	at, err := t.clock.read(cell)
	var back *backError
	switch {
	case !t.quick:
	case err == nil:
		t.wasBack = false
	case errors.As(err, &back) && t.wasBack && at >= t.back:
		t.wasBack, row.Anew = false, true
		return 0, t.clock.restart(cell)
	case back != nil:
		t.back, t.wasBack = at, true
	}
	return at, err
}

// timeCell returns the cell of the time, with the date from another column before it.
func (t *Reader) timeCell(cells []string) string {
	if t.date < 0 {
		return cells[t.time]
	}
	return strings.TrimSpace(cells[t.date]) + " " + strings.TrimSpace(cells[t.time])
}
