package report

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes the report for a terminal.
func (r Reading) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d texts, %d characters, %.1f s\n", r.Texts, r.Characters, r.Seconds)
	for _, v := range r.Warnings {
		fmt.Fprintf(&b, "note: %s\n", printable(v))
	}
	fmt.Fprintf(&b, "\n%-22s %.4f\n%-22s %s\n%-22s %s\n", "bits a character", float64(r.Bits), "most probable one came", r.Right, "without a code", r.Unknown)
	_, err := io.WriteString(w, b.String())
	return err
}
