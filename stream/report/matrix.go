package report

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"inkling/stream/evaluate"
)

// A confusion is a confusion matrix with the words for it.
type confusion struct {
	labels []string
	others []string         // what columns after those of labels are; nil: as the rows after them
	m      *evaluate.Matrix // label k has row k and column k
	unit   string           // what is counted
	given  string           // which label the columns are: confirmed or running
	extra  int              // how many of the last rows have no figures
}

// rows returns the figures of each label.
func (c *confusion) rows() (rows []labelRow) {
	for k, l := range c.labels {
		rows = append(rows, labelRow{printable(l), c.m.Row(k), c.m.Sensitivity(k), c.m.Precision(k), decimal(c.m.F1(k))})
	}
	return rows
}

// writeLabels writes the figures of each label.
func (c *confusion) writeLabels(b *strings.Builder) {
	width := widest(c.labels, 5, 30)
	fmt.Fprintf(b, "\n%s  %8s  sensitivity  precision     F1\n", pad("label", width), c.unit)
	for _, r := range c.rows() {
		fmt.Fprintf(b, "%s  %8d  %11s  %9s  %5s\n", pad(short(r.Label, 30), width), r.Count, r.Sensitivity, r.Precision, r.F1)
	}
}

// textWidth is the greatest width of a matrix with labels as column heads.
const textWidth = 100

// write writes the matrix.
func (c *confusion) write(b *strings.Builder) {
	rows, heads := make([]string, len(c.labels)), make([]string, len(c.labels))
	digits, none := 1, 0
	for k, l := range c.labels {
		rows[k], heads[k] = short(l, 20), short(l, 12)
		none += c.m.None[k]
		for _, n := range c.m.Counts[k] {
			digits = max(digits, len(strconv.Itoa(n)))
		}
	}
	wide, gap := widest(heads, digits, 12), "  "
	if len(c.labels)*(wide+2) > textWidth-20 { // no room for labels: number them
		wide, gap = max(digits, len(strconv.Itoa(len(c.labels)))), " "
		for k := range rows {
			heads[k] = strconv.Itoa(k + 1)
			rows[k] = fmt.Sprintf("%2d %s", k+1, rows[k])
		}
	}
	left := 0
	for _, s := range rows {
		left = max(left, utf8.RuneCountInString(s))
	}
	b.WriteString("\nconfusion: a row is the true label, a column the " + c.given + " one\n" + strings.Repeat(" ", left))
	for _, h := range heads {
		b.WriteString(gap + strings.Repeat(" ", wide-utf8.RuneCountInString(h)) + h)
	}
	if none > 0 {
		b.WriteString("  none")
	}
	b.WriteByte('\n')
	for k, s := range rows {
		b.WriteString(pad(s, left))
		for _, n := range c.m.Counts[k] {
			fmt.Fprintf(b, "%s%*s", gap, wide, count(n))
		}
		if none > 0 {
			fmt.Fprintf(b, "  %4s", count(c.m.None[k]))
		}
		b.WriteByte('\n')
	}
}
