package screen

import (
	"os"
	"unicode/utf8"

	"golang.org/x/term"
)

// keyNames returns the keys of what a terminal sent: characters, and the names of arrows and
// of escape. Other sequences are left out.
func keyNames(b []byte) (keys []string) {
	for len(b) > 0 {
		if b[0] == 0x1b {
			n := sequence(b)
			switch string(b[1:n]) {
			case "[A", "OA":
				keys = append(keys, "up")
			case "[B", "OB":
				keys = append(keys, "down")
			case "":
				keys = append(keys, "esc")
			}
			b = b[n:]
			continue
		}
		_, n := utf8.DecodeRune(b)
		keys, b = append(keys, string(b[:n])), b[n:]
	}
	return keys
}

// sequence returns the length of the escape sequence that b begins with.
func sequence(b []byte) int {
	if len(b) < 2 || b[1] != '[' && b[1] != 'O' {
		return 1
	}
	for i, c := range b[2:] {
		if c >= 0x40 && c <= 0x7e {
			return i + 3
		}
	}
	return len(b)
}

// columns returns the width of a terminal; 0 if it does not say it.
func columns(f *os.File) int {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}
