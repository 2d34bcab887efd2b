package dataset

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"inkling/internal/table"
)

// A piece is the part of a recording that a line of an index lists.
type piece struct {
	from, to float64 // to is +Inf for the end of the recording
	unit     string  // s, ms or samples; "": not said
}

// pieceColumns are the columns that say where a piece begins and ends; −1: none.
type pieceColumns struct {
	start, end, duration int
	names                []string // of those that count
	unit                 string
}

var noPieces = pieceColumns{start: -1, end: -1, duration: -1}

func (c *pieceColumns) cuts() bool { return c.start >= 0 || c.end >= 0 }

var pieceName = regexp.MustCompile(`^(start|begin|onset|from|end|stop|offset|to|finish|duration|dur|length)(?:[ _-]?times?)?[ _-]*[\[(]?(s|secs?|seconds?|ms|msecs?|milliseconds?|samples?|frames?)?[\])]?$`)

// pieceUnits are the units by the first letters of their names.
func pieceUnit(name string) string {
	switch {
	case strings.HasPrefix(name, "ms"), strings.HasPrefix(name, "milli"):
		return "ms"
	case strings.HasPrefix(name, "sample"), strings.HasPrefix(name, "frame"):
		return "samples"
	case name == "":
		return ""
	}
	return "s"
}

// findPieces finds the columns start and end by their usual names, or as given.
func findPieces(head []string, given map[string]string) (c pieceColumns, err error) {
	c = noPieces
	units := map[int]string{}
	onset := false
	for i, h := range head {
		name := strings.ToLower(strings.TrimSpace(h))
		switch name = strings.NewReplacer(" ", "_", "-", "_").Replace(name); name {
		case "num_frames", "num_samples", "n_frames", "n_samples", "nframes", "nsamples":
			name = "length_samples"
		case "frame_offset", "sample_offset", "first_sample":
			name = "start_sample"
		case "last_sample":
			name = "end_sample"
		}
		m := pieceName.FindStringSubmatch(name)
		part, asked := "", true
		switch {
		case given["start"] != "" && strings.EqualFold(given["start"], strings.TrimSpace(h)):
			part = "start"
		case given["end"] != "" && strings.EqualFold(given["end"], strings.TrimSpace(h)):
			part = "end"
		case m != nil:
			asked = false
			part = m[1]
		}
		at := (*int)(nil)
		switch part {
		case "start", "begin", "onset", "from":
			at = &c.start
			onset = true
		case "end", "stop", "to", "finish":
			at = &c.end
		case "duration", "dur", "length":
			at = &c.duration
		}
		if at != nil && (asked || wanted(given, at, &c)) {
			if *at >= 0 {
				return c, fmt.Errorf("both %s and %s may be where a piece begins or ends: name one (Options.Columns, start=NAME, end=NAME)", head[*at], h)
			}
			*at = i
			if m != nil {
				units[i] = pieceUnit(m[2])
			}
		}
	}
	if at, _ := table.Column(head, "offset"); at >= 0 && given["start"] == "" && given["end"] == "" {
		if !onset && c.duration >= 0 {
			c.start = at
		} else if c.start >= 0 && c.end < 0 {
			c.end = at
		}
	}
	for _, part := range []string{"start", "end"} {
		if name := given[part]; name != "" && name != table.None {
			if at, err := table.Column(head, name); at < 0 || err != nil {
				return c, fmt.Errorf("there is no column %q, which Options.Columns names (%s=NAME): the first line has %s", name, part, brief(head))
			}
		}
	}
	return c.settle(head, units)
}

// wanted reports whether a column found by its name may have this part: no other was asked
// for, nor none.
func wanted(given map[string]string, at *int, c *pieceColumns) bool {
	switch at {
	case &c.start:
		return given["start"] == ""
	case &c.end:
		return given["end"] == ""
	}
	return true
}

// settle drops what does not cut, and finds the unit of all columns.
func (c pieceColumns) settle(head []string, units map[int]string) (pieceColumns, error) {
	if c.start < 0 && c.end < 0 {
		return noPieces, nil
	}
	if c.end >= 0 || c.start < 0 {
		c.duration = -1
	}
	for _, at := range []int{c.start, c.end, c.duration} {
		if at < 0 {
			continue
		}
		u := units[at]
		if len(c.names) > 0 && u != c.unit {
			return c, fmt.Errorf("the columns %s and %s have different units: name both alike, such as start_ms and end_ms", c.names[0], head[at])
		}
		c.unit = u
		c.names = append(c.names, strings.TrimSpace(head[at]))
	}
	return c, nil
}

// piece reads the piece of a line; nil for a line that has none.
func (c *pieceColumns) piece(t *table.Named) (*piece, error) {
	p := &piece{to: math.Inf(1), unit: c.unit}
	some := false
	for _, of := range []struct {
		column int
		to     *float64
		add    bool
	}{{c.start, &p.from, false}, {c.end, &p.to, false}, {c.duration, &p.to, true}} {
		cell := t.Cell(of.column)
		if of.column < 0 || noLabel(cell) {
			continue
		}
		v, err := parsePlace(cell)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", strings.TrimSpace(t.Head()[of.column]), err)
		}
		if *of.to, some = v, true; of.add {
			*of.to += p.from
		}
	}
	switch {
	case !some:
		return nil, nil
	case p.to <= p.from:
		return nil, fmt.Errorf("the piece ends at %v, but begins at %v: correct the line", p.to, p.from)
	}
	return p, nil
}

// parsePlace reads a number, or minutes and seconds as 1:02.5.
func parsePlace(cell string) (float64, error) {
	total := 0.0
	parts := strings.Split(cell, ":")
	for i, part := range parts {
		v, err := strconv.ParseFloat(part, 64)
		if err != nil || v < 0 || v-v != 0 || len(parts) > 3 || i > 0 && v >= 60 {
			return 0, fmt.Errorf("%q is no place in a recording: give seconds such as 12.5, minutes as 1:02.5, or samples in columns called start_sample and end_sample", cell)
		}
		total = total*60 + v
	}
	if total > mostSeconds*1e3 {
		return 0, fmt.Errorf("%v is too late for a recording: give seconds", cell)
	}
	return total, nil
}

// samples returns the piece as samples [from, to) of a recording with n of them.
func (p *piece) samples(rate float64, n int) (from, to int, err error) {
	scale := rate
	switch p.unit {
	case "ms":
		scale = rate / 1000
	case "samples":
		scale = 1
	}
	from = int(math.Round(min(p.from*scale, math.MaxInt32)))
	to = n
	if !math.IsInf(p.to, 1) {
		end := math.Round(p.to * scale)
		if end > float64(n)+slack*rate {
			return 0, 0, fmt.Errorf("end: %v is after the end of the recording, %.6g s (%d samples): correct it; columns called start_sample and end_sample are in samples, start_ms and end_ms in milliseconds", p.to, float64(n)/rate, n)
		}
		to = min(int(end), n)
	}
	if from >= to {
		return 0, 0, errors.New("start: the piece has no samples: correct start and end")
	}
	return from, to, nil
}

// countSamples takes the places of pieces whose unit is not said for samples if they cannot be
// seconds: all are whole, some are after the end of the recording in seconds, and none is
// after its last sample. length returns the samples of a recording and its rate; 0: unknown.
func countSamples(files []entry, length func(i int) (n int, rate float64)) bool {
	beyond := false
	for i, e := range files {
		p := e.piece
		if p == nil {
			continue
		}
		n, rate := length(i)
		last := p.to
		if math.IsInf(last, 1) {
			last = p.from
		}
		if p.unit != "" || p.from != math.Trunc(p.from) || last != math.Trunc(last) || n > 0 && last > float64(n) {
			return false
		}
		beyond = beyond || n > 0 && last > float64(n)/rate+slack
	}
	if beyond {
		for _, e := range files {
			if e.piece != nil {
				e.piece.unit = "samples"
			}
		}
	}
	return beyond
}

// A rowCutter picks the rows of a piece of a table.
type rowCutter struct {
	e     *entry
	timed bool
	rows  int
	last  float64 // the place of the last row
	kept  int
}

// keeps reports whether a row belongs to the piece. Seconds count from the first row.
func (c *rowCutter) keeps(row *table.Row) bool {
	p := c.e.piece
	if p == nil {
		return true
	}
	at := float64(c.rows)
	c.rows++
	switch p.unit {
	case "samples":
	case "ms":
		at = row.Time * 1000
	default:
		at = row.Time
	}
	c.last = at
	if at < p.from || at >= p.to {
		return false
	}
	c.kept++
	return true
}

// check returns an error if the table cannot have the piece.
func (c *rowCutter) check() error {
	p := c.e.piece
	switch {
	case p == nil:
		return nil
	case !c.timed && p.unit != "samples":
		return fmt.Errorf("%s: %s has no times, so that seconds cannot be cut: call the columns start_sample and end_sample and give numbers of rows", c.e.where, c.e.file)
	case c.kept == 0:
		return fmt.Errorf("%s: start: no row of %s is in the piece: it ends at %.6g", c.e.where, c.e.file, c.last)
	case !math.IsInf(p.to, 1) && c.rows > 1 && p.to > c.last+2*c.last/float64(c.rows-1)+slack:
		return fmt.Errorf("%s: end: %v is after the end of %s, %.6g: correct it", c.e.where, p.to, c.e.file, c.last)
	}
	return nil
}
