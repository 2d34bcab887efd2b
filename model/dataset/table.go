package dataset

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// tableHead is the first line's fields.
func tableHead(data []byte, tabs bool) ([]string, error) {
	if tabs {
		line, _, _ := bytes.Cut(data, []byte("\n"))
		if len(bytes.TrimSpace(line)) == 0 {
			return nil, errors.New("it must name the columns, such as text, label")
		}
		return strings.Split(strings.TrimSuffix(string(line), "\r"), "\t"), nil
	}
	head, err := csv.NewReader(bytes.NewReader(data)).Read()
	if err == io.EOF {
		err = errors.New("it must name the columns, such as file,label or text,label")
	}
	return head, err
}

// eachRow calls do with every row after the first line; bad says that it has too few
// fields, or is no CSV. do's error ends it.
func eachRow(name string, data []byte, tabs bool, col [4]int, do func(r *textRow, bad error) error) error {
	if tabs {
		return eachTabRow(name, string(data), col, do)
	}
	c := csv.NewReader(bytes.NewReader(data))
	c.ReuseRecord = true
	if _, err := c.Read(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for {
		fields, err := c.Read()
		if err == io.EOF {
			return nil
		}
		var wrong *csv.ParseError
		line := 0
		if errors.As(err, &wrong) {
			line, err = wrong.StartLine, fmt.Errorf("column %d: %w", wrong.Column, wrong.Err)
		} else {
			line, _ = c.FieldPos(0)
		}
		if err := do(newTextRow(name, line, fields, col, err)); err != nil {
			return err
		}
	}
}

func eachTabRow(name, data string, col [4]int, do func(r *textRow, bad error) error) error {
	width := strings.Count(data[:max(strings.IndexByte(data, '\n'), 0)], "\t") + 1
	fields, line := make([]string, 0, width), 0
	for text := range strings.Lines(data) {
		line++
		text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		if line == 1 || text == "" {
			continue
		}
		fields = append(fields[:0], "")
		for i := 0; ; i++ {
			field, rest, more := strings.Cut(text, "\t")
			fields[i] = field
			if !more {
				break
			}
			text, fields = rest, append(fields, "")
		}
		var bad error
		if len(fields) != width {
			bad = fmt.Errorf("%d fields, the first line has %d: a tab in a text must become a space", len(fields), width)
		}
		if err := do(newTextRow(name, line, fields, col, bad)); err != nil {
			return err
		}
	}
	return nil
}

func newTextRow(name string, line int, fields []string, col [4]int, bad error) (*textRow, error) {
	r := &textRow{where: fmt.Sprintf("%s:%d", name, line)}
	if bad != nil {
		return r, bad
	}
	for i, dst := range []*string{&r.text, &r.label, &r.split, &r.group} {
		if col[i] >= 0 {
			*dst = strings.Clone(strings.TrimSpace(fields[col[i]]))
		}
	}
	return r, nil
}
