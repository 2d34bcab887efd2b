package table

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Cells reads the cells of a table line by line. The table may be gzipped; [layout] says how
// it may be laid out. Every table that inkling reads goes through Cells: signals, indexes,
// label tracks, annotations, texts. Empty lines are skipped.
type Cells struct {
	name   string
	in     lines
	ahead  []line // lines that were read to judge the layout
	ended  error  // what ended the input
	layout layout
	line   int // number of the last line read

	verbatim bool // quotes are characters, and cells are separated by tabs
	quick    bool // lines are judged as few at a time as possible, and quotes end with their line
	signals  bool // comments are left out
	comments int  // lines left out
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

// NewCells returns the cells of a table. name is for messages, and .tsv in it means tabs.
func NewCells(r io.Reader, name string) (*Cells, error) {
	c := &Cells{name: name}
	return c, c.open(r)
}

// NewVerbatim returns the cells of a table with tabs between cells, in which quotes are
// characters as any other: texts in .tsv files, label tracks.
func NewVerbatim(r io.Reader, name string) (*Cells, error) {
	c := &Cells{name: name, verbatim: true}
	return c, c.open(r)
}

// KeepBytes leaves lines that are not UTF-8 as they are, as the caller checks them. It is
// called before the first Next.
func (c *Cells) KeepBytes() {
	c.in.bytes = true
}

// Comma returns the separator of cells; ' ' stands for any number of blanks and tabs.
func (c *Cells) Comma() rune { return rune(c.layout.comma) }

// Line returns the number of the last line read, from 1.
func (c *Cells) Line() int { return c.line }

// Where returns FILE:LINE of the last line read.
func (c *Cells) Where() string { return fmt.Sprintf("%s:%d", c.name, c.line) }

// Notes says what was done to read the lines so far that their writer may not expect.
func (c *Cells) Notes() []string {
	notes := c.in.notes()
	if c.layout.skipped > 0 {
		notes = append(notes, fmt.Sprintf("lines before the table are left out: %d, the first: %.60q", c.layout.skipped, c.layout.first))
	}
	if c.comments > 0 {
		notes = append(notes, fmt.Sprintf("comments among the rows are left out: %d", c.comments))
	}
	return notes
}

// open begins reading r and finds out its layout.
func (c *Cells) open(r io.Reader) (err error) {
	if c.in.b, err = c.text(r); err != nil {
		return err
	}
	if c.verbatim {
		c.layout.comma = '\t'
		c.in.lf = !c.endsWithCR()
		return nil
	}
	return c.judge()
}

// endsWithCR reports whether the first line ends with a CR that no LF follows.
func (c *Cells) endsWithCR() bool {
	p, _ := c.in.b.Peek(maxWindow)
	at := strings.IndexAny(string(p), "\r\n")
	return at >= 0 && p[at] == '\r' && (at+1 == len(p) || p[at+1] != '\n')
}

// Next returns the cells of the next line, valid until the following call, or io.EOF. After
// a *LineError the next line can be read.
func (c *Cells) Next() ([]string, error) {
	for {
		l, err := c.readLine()
		if err != nil {
			return nil, err
		}
		c.line = l.n
		if strings.Trim(l.text, " ") == "" {
			continue
		}
		if c.signals && isComment(l.text) {
			c.comments++
			continue
		}
		return c.split(l)
	}
}

// readLine returns the next line: one read ahead, or of the input.
func (c *Cells) readLine() (line, error) {
	if len(c.ahead) > 0 {
		l := c.ahead[0]
		c.ahead = c.ahead[1:]
		return c.in.utf8(l), nil
	}
	if c.ended != nil {
		return line{}, c.ended
	}
	l, err := c.in.read()
	if err != nil {
		c.ended = c.explain(err)
		return line{}, c.ended
	}
	return c.in.utf8(l), nil
}

// split returns the cells of a record that begins with l. A quoted cell may continue on the
// next lines.
func (c *Cells) split(l line) ([]string, error) {
	if c.verbatim {
		c.cells = splitVerbatim(c.cells[:0], l.text)
		return c.cells, nil
	}
	for tries := 0; ; tries++ {
		var at int
		var err error
		c.cells, at, err = splitQuoted(c.cells[:0], c.layout.trim(l.text), c.layout.comma)
		if err == errOpen && !c.quick && tries < mostTries && c.extend(&l) {
			continue
		}
		if err == errOpen {
			err = csv.ErrQuote
			if len(l.text) > maxLine {
				return nil, c.explain(ErrRow)
			}
		}
		if err != nil {
			return nil, &LineError{c.name, l.n, fmt.Errorf("column %d: %w: quote its cells as CSV does, \"a \"\"b\"\"\", or not at all", at+1, err)}
		}
		if len(c.cells) > mostCells {
			return nil, c.explain(ErrCells)
		}
		return c.cells, nil
	}
}

// mostTries bounds how often a row that was extended is split again: a row of CSV needs
// one time.
const mostTries = 100

// extend adds to l, whose last cell is open, the lines up to one after which the number of
// quotes is even, so that the cell can have ended. It reports whether it added any.
func (c *Cells) extend(l *line) bool {
	text := []byte(l.text)
	for odd := true; odd && len(text) <= maxLine; {
		more, end := c.readLine()
		if end != nil {
			break
		}
		text = append(append(text, '\n'), more.text...)
		odd = strings.Count(more.text, `"`)%2 == 0
	}
	added := len(text) > len(l.text)
	l.text = string(text)
	return added
}

// explain adds to err where reading failed.
func (c *Cells) explain(err error) error {
	switch {
	case err == io.EOF:
		return err
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF), isCorrupt(err):
		return fmt.Errorf("%s: after line %d: %w: the gzip file is cut off or damaged: copy it again", c.name, c.in.n, err)
	}
	return fmt.Errorf("%s: after line %d: %w", c.name, c.in.n, err)
}
