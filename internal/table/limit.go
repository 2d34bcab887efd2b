package table

import (
	"bytes"
	"fmt"
	"io"
)

// Bounds of a text file: one that passes them is damaged, no table, or means harm.
const (
	MaxLine   = 64 << 20 // bytes of a line, and of a row whose quoted cells hold line ends
	MostCells = 1 << 20  // cells of a row
)

// What an input that passes the bounds is refused with.
var (
	ErrLine  = fmt.Errorf("a line of more than %d MB: this is no text of lines", MaxLine>>20)
	ErrRow   = fmt.Errorf("a row of more than %d MB: close its quote", MaxLine>>20)
	ErrCells = fmt.Errorf("a row of more than %d cells: give each sample a row of its own", MostCells)
)

// LimitLines returns r up to a line longer than MaxLine, which is ErrLine. It holds
// nothing back.
func LimitLines(r io.Reader) io.Reader { return &limited{r: r, most: maxLine} }

var maxLine, mostCells = MaxLine, MostCells // tests lower them

// checkCells returns ErrCells if a line has too many cells, whatever separates them. Blanks
// do not count: a text of one line has many.
func checkCells(text []byte) error {
	if len(text) <= mostCells {
		return nil
	}
	for _, c := range []string{",", ";", "\t", "|"} {
		if bytes.Count(text, []byte(c)) >= mostCells {
			return ErrCells
		}
	}
	return nil
}

type limited struct {
	r    io.Reader
	most int
	long int // bytes since the last line end
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if at := max(bytes.LastIndexByte(p[:n], '\n'), bytes.LastIndexByte(p[:n], '\r')); at >= 0 {
		l.long = n - at - 1
	} else {
		l.long += n
	}
	if l.long > l.most {
		return 0, ErrLine
	}
	return n, err
}
