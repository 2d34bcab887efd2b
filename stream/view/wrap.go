package view

import (
	"strings"

	"github.com/rivo/uniseg"
)

// indent is before each further line of one that is wrapped.
const indent = "    "

// A glyph is a character as a reader sees it, with the columns that it takes, or a sequence
// that sets a colour, which takes none.
type glyph struct {
	text  string
	width int
}

// glyphs divides a line into its glyphs.
func glyphs(s string) (list []glyph) {
	state := -1
	for len(s) > 0 {
		if strings.HasPrefix(s, "\x1b[") { // only paint writes these
			n := strings.IndexByte(s, 'm') + 1
			list, s, state = append(list, glyph{s[:n], 0}), s[n:], -1
			continue
		}
		part, rest := s, ""
		if i := strings.IndexByte(s, '\x1b'); i > 0 {
			part, rest = s[:i], s[i:]
		}
		for len(part) > 0 {
			var g glyph
			g.text, part, g.width, state = uniseg.FirstGraphemeClusterInString(part, state)
			list = append(list, g)
		}
		s = rest
	}
	return list
}

// Wrap divides a line at blanks into lines of at most width columns, or within words that
// are longer; 0 leaves it as it is. A number and its % stay together.
func Wrap(s string, width int) string {
	if width == 0 {
		return s
	}
	var lines []string
	var line []glyph
	used, blank := 0, -1 // columns of the present line; where in it the last blank is
	all := glyphs(s)
	for i, g := range all {
		if g.text == " " && len(lines) > 0 && used == len(indent) {
			continue // none begins a further line
		}
		if used+g.width > width {
			cut := len(line)
			if blank >= 0 && g.text != " " {
				cut = blank
			}
			lines = append(lines, strings.TrimRight(join(line[:cut]), " "))
			line, used, blank = trimBlanks(line[cut:]), len(indent), -1
			for _, left := range line {
				used += left.width
			}
			if g.text == " " {
				continue
			}
		}
		if g.text == " " && (i+1 == len(all) || all[i+1].text != "%") {
			blank = len(line)
		}
		line = append(line, g)
		used += g.width
	}
	return strings.Join(append(lines, join(line)), "\n"+indent)
}

func join(line []glyph) string {
	var b strings.Builder
	for _, g := range line {
		b.WriteString(g.text)
	}
	return b.String()
}

// trimBlanks returns glyphs without the blanks that they begin with.
func trimBlanks(line []glyph) []glyph {
	for len(line) > 0 && line[0].text == " " {
		line = line[1:]
	}
	return line
}

// Clip returns the beginning of a line that takes at most width columns. Sequences that
// set colours take none, and all are kept.
func Clip(s string, width int) string {
	var out strings.Builder
	full := false
	for _, g := range glyphs(s) {
		width -= g.width
		if full = full || width < 0; !full || strings.HasPrefix(g.text, "\x1b") {
			out.WriteString(g.text)
		}
	}
	return out.String()
}

// Columns returns the columns that a line takes.
func Columns(s string) (n int) {
	for _, g := range glyphs(s) {
		n += g.width
	}
	return n
}
