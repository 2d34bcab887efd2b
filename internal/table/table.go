// Package table reads tables of text: signals, indexes, annotations and texts.
//
// [Open] and [NewReader] return the rows of a table of signals, with one row per instant,
// one column per channel, and perhaps columns of times and labels. A [Grid] turns rows
// into evenly spaced samples. Files and live streams go through both, so they give the
// same bits. [NewNamed] and [ReadNamed] read other tables by the names of their columns.
package table

import (
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
	TimeUnit   string   // s, ms, us or ns; "": found by the name or the size of the numbers
	Label      string   // column of labels; "": found by the usual names; "-": none
	Unlabelled []string // labels that mean no label, as an empty cell does

	// Without Signals: the channels of a model, with their units; "" or nil: unknown. A
	// table whose header names them may have its columns in any order.
	Want, WantUnits []string
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

	Missing int // cells without a value
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
	names  []string

	time, label    int // columns; −1: none
	channel, value int // of a long table
	signals        []int
	none           []string // labels that mean no label
	decimal        bool     // numbers have decimal commas

	clock clock
	first []string // cells that Read returns next
	rows  int
}

// NewReader reads the head of a table. name is for messages and the separator; see
// NewCells.
func NewReader(r io.Reader, name string, o *Options) (*Reader, error) {
	c, err := NewCells(r, name)
	if err != nil {
		return nil, err
	}
	t := &Reader{Cells: c, none: o.Unlabelled, decimal: c.Comma() == ';'}
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

// Read reads the next row, or returns io.EOF.
func (t *Reader) Read(row *Row) error {
	cells := t.first
	if t.first = nil; cells == nil {
		var err error
		if cells, err = t.Next(); err != nil {
			return err
		}
	}
	if len(cells) != t.fields {
		return fmt.Errorf("%s:%d: %d cells, but the lines before have %d: complete the line or delete it", t.name, t.line, len(cells), t.fields)
	}
	row.Line, row.Time, row.Label = t.line, float64(t.rows), ""
	t.rows++
	if t.time >= 0 {
		at, err := t.clock.read(cells[t.time])
		if err != nil {
			return fmt.Errorf("%s:%d: column %q: %w", t.name, t.line, t.names[t.time], err)
		}
		row.Time = at
	}
	if t.label >= 0 {
		if l := strings.TrimSpace(cells[t.label]); l != "" && !slices.Contains(t.none, l) {
			row.Label = l
		}
	}
	row.Values, row.Missing = row.Values[:0], 0
	if t.head.Long {
		return t.readLong(cells, row)
	}
	for _, c := range t.signals {
		v, err := t.number(cells[c])
		if err != nil {
			return fmt.Errorf("%s:%d: column %q: %w", t.name, t.line, t.names[c], err)
		}
		if v != v {
			row.Missing++
		}
		row.Values = append(row.Values, v)
	}
	return nil
}
