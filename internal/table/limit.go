package table

import (
	"bytes"
	"fmt"
	"io"
)

// MaxLine is the length of the longest line of a text file, in bytes: a file that holds a
// longer one is damaged, no table, or means harm.
const MaxLine = 64 << 20

// ErrLine says that a line is longer than MaxLine.
var ErrLine = fmt.Errorf("a line of more than %d MB: this is no text of lines", MaxLine>>20)

// LimitLines returns r up to a line longer than MaxLine, which is ErrLine. It holds
// nothing back.
func LimitLines(r io.Reader) io.Reader { return &limited{r: r, most: maxLine} }

var maxLine = MaxLine // tests lower it

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
