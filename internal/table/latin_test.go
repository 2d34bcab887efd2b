package table

import (
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// fromLatin reads every byte as charmap does.
func TestWindows1252(t *testing.T) {
	for b := range 256 {
		if got, want := fromLatin(string([]byte{byte(b)})), string(charmap.Windows1252.DecodeByte(byte(b))); got != want {
			t.Errorf("%#x is %q, want %q", b, got, want)
		}
	}
}
