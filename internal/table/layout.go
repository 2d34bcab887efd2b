package table

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// A layout is how cells lie in the lines of a table. It is judged by the lines of a window at
// the begin of the table; every later line is checked against it.
//
// The separator is what its first line, sep=X, or its ending, .tsv, says. Otherwise it is
// the one of comma, semicolon and tab that the first line shows, unless the lines of the
// window agree much better with another; for signals, bars and blanks are tried too.
//
// Of a table of signals, rows are lines with as many cells as most lines have. The header is
// the line without numbers before the first row, maybe with a line of units after it, or a
// comment there with as many cells. Other lines before the first row are left out.
type layout struct {
	comma   byte
	tail    bool     // lines end with a semicolon that is no separator
	headed  bool     // the first line is a header: known if judged
	judged  bool     // rows have been found
	units   []string // cells of the line of units
	skipped int      // lines before the header, comments aside
	first   string   // the first of them
}

// maxWindow is the size of a window in bytes, maxLines its number of lines, and quickLines
// the number for a live table that begins with other lines.
const (
	maxWindow  = 1 << 16
	maxLines   = 400
	quickLines = 200
)

// trim returns a line without the semicolon at its end that is no separator.
func (y *layout) trim(s string) string {
	if y.tail {
		s = strings.TrimSuffix(strings.TrimRight(s, " "), ";")
	}
	return s
}

// judge reads the window and finds out the layout. Lines that are no rows and no header
// leave the window.
func (c *Cells) judge() error {
	most := maxLines
	if c.quick {
		most = quickLines
	}
	for size := 0; size < maxWindow && len(c.ahead) < most; {
		l, err := c.in.read()
		if err != nil {
			if c.ended = c.explain(err); err != io.EOF && len(c.ahead) == 0 {
				return c.ended
			}
			break
		}
		if strings.IndexByte(l.text, 0) >= 0 {
			return fmt.Errorf("%s:%d: this is not UTF-8 text: save it as CSV in UTF-8", c.name, l.n)
		}
		size += len(l.text)
		c.ahead = append(c.ahead, l)
		if c.quick && strings.TrimSpace(l.text) != "" {
			if y, rest := c.arrange(); y.judged {
				c.layout, c.ahead = y, rest
				return nil
			}
		}
	}
	c.layout, c.ahead = c.arrange()
	return nil
}

var sepLine = regexp.MustCompile(`(?i)^\s*"?sep=(.)"?\s*$`)

// arrange returns the layout that the window shows, and the lines that belong to the table.
func (c *Cells) arrange() (layout, []line) {
	all := slices.DeleteFunc(slices.Clone(c.ahead), func(l line) bool { return strings.Trim(l.text, " ") == "" })
	y := layout{}
	if len(all) > 0 {
		if m := sepLine.FindStringSubmatch(all[0].text); m != nil {
			y.comma, all = m[1][0], all[1:]
		}
	}
	if !c.signals {
		for len(all) > 1 && isComment(all[0].text) && c.fewer(all, y.comma) {
			all = all[1:]
		}
	}
	if len(all) == 0 {
		y.comma = ','
		return y, nil
	}
	if y.comma == 0 {
		y.comma = c.separator(all)
	}
	if !c.signals {
		return y, all
	}
	y.tail = y.comma == ',' && mostEnd(all, ";")
	return y.rows(all, c.quick)
}

// fewer reports whether the first line has another number of cells than the second.
func (c *Cells) fewer(all []line, comma byte) bool {
	if comma == 0 {
		comma = c.separator(all[1:])
	}
	a, _, _ := splitQuoted(nil, all[0].text, comma)
	b, _, _ := splitQuoted(nil, all[1].text, comma)
	return len(a) != len(b)
}

func mostEnd(all []line, end string) bool {
	n := 0
	for _, l := range all {
		if strings.HasSuffix(strings.TrimRight(l.text, " "), end) {
			n++
		}
	}
	return 2*n > len(all)
}

// usualSeparator returns what the name of a table or its first line shows.
func usualSeparator(name, first string) byte {
	line := []byte(first)
	base := strings.TrimSuffix(strings.ToLower(name), ".gz")
	switch {
	case path.Ext(base) == ".tsv", bytes.IndexByte(line, '\t') >= 0 && bytes.IndexByte(line, ',') < 0:
		return '\t'
	case bytes.IndexByte(line, ';') >= 0 && (bytes.IndexByte(line, ',') < 0 || bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(","))):
		return ';'
	}
	return ','
}

// separator returns the separator that fits lines best.
func (c *Cells) separator(all []line) byte {
	first := all[0].text
	if i := slices.IndexFunc(all, func(l line) bool { return !isComment(l.text) }); c.signals && i > 0 {
		first = all[i].text
	}
	usual := usualSeparator(c.name, first)
	if path.Ext(strings.TrimSuffix(strings.ToLower(c.name), ".gz")) == ".tsv" {
		return usual
	}
	candidates := ",;\t"
	if c.signals {
		candidates = ",;\t| "
	}
	best, most := usual, c.fit(all, usual)
	for i := range len(candidates) {
		s := candidates[i]
		if s == ' ' && strings.ContainsAny(strings.TrimSpace(all[len(all)-1].text), "\t;|") {
			continue
		}
		if f := c.fit(all, s); s != usual && f.score() > most.score()*1.05 && (!c.signals || f.numbers > 0.75 || most.even < 0.5) {
			best, most = s, f
		}
	}
	return best
}

// A fit says how well a separator fits the lines of a window.
type fit struct {
	even    float64 // share of lines with as many cells as most lines
	numbers float64 // share of numbers and times among the cells of rows
}

func (f fit) score() float64 { return f.even * f.numbers }

func (c *Cells) fit(all []line, comma byte) fit {
	y := layout{comma: comma}
	if comma == ',' {
		y.tail = mostEnd(all, ";")
	}
	rows := y.cut(all)
	n := usualCount(rows)
	if !c.signals {
		if n = len(rows[0].cells); n < 2 {
			return fit{}
		}
	}
	even, cells, numbers := 0, 0, 0
	for _, r := range rows {
		if n < 2 || len(r.cells) != n && (!c.signals || len(r.cells) != n-1 || !blankEnd(rows, n)) {
			continue
		}
		even++
		if !y.isRow(r.cells) {
			continue
		}
		cells += len(r.cells)
		for _, cell := range r.cells {
			if y.isValue(cell) {
				numbers++
			}
		}
	}
	f := fit{even: float64(even) / float64(len(rows)), numbers: 1}
	if c.signals {
		f.numbers = float64(numbers) / float64(max(cells, 1))
	}
	return f
}

// A cut is a line with its cells, nil if it has none.
type cut struct {
	line
	cells []string
}

func (y *layout) cut(all []line) []cut {
	rows := make([]cut, len(all))
	for i, l := range all {
		rows[i].line = l
		if cells, _, err := splitQuoted(nil, y.trim(l.text), y.comma); err == nil {
			rows[i].cells = cells
		}
	}
	return rows
}

// usualCount returns the most frequent number of cells over 1, the last of several, or 1.
func usualCount(rows []cut) int {
	count := map[int]int{}
	best := 1
	for _, r := range rows {
		if len(r.cells) > 1 && !isComment(r.text) {
			count[len(r.cells)]++
		}
	}
	for _, r := range rows {
		if n := len(r.cells); count[n] > 0 && count[n] >= count[best] {
			best = n
		}
	}
	return best
}

// isData reports whether a cell can be part of a row but not of a header.
func (y *layout) isData(cell string) bool {
	if v, err := parseNumber(cell); err == nil && v == v {
		return true
	}
	return isTime(cell)
}

func (y *layout) isValue(cell string) bool {
	return isMissing(strings.TrimSpace(cell)) || y.isData(cell)
}

// isRow reports whether cells are a row: some have data, or none has a value.
func (y *layout) isRow(cells []string) bool {
	return len(cells) > 0 && (slices.ContainsFunc(cells, y.isData) || !slices.ContainsFunc(cells, func(s string) bool { return !isMissing(strings.TrimSpace(s)) }))
}

// rows finds the first row and the header before it. quick: the last line is the first that
// may be a row.
func (y layout) rows(all []line, quick bool) (layout, []line) {
	rows := y.cut(all)
	n := usualCount(rows)
	at := y.firstRow(rows, n)
	if at < 0 {
		return y, all
	}
	before := slices.DeleteFunc(slices.Clone(rows[:at]), func(r cut) bool { return isRule(r.text) })
	kept := all[at:]
	var comment *line
	if at > 0 && isComment(rows[at-1].text) {
		comment = &all[at-1]
	}
	before = slices.DeleteFunc(before, func(r cut) bool { return isComment(r.text) })
	fits := func(cells []string) bool { return len(cells) == n || len(cells) == n-1 && blankEnd(rows[at:], n) }
	head := len(before) - 1
	junk, fitting := 0, false
	if last := lastIndex(before, func(r cut) bool { return fits(r.cells) }); quick && last >= 0 {
		head, junk = last, head-last // half a line, or what a device prints as it starts
	}
	if head > 0 && fits(before[head].cells) && isUnits(before[head].cells) && fits(before[head-1].cells) {
		for _, u := range before[head].cells {
			if !utf8.ValidString(u) {
				u = fromLatin(u)
			}
			y.units = append(y.units, u)
		}
		head--
	}
	switch {
	case head >= 0 && before[head].isHead(n, quick):
		kept = append([]line{before[head].line}, kept...)
		y.headed, fitting = true, fits(before[head].cells)
	case comment != nil && fits(y.headComment(comment.text)):
		kept = append([]line{{strings.TrimLeft(comment.text, "#%/ \t"), comment.n}}, kept...)
		y.headed, fitting = true, true
		head++
	default:
		head++
	}
	if y.skipped = head + junk; y.skipped > 0 {
		y.first = before[0].text
		if head == 0 {
			y.first = before[1].text
		}
	}
	values := y.values(rows[at].cells)
	certain := y.headed && fitting || at+1 < len(rows) && len(rows[at+1].cells) == n
	y.judged = !quick || values == n || 2*values >= n && certain
	return y, kept
}

// firstRow returns the index of the first row of n cells, or −1. A line before a header that
// has n cells and fewer values than rows have is none.
func (y *layout) firstRow(rows []cut, n int) int {
	first := slices.IndexFunc(rows, func(r cut) bool { return len(r.cells) == n && !isComment(r.text) && y.isRow(r.cells) })
	if first < 0 {
		return first
	}
	last := lastIndex(rows, func(r cut) bool { return len(r.cells) == n && y.isRow(r.cells) })
	usual := y.values(rows[last].cells)
	header := false
	for i := first; i < last; i++ {
		if len(rows[i].cells) < n-1 || isComment(rows[i].text) {
			continue
		}
		if !y.isRow(rows[i].cells) {
			header = true
		} else if len(rows[i].cells) == n && y.values(rows[i].cells) >= usual {
			if header {
				return i
			}
			return first
		}
	}
	if header {
		return last
	}
	return first
}

// values returns the number of cells that may be values of a row.
func (y *layout) values(cells []string) (n int) {
	for _, s := range cells {
		if y.isValue(s) {
			n++
		}
	}
	return n
}

func lastIndex(rows []cut, is func(cut) bool) int {
	for i := len(rows) - 1; i >= 0; i-- {
		if is(rows[i]) {
			return i
		}
	}
	return -1
}

// blankEnd reports whether all rows of n cells end with a separator.
func blankEnd(rows []cut, n int) bool {
	return n > 1 && !slices.ContainsFunc(rows, func(r cut) bool { return len(r.cells) == n && strings.TrimSpace(r.cells[n-1]) != "" })
}

// isHead reports whether the line before rows of n cells is meant as their header. It may
// have the wrong number of cells, which is an error.
func (r *cut) isHead(n int, quick bool) bool {
	return len(r.cells) == n || len(r.cells) > 1 || !quick && !sentence.MatchString(r.text)
}

// headComment returns the cells of a comment that may be a header, or nil.
func (y *layout) headComment(s string) []string {
	cells, _, err := splitQuoted(nil, y.trim(strings.TrimLeft(s, "#%/ \t")), y.comma)
	if err != nil || slices.ContainsFunc(cells, y.isData) {
		return nil
	}
	return cells
}
