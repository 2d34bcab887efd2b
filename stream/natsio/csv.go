package natsio

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"inkling/internal/table"
)

// csv reads the rows of a table: of numbers, which Format.Columns may name, or below a
// header that names them.
func (m *message) csv(data []byte, s *schema) error {
	rows, err := readCells(data)
	if err != nil {
		return err
	}
	n := node{kind: listNode}
	var header []string
	for _, cells := range rows {
		if header == nil && n.list == nil && !slices.ContainsFunc(cells, isNumber) {
			header = cells
			continue
		}
		row := node{kind: listNode}
		if header != nil {
			if len(cells) != len(header) {
				return errors.New("CSV: a row and the header have different numbers of cells")
			}
			row = node{kind: objectNode, keys: header}
		}
		for _, cell := range cells {
			row.list = append(row.list, cellNode(cell))
		}
		n.list = append(n.list, row)
	}
	if n.list == nil {
		return errors.New("CSV: no row of numbers: give one sample in each line")
	}
	return m.tree(&n, s, "CSV")
}

// cellNode returns a cell as a value.
func cellNode(cell string) node {
	switch {
	case table.IsMissing(cell):
		return node{}
	case isNumber(cell):
		return node{kind: numberNode, text: cell}
	}
	return node{kind: stringNode, text: cell}
}

func isNumber(cell string) bool {
	_, _, err := (&node{kind: numberNode, text: cell}).number()
	return err == nil
}

func readCells(data []byte) (rows [][]string, err error) {
	c, err := table.NewCells(bytes.NewReader(data), "CSV")
	if err != nil {
		return nil, err
	}
	for {
		cells, err := c.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		row := make([]string, len(cells))
		for i, cell := range cells {
			row[i] = strings.Clone(strings.TrimSpace(cell))
		}
		rows = append(rows, row)
	}
}

// looksLikeRow reports whether a payload is text that has a number in its last line.
func looksLikeRow(data []byte) bool {
	if !utf8.Valid(data) || bytes.ContainsFunc(data, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }) {
		return false
	}
	rows, err := readCells(data)
	if err != nil || len(rows) == 0 {
		return false
	}
	return slices.ContainsFunc(rows[len(rows)-1], isNumber)
}
