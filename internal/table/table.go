// Package table reads signals out of tables of text: a row an instant, a column
// a channel, with a column of times and one of labels where there are such.
//
// A Reader gives one row after another as they arrive; a Grid puts them on an
// even grid of samples. Files and live streams go through the same two, so they
// give the same bits.
package table

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
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
	name   string
	csv    *csv.Reader
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
	line  int      // of the last row
	rows  int
}

// longest is the length of the longest first line.
const longest = 1 << 16

// NewReader reads the head of the table of that name.
func NewReader(r io.Reader, name string, o *Options) (*Reader, error) {
	t := &Reader{name: name, none: o.Unlabelled}
	if err := t.open(r); err != nil {
		return nil, err
	}
	if err := t.begin(o); err != nil {
		return nil, err
	}
	return t, nil
}

// FirstLine is the cells of a table's first line.
func FirstLine(r io.Reader, name string) ([]string, error) {
	t := &Reader{name: name}
	if err := t.open(r); err != nil {
		return nil, err
	}
	cells, err := t.record()
	if err == io.EOF {
		err = t.empty()
	}
	return cells, err
}

func (t *Reader) empty() error {
	return fmt.Errorf("%s: the file is empty: give a table with a header line and rows of numbers", t.name)
}

func (t *Reader) open(r io.Reader) error {
	b, err := t.text(r)
	if err != nil {
		return err
	}
	line, err := firstLine(b)
	if err != nil {
		return t.failed(err)
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return fmt.Errorf("%s: this is no UTF-8 text: save it as CSV in UTF-8", t.name)
	}
	t.csv = csv.NewReader(b)
	t.csv.Comma, t.csv.ReuseRecord, t.csv.FieldsPerRecord = separator(t.name, line), true, -1
	t.decimal = t.csv.Comma == ';'
	return nil
}

// Plain is r unzipped, without its byte order mark.
func Plain(r io.Reader, name string) (io.Reader, error) {
	t := &Reader{name: name}
	b, err := t.text(r)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// text is r unzipped, without its byte order mark.
func (t *Reader) text(r io.Reader) (*bufio.Reader, error) {
	b := bufio.NewReaderSize(r, longest)
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, t.failed(err)
		}
		b = bufio.NewReaderSize(z, longest)
	}
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		b.Discard(3)
	} else if len(mark) >= 2 && (string(mark[:2]) == "\xff\xfe" || string(mark[:2]) == "\xfe\xff") {
		return nil, fmt.Errorf("%s: this is UTF-16 text: save it as CSV in UTF-8", t.name)
	}
	return b, nil
}

// firstLine is what is before the first line's end, without reading further than
// has arrived.
func firstLine(b *bufio.Reader) ([]byte, error) {
	for n := 1; ; n = b.Buffered() + 1 {
		if n > longest {
			n = longest
		}
		_, err := b.Peek(n)
		line, _ := b.Peek(b.Buffered())
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			return line[:i], nil
		}
		if err == io.EOF || len(line) >= longest {
			return line, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func separator(name string, line []byte) rune {
	base := strings.TrimSuffix(strings.ToLower(name), ".gz")
	switch {
	case path.Ext(base) == ".tsv", bytes.IndexByte(line, '\t') >= 0 && bytes.IndexByte(line, ',') < 0:
		return '\t'
	case bytes.IndexByte(line, ';') >= 0 && (bytes.IndexByte(line, ',') < 0 || bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(","))):
		return ';'
	}
	return ','
}

// Head tells of the columns. It does not change.
func (t *Reader) Head() *Head { return &t.head }

// Start is the time of day of the first row; zero: unknown.
func (t *Reader) Start() time.Time { return t.clock.start }

// failed says where reading ended.
func (t *Reader) failed(err error) error {
	var p *csv.ParseError
	switch {
	case errors.As(err, &p):
		return fmt.Errorf("%s:%d: %w: write the quotes of this line as CSV has them, \"a \"\"b\"\"\", or none", t.name, p.Line, p.Err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF), isCorrupt(err):
		return fmt.Errorf("%s: after line %d: %w: the gzip file is cut off or damaged: copy it again", t.name, t.line, err)
	}
	return fmt.Errorf("%s: after line %d: %w", t.name, t.line, err)
}

// record reads the cells of one line.
func (t *Reader) record() ([]string, error) {
	cells, err := t.csv.Read()
	if err == io.EOF {
		return nil, io.EOF
	}
	if err != nil {
		return nil, t.failed(err)
	}
	t.line, _ = t.csv.FieldPos(0)
	return cells, nil
}

// Read reads the next row; io.EOF: there is none.
func (t *Reader) Read(row *Row) error {
	cells := t.first
	if t.first = nil; cells == nil {
		var err error
		if cells, err = t.record(); err != nil {
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
