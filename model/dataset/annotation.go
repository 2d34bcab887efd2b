package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"inkling/internal/table"
)

// An Annotation is the label of a part of a recording. Start equals End for a point in
// time.
type Annotation struct {
	Start, End float64 // seconds
	Label      string
	Where      string // FILE:LINE, for messages
}

// Background is the label of annotations that are not events.
const Background = "background"

// Compare orders annotations by start, then by end.
func (a Annotation) Compare(b Annotation) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
}

// ReadAnnotations reads the annotations of a recording and sorts them by their start.
// If name ends in .csv, r is a table with the columns start, end (in seconds) and
// label; other columns are ignored. Otherwise it is a label track as Audacity exports
// it, with start, end and label separated by tabs; decimal commas are read too. Lines that
// begin with a backslash hold frequency ranges and are ignored.
func ReadAnnotations(r io.Reader, name string) ([]Annotation, error) {
	read := readLabelTrack
	if strings.EqualFold(path.Ext(name), ".csv") {
		read = readAnnotationTable
	}
	list, err := read(r, name)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, Annotation.Compare)
	return list, nil
}

func readLabelTrack(r io.Reader, name string) (list []Annotation, err error) {
	c, err := table.NewVerbatim(r, name)
	if err != nil {
		return nil, err
	}
	for {
		f, err := c.Next()
		if err == io.EOF {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(strings.Join(f, "")) == "" || strings.HasPrefix(f[0], `\`) {
			continue
		}
		if len(f) < 2 {
			return nil, fmt.Errorf("%s: write start, end and label separated by tabs, as Audacity exports labels", c.Where())
		}
		a, err := parseAnnotation(decimalPoint(f[0]), decimalPoint(f[1]), strings.Join(f[2:], "\t"), c.Where())
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
}

func readAnnotationTable(r io.Reader, name string) (list []Annotation, err error) {
	c, err := table.NewCells(r, name)
	if err != nil {
		return nil, err
	}
	t, err := table.NewNamed(c)
	if err != nil {
		return nil, fmt.Errorf("%s: no header line with the columns start,end,label: %w", name, err)
	}
	var col [3]int
	for i, want := range []string{"start", "end", "label"} {
		if col[i], err = t.Column(want); err == nil && col[i] < 0 {
			err = fmt.Errorf("the first line must name the columns start, end and label; %s is missing", want)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:1: %w", name, err)
		}
	}
	for {
		if err := t.Next(); err == io.EOF {
			return list, nil
		} else if err != nil {
			return nil, err
		}
		start, end := t.Cell(col[0]), t.Cell(col[1])
		if c.Comma() != ',' { // decimal commas
			start, end = decimalPoint(start), decimalPoint(end)
		}
		a, err := parseAnnotation(start, end, t.Cell(col[2]), t.Where())
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
}

// decimalPoint makes a decimal comma a point.
func decimalPoint(s string) string { return strings.Replace(s, ",", ".", 1) }

func parseAnnotation(start, end, label, where string) (a Annotation, err error) {
	a = Annotation{Label: strings.Clone(strings.TrimSpace(label)), Where: where}
	if a.Start, err = parseSeconds(start); err != nil {
		return a, fmt.Errorf("%s: start: %w", where, err)
	}
	if a.End, err = parseSeconds(end); err != nil {
		return a, fmt.Errorf("%s: end: %w", where, err)
	}
	switch {
	case a.End < a.Start:
		return a, fmt.Errorf("%s: end: %v s is before the start, %v s: swap them", where, a.End, a.Start)
	case a.Label == "":
		return a, fmt.Errorf("%s: label: it is empty: give one, or delete the line", where)
	}
	return a, nil
}

// mostSeconds is about thirty years.
const mostSeconds = 1e9

func parseSeconds(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a number of seconds: write one such as 12.5", s)
	case v < 0:
		return 0, fmt.Errorf("%v s is before the recording begins: give 0 or more", v)
	case !(v <= mostSeconds):
		return 0, fmt.Errorf("%v s is too late for a recording: give seconds", v)
	}
	return v + 0, nil // no negative zero
}

// WriteAnnotations writes a label track for Audacity, with times to the microsecond.
func WriteAnnotations(w io.Writer, list []Annotation) error {
	for _, a := range list {
		if strings.ContainsAny(a.Label, "\t\r\n") {
			return fmt.Errorf("the label %q cannot be written to a label track: remove its tabs and line ends", a.Label)
		}
		if _, err := fmt.Fprintf(w, "%.6f\t%.6f\t%s\n", a.Start, a.End, a.Label); err != nil {
			return err
		}
	}
	return nil
}

// slack is how many seconds an annotation may end after the recording, as programs
// round differently.
const slack = 0.01

// CheckWithin returns an error that names the first annotation that ends after a
// recording of this length.
func CheckWithin(list []Annotation, seconds float64) error {
	for _, a := range list {
		if !(a.End <= seconds+slack) || math.IsNaN(seconds) {
			return fmt.Errorf("%s: end: %v s is after the end of the recording, %.3f s: correct it, or use the recording that it belongs to",
				a.Where, math.Round(1e6*a.End)/1e6, seconds)
		}
	}
	return nil
}

var errNoAnnotations = errors.New("it has no annotations: export labels from Audacity to a file of the same name that ends in .txt, or write a table start,end,label to one that ends in .csv")
