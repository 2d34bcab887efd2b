package report

import (
	"fmt"
	"io"
	"strings"

	"inkling/stream/evaluate"
)

// WriteText writes the report for a terminal.
func (r Beats) WriteText(w io.Writer) error {
	var b strings.Builder
	writeHeading(&b, fmt.Sprintf("%s, %d annotated beats; %.1f s", plural(r.Records, "record"), r.Beats, r.Seconds), r.Warnings)
	q, t := &r.QRS, &r.Classes
	fmt.Fprintf(&b, "\n%-14s %7s   %d found, %d missed; R peaks %s ms off on average\n", "QRS", q.Sensitivity, q.Found, q.Missed, q.ErrorMS)
	fmt.Fprintf(&b, "%-14s %7s   %d false\n", "QRS precision", q.Precision, q.False)
	fmt.Fprintf(&b, "%-14s %7s   mean over the labels\n", "macro F1", decimal(t.MacroF1))
	fmt.Fprintf(&b, "%-14s %7s   always naming %s: %s\n", "right", t.Accuracy, t.Always, t.Baseline)
	fmt.Fprintf(&b, "\nclass   beats  sensitivity  precision    EC57     F1\n")
	for _, label := range r.Labels {
		c := t.PerClass[label]
		fmt.Fprintf(&b, "%-6s %6d  %11s  %9s  %6s  %5s\n", printable(label), c.Beats, c.Sensitivity, c.Precision, c.PrecisionEC57, decimal(c.F1))
	}
	fmt.Fprintf(&b, "\ntruth, given  %s  no label  not found\n", labelColumns(r.Labels))
	for i, row := range r.Confusion {
		name := "none"
		if i < len(r.Truths) {
			name = r.Truths[i]
		}
		fmt.Fprintf(&b, "%-13s", name)
		for j, v := range row {
			fmt.Fprintf(&b, " %*d", [...]int{6, 9, 10}[max(0, j-len(r.Labels)+1)], v)
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\nrecord   beats      QRS  precision   right\n")
	for _, p := range r.PerRecord {
		fmt.Fprintf(&b, "%-7s %6d  %7s  %9s %7s\n", printable(p.Record), p.Beats, p.QRS.Sensitivity, p.QRS.Precision, evaluate.ShareOf(p.Right, p.Beats))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func labelColumns(labels []string) string {
	var b strings.Builder
	for _, l := range labels {
		fmt.Fprintf(&b, "%6s ", printable(l))
	}
	return strings.TrimRight(b.String(), " ")
}
