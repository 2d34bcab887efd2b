// Package plain shows text of strangers (labels, names, reasons, paths) on a terminal.
// Control characters, which could move the cursor, change colours or forge lines, and
// characters that reorder a line are written as escapes: ESC as \u001b, and a byte that is
// not UTF-8 as \x9b. The escapes of characters are those of JSON.
package plain

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Text returns s with escapes, as one line: a line feed becomes \n, a tab \t.
func Text(s string) string {
	clean := true
	for i, r := range s {
		if !shown(r) || r == utf8.RuneError && invalid(s[i:]) {
			clean = false
			break
		}
	}
	if clean {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		default:
			b.Write(appendRune(nil, r, size, s[0]))
		}
		s = s[size:]
	}
	return b.String()
}

func invalid(s string) bool {
	_, size := utf8.DecodeRuneInString(s)
	return size == 1
}

// shown reports whether a terminal shows r as a character and nothing more.
func shown(r rune) bool {
	switch {
	case r < 0x7f:
		return r >= ' '
	case r == '\u00ad' || r == '\u200c' || r == '\u200d': // soft hyphen; joiners of scripts and emoji
		return true
	case r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef: // noncharacters, which XML forbids
		return false
	}
	return !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// appendRune appends r, which came of size bytes that begin with first.
func appendRune(dst []byte, r rune, size int, first byte) []byte {
	switch {
	case r == utf8.RuneError && size == 1:
		return fmt.Appendf(dst, `\x%02x`, first)
	case shown(r):
		return utf8.AppendRune(dst, r)
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
	}
	return fmt.Appendf(dst, `\u%04x`, r)
}

// NewWriter returns a writer of lines to w: it writes what Text returns, but leaves line
// feeds and tabs as they are. A character may come in several calls of Write.
func NewWriter(w io.Writer) io.Writer { return &writer{w: w} }

type writer struct {
	w    io.Writer
	part []byte // the beginning of a character
	buf  []byte
}

func (p *writer) Write(data []byte) (int, error) {
	p.buf = p.buf[:0]
	text := data
	if len(p.part) > 0 {
		text = append(p.part, data...)
	}
	for len(text) > 0 && utf8.FullRune(text) {
		if c := text[0]; c == '\n' || c == '\t' || c >= ' ' && c < 0x7f {
			p.buf, text = append(p.buf, c), text[1:]
			continue
		}
		r, size := utf8.DecodeRune(text)
		p.buf = appendRune(p.buf, r, size, text[0])
		text = text[size:]
	}
	p.part = append(p.part[:0], text...)
	if _, err := p.w.Write(p.buf); err != nil {
		return 0, err
	}
	return len(data), nil
}
