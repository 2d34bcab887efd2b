package keep

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const indexName = "index.csv"

// columns are those of index.csv; of texts the first is called text.
var columns = []string{"file", "label", "p", "other", "other_p", "running", "early", "reason", "rule", "time", "stream", "session", "segment", "at", "model"}

func header(text bool) string {
	head := strings.Join(columns, ",") + "\n"
	if text {
		return "text" + strings.TrimPrefix(head, "file")
	}
	return head
}

// row returns the line of the index.
func (c *Clip) row(text bool) string {
	first := c.File
	if text {
		first = c.Text
	}
	return cells(first, c.Label, number(c.P), c.Other, number(c.OtherP), c.Running, c.Early, strings.Join(names(c.Reason), " "), c.Rule,
		c.Time.UTC().Format(time.RFC3339Nano), c.Stream, c.Session, strconv.FormatUint(c.Segment, 10), strconv.FormatUint(c.At, 10), c.Model)
}

// cells returns a line of a table.
func cells(list ...string) string {
	var b bytes.Buffer
	for i, cell := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		writeCell(&b, cell)
	}
	b.WriteByte('\n')
	return b.String()
}

// number is the shortest decimal of a float32.
func number(p float64) string { return strconv.FormatFloat(p, 'g', -1, 32) }

// noControls replaces a carriage return, which readers of tables drop, and a zero, which no
// row has but after a loss of power.
var noControls = strings.NewReplacer("\r", " ", "\x00", "\ufffd")

// writeCell quotes a cell if it has to be.
func writeCell(b *bytes.Buffer, cell string) {
	cell = strings.ToValidUTF8(noControls.Replace(cell), "\ufffd")
	if !strings.ContainsAny(cell, "\",;\t\n") && cell == strings.TrimSpace(cell) {
		b.WriteString(cell)
		return
	}
	b.WriteByte('"')
	b.WriteString(strings.ReplaceAll(cell, `"`, `""`))
	b.WriteByte('"')
}

// ReadIndex returns what is kept in dir, the oldest first.
func ReadIndex(dir string) ([]Clip, error) {
	name := filepath.Join(dir, indexName)
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	clips, _, err := parseIndex(name, data)
	return clips, err
}

// mostTorn bounds the bytes of a last row that is not whole.
const mostTorn = 1 << 20

// lostPower reports whether the rows in data are what a loss of power leaves of rows that had
// not reached the disk: zeros, with what came after them.
func lostPower(data []byte) bool {
	line, _, _ := bytes.Cut(data, []byte{'\n'})
	return bytes.IndexByte(line, 0) >= 0 && len(data) < mostTorn
}

// parseIndex reads an index and returns each row's text as well. A last row that is not
// whole, as a crash leaves it, is left out.
func parseIndex(name string, data []byte) (clips []Clip, rows []string, err error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = len(columns)
	r.ReuseRecord = true
	from, text := int64(0), false
	for first := true; ; first = false {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return clips, rows, nil
		}
		to := r.InputOffset()
		torn := to == int64(len(data)) && (err != nil || data[to-1] != '\n') && to-from < mostTorn || !first && lostPower(data[from:])
		switch {
		case torn:
			return clips, rows, nil
		case err != nil:
			return nil, nil, fmt.Errorf("%s: %w: correct it, or move the folder away", name, err)
		case first:
			if head := strings.Join(row, ",") + "\n"; head != header(false) && head != header(true) {
				return nil, nil, fmt.Errorf("%s: the first line is not that of a folder of kept segments: name another folder", name)
			}
			text = row[0] == "text"
		default:
			c, err := parseRow(row)
			if err == nil && !text && !ours(c.File) {
				err = fmt.Errorf("file: %q is no name of a kept segment", c.File)
			}
			if err != nil {
				line, _ := r.FieldPos(0)
				return nil, nil, fmt.Errorf("%s:%d: %w: correct it, or delete the line", name, line, err)
			}
			if text {
				c.Text, c.File = c.File, ""
			}
			clips, rows = append(clips, c), append(rows, string(data[from:to]))
		}
		from = to
	}
}

// parseRow reads the cells of a row. A file must lie in the folder.
func parseRow(cells []string) (c Clip, err error) {
	text := func(dst *string) func(string) error {
		return func(s string) error { *dst = strings.Clone(s); return nil }
	}
	for i, read := range []func(string) error{text(&c.File), text(&c.Label), probability(&c.P), text(&c.Other), probability(&c.OtherP), text(&c.Running), text(&c.Early),
		func(s string) error {
			for w := range strings.FieldsSeq(s) {
				c.Reason = append(c.Reason, When(w))
			}
			return nil
		}, text(&c.Rule),
		func(s string) (err error) { c.Time, err = time.Parse(time.RFC3339Nano, s); return err },
		text(&c.Stream), text(&c.Session), count(&c.Segment), count(&c.At), text(&c.Model)} {
		if err := read(cells[i]); err != nil {
			return c, fmt.Errorf("%s: %w", columns[i], err)
		}
	}
	return c, nil
}

func probability(dst *float64) func(string) error {
	return func(s string) error {
		v, err := strconv.ParseFloat(s, 64)
		if err == nil && !(v >= 0 && v <= 1) || math.IsNaN(v) {
			err = fmt.Errorf("%q is no probability", s)
		}
		*dst = v
		return err
	}
}

func count(dst *uint64) func(string) error {
	return func(s string) (err error) { *dst, err = strconv.ParseUint(s, 10, 64); return err }
}
