// Package table reads signals out of tables of text: a row an instant, a column
// a channel, with a column of times and one of labels where there are such.
//
// A Reader gives one row after another as they arrive; a Grid puts them on an
// even grid of samples. Files and live streams go through the same two, so they
// give the same bits.
package table

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Options say what the columns of a table are. The zero value goes by their names.
type Options struct {
	Columns    []string // names of the columns of tables without a header, in order; "-": ignored
	Signals    []string // the columns that are channels, in this order; nil: all that are nothing else
	Time       string   // the column of times; "": by the usual names; "-": there is none
	TimeUnit   string   // s, ms, us or ns; "": as the name or the size of the numbers has it
	Label      string   // the column of labels; "": by the usual names; "-": there is none
	Unlabelled []string // labels that stand for none, as an empty cell does

	// Where Signals is nil: the channels that a model takes, with their units, "" or
	// nil unknown. A table whose header has them may have its columns in any order.
	Want, WantUnits []string
}

// None as the name of a column says that there is none.
const None = "-"

// A Head is what a Reader gives.
type Head struct {
	Names   []string // of the channels; of a table without header and Options.Columns "1", "2", …
	Units   []string // of the channels; "": it does not say
	Named   bool     // the names are the data's own
	Timed   bool     // there is a column of times
	Labels  bool     // there is a column of labels
	Long    bool     // a row has the value of one channel; Names is nil if nobody has named them
	Ignored []string // columns that hold no numbers
}

// A Row is one instant. Values and Label are valid until the next Read.
type Row struct {
	Line   int
	Time   float64   // seconds since the first row; without a column of times, rows before this one
	Values []float32 // a channel each; NaN: missing
	Label  string    // "": none

	Missing int // cells without a value
}

// IsTable tells by its name whether a file is a table of text.
func IsTable(name string) bool {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	return strings.HasSuffix(name, ".csv") || strings.HasSuffix(name, ".tsv")
}

// A Reader reads the rows of one table: separated by commas, semicolons or tabs
// as its first line (or .tsv) tells, in UTF-8 with or without byte order mark,
// gzipped or not. Errors name file, line, column and what to do.
type Reader struct {
	*Cells
	head   Head
	fields int // cells a row
	names  []string

	time, label    int // columns; −1: none
	channel, value int // of a long table
	signals        []int
	none           []string // labels that stand for none
	decimal        bool     // a comma is a decimal point

	clock clock
	first []string // a row that is read already
	rows  int
}

// NewReader reads the head of the table of that name.
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

// FirstLine returns the cells of a table's first line.
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

// Plain is r unzipped, without its byte order mark.
func Plain(r io.Reader, name string) (io.Reader, error) {
	b, err := (&Cells{name: name}).text(r)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Head tells of the columns. It does not change.
func (t *Reader) Head() *Head { return &t.head }

// Start is the time of day of the first row; zero: unknown.
func (t *Reader) Start() time.Time { return t.clock.start }

// Read reads the next row; io.EOF: there is none.
func (t *Reader) Read(row *Row) error {
	cells := t.first
	if t.first = nil; cells == nil {
		var err error
		if cells, err = t.Next(); err != nil {
			return err
		}
	}
	if len(cells) != t.fields {
		return fmt.Errorf("%s:%d: %d cells, expected %d as before: complete the line or delete it", t.name, t.line, len(cells), t.fields)
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
