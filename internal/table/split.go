package table

import (
	"encoding/csv"
	"errors"
	"strings"
)

// errOpen says that a line ends within quotes.
var errOpen = errors.New("a quoted cell does not end")

// splitVerbatim appends the cells between the tabs of s.
func splitVerbatim(cells []string, s string) []string {
	for more := true; more; {
		var cell string
		cell, s, more = strings.Cut(s, "\t")
		cells = append(cells, cell)
	}
	return cells
}

// splitQuoted appends the cells of s. Cells may be in quotes as in RFC 4180, also with
// blanks around the quotes. A comma of ' ' is any number of blanks and tabs. If there is an
// error, at is where.
func splitQuoted(cells []string, s string, comma byte) (_ []string, at int, err error) {
	blanks := " \t"
	if comma == '\t' {
		blanks = " "
	}
	if comma == ' ' {
		s = strings.Trim(s, blanks)
	}
	for i := 0; ; {
		rest := strings.TrimLeft(s[i:], blanks)
		if rest != "" && rest[0] == '"' {
			i = len(s) - len(rest)
			cell, n, err := unquote(rest)
			if err != nil {
				return cells, i, err
			}
			cells = append(cells, cell)
			end := strings.TrimLeft(rest[n:], blanks)
			i = len(s) - len(end)
			if end == "" {
				return cells, 0, nil
			}
			switch {
			case comma == ' ' && len(end) < len(rest)-n:
			case comma != ' ' && end[0] == comma:
				i++
			default:
				return cells, i, csv.ErrQuote
			}
			continue
		}
		end := indexComma(s[i:], comma)
		cell := s[i:]
		if end >= 0 {
			cell = s[i : i+end]
		}
		if q := strings.IndexByte(cell, '"'); q >= 0 {
			return cells, i + q, csv.ErrBareQuote
		}
		cells = append(cells, cell)
		if end < 0 {
			return cells, 0, nil
		}
		i += end + 1
		if comma == ' ' {
			i = len(s) - len(strings.TrimLeft(s[i:], blanks))
		}
	}
}

func indexComma(s string, comma byte) int {
	if comma == ' ' {
		return strings.IndexAny(s, " \t")
	}
	return strings.IndexByte(s, comma)
}

// unquote returns the quoted cell that s begins with, and its length in s.
func unquote(s string) (cell string, n int, err error) {
	doubled := false
	for i := 1; ; i += 2 {
		q := strings.IndexByte(s[i:], '"')
		if q < 0 {
			return "", 0, errOpen
		}
		i += q
		if i+1 < len(s) && s[i+1] == '"' {
			doubled = true
			continue
		}
		cell = s[1:i]
		if doubled {
			cell = strings.ReplaceAll(cell, `""`, `"`)
		}
		return cell, i + 1, nil
	}
}
