package table

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"

	"inkling/internal/gunzip"
)

// A line is a line of a text without its end.
type line struct {
	text string
	n    int // its number, from 1
}

// lines reads a text line by line. A line ends with LF, CRLF or CR. It waits for no more
// input than the end of the line that it returns.
type lines struct {
	b      *bufio.Reader
	n      int    // lines read
	lf     bool   // a line ends with LF or CRLF only
	skipLF bool   // the last line ended with CR: an LF that follows belongs to it
	latin  int    // first line that is not UTF-8; 0: none
	bytes  bool   // lines that are not UTF-8 stay as they are
	long   []byte // the begin of a line that is not complete yet
}

// read returns the next line, or io.EOF.
func (l *lines) read() (line, error) {
	l.long = l.long[:0]
	for {
		if _, err := l.b.Peek(1); err != nil {
			if err == io.EOF && len(l.long) > 0 {
				return l.end(l.long), checkCells(l.long)
			}
			return line{}, err
		}
		have, _ := l.b.Peek(l.b.Buffered())
		if l.skipLF {
			if l.skipLF = false; have[0] == '\n' {
				l.b.Discard(1)
				continue
			}
		}
		at := l.indexEnd(have)
		if at < 0 {
			l.long = append(l.long, have...)
			l.b.Discard(len(have))
			if len(l.long) > maxLine {
				return line{}, ErrLine
			}
			continue
		}
		l.skipLF = have[at] == '\r'
		text := have[:at]
		if len(l.long) > 0 {
			l.long = append(l.long, text...)
			text = l.long
		}
		if l.lf {
			text = bytes.TrimSuffix(text, []byte("\r"))
		}
		ln := l.end(text)
		err := checkCells(text)
		l.b.Discard(at + 1)
		return ln, err
	}
}

// indexEnd returns the index of the byte that ends the line in p, or −1.
func (l *lines) indexEnd(p []byte) int {
	at := bytes.IndexByte(p, '\n')
	if l.lf {
		return at
	}
	if at >= 0 {
		p = p[:at]
	}
	if cr := bytes.IndexByte(p, '\r'); cr >= 0 {
		return cr
	}
	return at
}

// end makes a line of its bytes.
func (l *lines) end(text []byte) line {
	l.n++
	return line{string(text), l.n}
}

// utf8 returns a line in UTF-8: one that is not is taken for Windows-1252.
func (l *lines) utf8(ln line) line {
	if l.bytes || utf8.ValidString(ln.text) {
		return ln
	}
	if l.latin == 0 {
		l.latin = ln.n
	}
	ln.text = fromLatin(ln.text)
	return ln
}

// windows1252 has what that code page means by 0x80 to 0x9f; the other bytes are the first 256
// characters of Unicode. The package charmap would bring every other code page as well.
var windows1252 = [...]rune{
	'€', utf8.RuneError, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', utf8.RuneError, 'Ž', utf8.RuneError,
	utf8.RuneError, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', utf8.RuneError, 'ž', 'Ÿ',
}

// fromLatin returns a text in Windows-1252 as UTF-8.
func fromLatin(text string) string {
	var s strings.Builder
	for _, b := range []byte(text) {
		switch {
		case b < 0x80 || b >= 0xa0:
			s.WriteRune(rune(b))
		default:
			s.WriteRune(windows1252[b-0x80])
		}
	}
	return s.String()
}

// text returns r uncompressed, in UTF-8 and without its byte order mark. Text in UTF-16 is
// recognised by its mark, or by the zero bytes of its first two characters.
func (c *Cells) text(r io.Reader) (*bufio.Reader, error) {
	b := bufio.NewReaderSize(LimitLines(r), maxWindow)
	if magic, _ := b.Peek(2); string(magic) == "\x1f\x8b" {
		z, err := gunzip.NewReader(b)
		if err != nil {
			return nil, c.explain(err)
		}
		b = bufio.NewReaderSize(LimitLines(z), maxWindow)
	}
	if mark, _ := b.Peek(3); string(mark) == "\ufeff" {
		b.Discard(3)
		return b, nil
	}
	order, wide := utf16Order(b)
	if !wide {
		return b, nil
	}
	d := unicode.UTF16(order, unicode.UseBOM).NewDecoder()
	return bufio.NewReaderSize(LimitLines(d.Reader(b)), maxWindow), nil
}

// utf16Order reports whether the text begins as UTF-16, and in which byte order.
func utf16Order(b *bufio.Reader) (unicode.Endianness, bool) {
	p, _ := b.Peek(2)
	if len(p) < 2 {
		return unicode.LittleEndian, false
	}
	switch {
	case p[0] == 0xff && p[1] == 0xfe:
		return unicode.LittleEndian, true
	case p[0] == 0xfe && p[1] == 0xff:
		return unicode.BigEndian, true
	case p[0] != 0 && p[1] != 0:
		return unicode.LittleEndian, false
	}
	p, _ = b.Peek(4)
	switch {
	case len(p) < 4:
	case p[0] != 0 && p[1] == 0 && p[2] != 0 && p[3] == 0:
		return unicode.LittleEndian, true
	case p[0] == 0 && p[1] != 0 && p[2] == 0 && p[3] != 0:
		return unicode.BigEndian, true
	}
	return unicode.LittleEndian, false
}

// notes says how the text was read, if not as UTF-8.
func (l *lines) notes() []string {
	if l.latin == 0 {
		return nil
	}
	return []string{fmt.Sprintf("the text is not UTF-8 (line %d): it is read as Windows-1252 (Latin-1); save it in UTF-8 if characters are wrong", l.latin)}
}
