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
	"strings"
)

// Cells reads the cells of a table line by line. The table may be gzipped, is UTF-8 with or
// without a byte order mark, and has commas, semicolons or tabs between its cells, as its
// name (.tsv) or its first line shows. Every table that inkling reads goes through Cells:
// signals, indexes, label tracks, annotations, texts. Empty lines are skipped.
type Cells struct {
	name  string
	comma rune
	line  int // number of the last line read

	quoted   *csv.Reader // nil: quotes are characters
	verbatim *bufio.Reader
	cells    []string
}

// A LineError reports a malformed line. The lines after it can still be read.
type LineError struct {
	Name string
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.Name, e.Line, e.Err) }

func (e *LineError) Unwrap() error { return e.Err }

// maxFirstLine is the greatest length of a first line in bytes.
const maxFirstLine = 1 << 16

// NewCells returns the cells of a table. name is for messages, and .tsv in it means tabs.
func NewCells(r io.Reader, name string) (*Cells, error) {
	c := &Cells{name: name}
	b, err := c.text(r)
	if err != nil {
		return nil, err
	}
	line, err := firstLine(b)
	if err != nil {
		return nil, c.failed(err)
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return nil, fmt.Errorf("%s: this is not UTF-8 text: save it as CSV in UTF-8", name)
	}
	c.comma = separator(name, line)
	c.quoted = csv.NewReader(b)
	c.quoted.Comma, c.quoted.ReuseRecord, c.quoted.FieldsPerRecord = c.comma, true, -1
	return c, nil
}

// NewVerbatim returns the cells of a table with tabs between cells, in which quotes are
// characters as any other: texts in .tsv files, label tracks.
func NewVerbatim(r io.Reader, name string) (*Cells, error) {
	c := &Cells{name: name, comma: '\t'}
	var err error
	c.verbatim, err = c.text(r)
	return c, err
}

// Comma returns the separator of cells.
func (c *Cells) Comma() rune { return c.comma }

// Line returns the number of the last line read, from 1.
func (c *Cells) Line() int { return c.line }

// Where returns FILE:LINE of the last line read.
func (c *Cells) Where() string { return fmt.Sprintf("%s:%d", c.name, c.line) }

// Next returns the cells of the next line, valid until the following call, or io.EOF. After
// a *LineError the next line can be read.
func (c *Cells) Next() ([]string, error) {
	if c.quoted == nil {
		return c.nextVerbatim()
	}
	cells, err := c.quoted.Read()
	if err == io.EOF {
		return nil, io.EOF
	}
	if err != nil {
		return nil, c.failed(err)
	}
	c.line, _ = c.quoted.FieldPos(0)
	return cells, nil
}

func (c *Cells) nextVerbatim() ([]string, error) {
	for {
		line, err := c.verbatim.ReadString('\n')
		if err != nil && (err != io.EOF || line == "") {
			if err != io.EOF {
				err = c.failed(err)
			}
			return nil, err
		}
		c.line++
		if line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"); line == "" {
			continue
		}
		c.cells = c.cells[:0]
		for more := true; more; {
			var cell string
			cell, line, more = strings.Cut(line, "\t")
			c.cells = append(c.cells, cell)
		}
		return c.cells, nil
	}
}

// text returns r uncompressed, without its byte order mark.
func (c *Cells) text(r io.Reader) (*bufio.Reader, error) {
	b := bufio.NewReaderSize(LimitLines(r), maxFirstLine)
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, c.failed(err)
		}
		b = bufio.NewReaderSize(LimitLines(z), maxFirstLine)
	}
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		b.Discard(3)
	} else if len(mark) >= 2 && (string(mark[:2]) == "\xff\xfe" || string(mark[:2]) == "\xfe\xff") {
		return nil, fmt.Errorf("%s: this is UTF-16 text: save it as CSV in UTF-8", c.name)
	}
	return b, nil
}

// failed adds to err where reading failed.
func (c *Cells) failed(err error) error {
	var p *csv.ParseError
	switch {
	case errors.As(err, &p):
		c.line = p.Line
		return &LineError{c.name, p.Line, fmt.Errorf("column %d: %w: quote its cells as CSV does, \"a \"\"b\"\"\", or not at all", p.Column, p.Err)}
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF), isCorrupt(err):
		return fmt.Errorf("%s: after line %d: %w: the gzip file is cut off or damaged: copy it again", c.name, c.line, err)
	}
	return fmt.Errorf("%s: after line %d: %w", c.name, c.line, err)
}

// firstLine returns the first line of b without consuming it. It waits for no more input
// than that line.
func firstLine(b *bufio.Reader) ([]byte, error) {
	for n := 1; ; n = b.Buffered() + 1 {
		n = min(n, maxFirstLine)
		_, err := b.Peek(n)
		line, _ := b.Peek(b.Buffered())
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			return line[:i], nil
		}
		if err == io.EOF || len(line) >= maxFirstLine {
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
