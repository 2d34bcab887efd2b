package dataset

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The text form of the UCR archive has one series a line, its label first, separated by tabs,
// commas or blanks. Series of different lengths end in NaN.

// readUCR reads a file of UCR's text form.
func (g *gatherer) readUCR(fsys fs.FS, f seqFile) error {
	r, closer, err := plain(fsys, f.name)
	if err != nil {
		return err
	}
	defer closer.Close()
	b, line := bufio.NewReaderSize(r, 1<<16), 0
	for {
		text, err := b.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("%s: after line %d: %w", f.name, line, err)
		}
		line++
		if text = bytes.TrimRight(text, "\r\n"); len(bytes.TrimSpace(text)) > 0 {
			if err := g.ucrLine(text, f, fmt.Sprintf("%s:%d", f.name, line)); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// ucrLine adds the series of a line.
func (g *gatherer) ucrLine(text []byte, f seqFile, where string) error {
	label, x, err := parseUCR(text)
	if err != nil {
		return g.skip(fmt.Errorf("%s: %w", where, err))
	}
	return g.add(sequence{name: where, label: label, split: f.split, samples: x, channels: 1, from: f.name})
}

// parseUCR reads a line. Labels that are whole numbers are written as such: 1.0e+00 is 1.
func parseUCR(text []byte) (label string, x []float32, err error) {
	cells := ucrCells(text)
	if len(cells) < 2 {
		return "", nil, errors.New("there is only one value: write the label, then the values of the series")
	}
	label = wholeNumber(strings.Trim(string(cells[0]), `"'`))
	x = make([]float32, 0, len(cells)-1)
	for i, cell := range cells[1:] {
		v, err := parseValue(cell)
		if err != nil {
			return "", nil, fmt.Errorf("value %d is %.40q, which is not a number", i+1, cell)
		}
		x = append(x, v)
	}
	return label, x, nil
}

// ucrCells divides a line at tabs, or else at semicolons, commas or blanks.
func ucrCells(text []byte) [][]byte {
	for _, sep := range []string{"\t", ";", ","} {
		if bytes.Contains(text, []byte(sep)) {
			cells := bytes.Split(text, []byte(sep))
			for i := range cells {
				cells[i] = bytes.TrimSpace(cells[i])
			}
			return cells
		}
	}
	return bytes.Fields(text)
}

// parseValue reads a value; NaN for a missing one. What is too large is infinite.
func parseValue(cell []byte) (float32, error) {
	if s := string(cell); s == "" || s == "?" || noLabel(s) {
		return float32(math.NaN()), nil
	}
	v, err := strconv.ParseFloat(string(cell), 32)
	if errors.Is(err, strconv.ErrRange) {
		err = nil
	}
	return float32(v), err
}

// isUCR reports whether the first line of a text file is that of UCR's form: numbers, the
// first of which may be a text.
func isUCR(fsys fs.FS, name string) bool {
	r, closer, err := plain(fsys, name)
	if err != nil {
		return false
	}
	defer closer.Close()
	text, err := bufio.NewReader(r).ReadBytes('\n')
	if err != nil && err != io.EOF {
		return false
	}
	return isSeriesLine(ucrCells(bytes.TrimSpace(text)))
}

// isSeriesLine reports whether cells are a label and numbers.
func isSeriesLine(cells [][]byte) bool {
	if len(cells) < 3 || len(cells[0]) == 0 {
		return false
	}
	return !slices.ContainsFunc(cells[1:], func(c []byte) bool { _, err := parseValue(c); return err != nil })
}
