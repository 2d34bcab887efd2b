package report

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes the report for a terminal.
func (r Reading) WriteText(w io.Writer) error {
	var b strings.Builder
	writeHeading(&b, fmt.Sprintf("%d texts, %d characters, %.1f s", r.Texts, r.Characters, r.Seconds), r.Warnings)
	fmt.Fprintf(&b, "\n%-22s %.4f\n%-22s %s\n%-22s %s\n", "bits a character", float64(r.Bits), "most probable one came", r.Right, "without a code", r.Unknown)
	_, err := io.WriteString(w, b.String())
	return err
}
