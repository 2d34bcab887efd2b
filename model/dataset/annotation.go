package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"inkling/internal/table"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// An Annotation says what is heard in a part of a recording. A point has
// Start = End.
type Annotation struct {
	Start, End float64 // seconds
	Label      string
	Where      string // FILE:LINE, for errors
}

// Background is the label of annotations that are no events.
const Background = "background"

// Compare orders by start, then by end.
func (a Annotation) Compare(b Annotation) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End))
}

// ReadAnnotations reads the annotations of a recording and sorts them by their
// start. A name that ends in .csv is a table with the columns start, end and
// label, in seconds, others ignored; any other is a label track as Audacity
// exports it: start, end and label between tabs. Lines there that begin with a
// backslash, ranges of frequencies, are ignored.
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
			return nil, fmt.Errorf("%s: want start, end and label with tabs between them, as Audacity exports labels", c.Where())
		}
		a, err := parseAnnotation(f[0], f[1], strings.Join(f[2:], "\t"), c.Where())
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
		a, err := parseAnnotation(t.Cell(col[0]), t.Cell(col[1]), t.Cell(col[2]), t.Where())
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
}

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
		return a, fmt.Errorf("%s: end: %v s is before the start, %v s: exchange them", where, a.End, a.Start)
	case a.Label == "":
		return a, fmt.Errorf("%s: label: it is empty: name it, or delete the line", where)
	}
	return a, nil
}

// mostSeconds is thirty years.
const mostSeconds = 1e9

func parseSeconds(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is no number of seconds: write it as 12.5", s)
	case v < 0:
		return 0, fmt.Errorf("%v s is before the recording begins: give 0 or more", v)
	case !(v <= mostSeconds):
		return 0, fmt.Errorf("%v s is no time in a recording: give seconds", v)
	}
	return v + 0, nil // no negative zero
}

// WriteAnnotations writes a label track for Audacity, to the microsecond.
func WriteAnnotations(w io.Writer, list []Annotation) error {
	for _, a := range list {
		if strings.ContainsAny(a.Label, "\t\r\n") {
			return fmt.Errorf("the label %q cannot stand in a label track: rename it, without tabs and line ends", a.Label)
		}
		if _, err := fmt.Fprintf(w, "%.6f\t%.6f\t%s\n", a.Start, a.End, a.Label); err != nil {
			return err
		}
	}
	return nil
}

// slack is how far behind a recording's end annotations may reach, in seconds:
// programs round differently.
const slack = 0.01

// CheckWithin tells which annotation lies behind the end of a recording.
func CheckWithin(list []Annotation, seconds float64) error {
	for _, a := range list {
		if !(a.End <= seconds+slack) || math.IsNaN(seconds) {
			return fmt.Errorf("%s: end: %v s is behind the end of the recording, %.3f s: correct it, or give the recording that it belongs to",
				a.Where, a.End, seconds)
		}
	}
	return nil
}

var errNoAnnotations = errors.New("there are no annotations beside it: export labels from Audacity as a file of the same name that ends in .txt, or write a table start,end,label that ends in .csv")
