package view

import (
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

// Lines that are wrapped fit the width and lose nothing but blanks.
func TestWrappedLinesFit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-z█·日é]{0,50}`), 0, 12).Draw(t, "words")
		s := strings.Join(words, " ")
		if rapid.Bool().Draw(t, "colour") {
			s = "\x1b[32m" + s + "\x1b[0m"
		}
		width := rapid.IntRange(LeastWidth, 120).Draw(t, "width")
		got := Wrap(s, width)
		for _, line := range strings.Split(got, "\n") {
			line = strings.NewReplacer("\x1b[32m", "", "\x1b[0m", "").Replace(line)
			if n := uniseg.StringWidth(line); n > width {
				t.Fatalf("%q has %d columns of %d", line, n, width)
			}
		}
		bare := strings.NewReplacer(" ", "", "\n", "")
		if bare.Replace(got) != bare.Replace(s) {
			t.Fatalf("%q became %q", s, got)
		}
		if uniseg.StringWidth(s) <= width && Wrap(s, width) != s && !strings.Contains(s, "\x1b") {
			t.Fatalf("%q fits and became %q", s, got)
		}
	})
}
