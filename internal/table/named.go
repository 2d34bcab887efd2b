package table

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Named is a table whose columns are found by the names in its first line, in any order.
type Named struct {
	*Cells
	head []string
	row  []string
}

// NewNamed reads the first line of c.
func NewNamed(c *Cells) (*Named, error) {
	head, err := c.Next()
	if err != nil {
		return nil, err
	}
	return &Named{Cells: c, head: slices.Clone(head)}, nil
}

// Head returns the names in the first line.
func (n *Named) Head() []string { return n.head }

// Column returns the column with this name, or −1. Case and blanks around the name do not
// count. Two columns of the name are an error.
func (n *Named) Column(name string) (int, error) { return Column(n.head, name) }

// Column is Named.Column for the cells of a first line.
func Column(head []string, name string) (at int, err error) {
	at = -1
	for i, h := range head {
		if strings.EqualFold(strings.TrimSpace(h), name) {
			if at >= 0 {
				return at, fmt.Errorf("there are two columns %q: rename one", name)
			}
			at = i
		}
	}
	return at, nil
}

// Next reads the next line, or returns io.EOF. It returns a *LineError for a line whose
// number of cells differs from that of the first line.
func (n *Named) Next() error {
	var err error
	if n.row, err = n.Cells.Next(); err != nil {
		return err
	}
	if len(n.row) != len(n.head) {
		remedy := "complete the line, delete it, or quote cells that contain a separator"
		if n.verbatim {
			remedy = "replace tabs in a text by spaces"
		}
		return &LineError{n.name, n.line, fmt.Errorf("%d cells, the first line has %d: %s", len(n.row), len(n.head), remedy)}
	}
	return nil
}

// Cell returns the line's cell in a column, without the blanks around it, or "" for
// column −1.
func (n *Named) Cell(column int) string {
	if column < 0 {
		return ""
	}
	return strings.Clone(strings.TrimSpace(n.row[column]))
}

// ReadNamed reads a table and calls row for every line after the first. The function
// value returns the cell in the column want[i], or "" if there is no such column. The
// column want[0] is required.
func ReadNamed(r io.Reader, name string, want []string, row func(value func(i int) string) error) error {
	c, err := NewCells(r, name)
	if err != nil {
		return err
	}
	t, err := NewNamed(c)
	if err != nil {
		if err == io.EOF {
			err = fmt.Errorf("%s: the file is empty", name)
		}
		return fmt.Errorf("%w: the first line must name the columns %s", err, strings.Join(want, ","))
	}
	col := make([]int, len(want))
	for i := range want {
		if col[i], err = t.Column(want[i]); err == nil && i == 0 && col[i] < 0 {
			err = fmt.Errorf("the first line must name the column %q", want[i])
		}
		if err != nil {
			return fmt.Errorf("%s:1: %w", name, err)
		}
	}
	value := func(i int) string { return t.Cell(col[i]) }
	for {
		switch err := t.Next(); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if err := row(value); err != nil {
			return fmt.Errorf("%s: %w", t.Where(), err)
		}
	}
}
