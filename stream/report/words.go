package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"inkling/internal/plain"
	"inkling/stream/evaluate"
)

// A figure is one line of a summary.
type figure struct{ Name, Value, Note string }

func writeFigures(b *strings.Builder, fs []figure, name, value int) {
	for _, f := range fs {
		fmt.Fprintf(b, "%-*s %*s   %s\n", name, f.Name, value, f.Value, f.Note)
	}
}

// writeHeading writes a first line, then what the reader should know first.
func writeHeading(b *strings.Builder, heading string, warnings []string) {
	fmt.Fprintf(b, "%s\n", heading)
	for _, v := range warnings {
		fmt.Fprintf(b, "note: %s\n", printable(v))
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// duration writes seconds as 1h30m0s, 2m5s or 4.2s.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d > time.Minute {
		return d.Round(time.Second).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// decimal writes s with three decimals; – if it is undefined.
func decimal(s evaluate.Share) string {
	if math.IsNaN(float64(s)) {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(s))
}

// count writes n, and a zero as a dot so that other counts stand out.
func count(n int) string {
	if n == 0 {
		return "·"
	}
	return strconv.Itoa(n)
}

// bar draws v, from 0 to 1, as a bar in a field of the given width.
func bar(v float64, width int) string {
	if math.IsNaN(v) {
		v = 0
	}
	n := int(math.Round(min(max(v, 0), 1) * float64(8*width)))
	s := strings.Repeat("█", n/8)
	if n%8 > 0 {
		s += string([]rune(" ▏▎▍▌▋▊▉")[n%8])
	}
	return pad(s, width)
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// printable shows the characters that a terminal or an XML file cannot show as escapes.
func printable(s string) string { return plain.Text(s) }

func printables(list []string) (out []string) {
	for _, s := range list {
		out = append(out, printable(s))
	}
	return out
}

// short returns s, printable, in at most n characters.
func short(s string, n int) string {
	r := []rune(printable(s))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}

// widest returns the width of the widest label, in at most most characters, but at least
// least.
func widest(labels []string, least, most int) int {
	for _, l := range labels {
		least = max(least, utf8.RuneCountInString(short(l, most)))
	}
	return least
}
