package report

import (
	"fmt"
	"io"
	"slices"
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

// What the confusion calls the rows and columns that are no class.
const (
	noneAnnotated = "none annotated"
	noLabel       = "no label"
	notFound      = "not found"
)

// confusion returns the counts as a chart shows them: a row for each label of the model, for
// each other class that is annotated, and for beats found where nothing is annotated.
func (r Beats) confusion() *confusion {
	n, wide := len(r.Labels), len(r.Labels)+2
	c := &confusion{labels: slices.Clone(r.Labels), others: []string{noLabel, notFound}, unit: "beats", given: "confirmed"}
	unlabelled := 0
	for _, row := range r.Confusion {
		unlabelled += row[n]
	}
	c.m = &evaluate.Matrix{}
	add := func(row []int) {
		if row = slices.Clone(row); unlabelled == 0 {
			row = slices.Delete(row, n, n+1)
		}
		c.m.Counts, c.m.None = append(c.m.Counts, row), append(c.m.None, 0)
	}
	for _, l := range r.Labels {
		if i := slices.Index(r.Truths, l); i >= 0 {
			add(r.Confusion[i])
		} else {
			add(make([]int, wide))
		}
	}
	for i, l := range r.Truths {
		if !slices.Contains(r.Labels, l) && slices.Max(r.Confusion[i]) > 0 {
			c.labels = append(c.labels, l)
			add(r.Confusion[i])
		}
	}
	c.labels = append(c.labels, noneAnnotated)
	add(r.Confusion[len(r.Truths)])
	c.extra = len(c.labels) - n
	if unlabelled == 0 {
		c.others = c.others[1:]
	}
	return c
}

// title says what the confusion counts.
func (r Beats) title() string {
	return fmt.Sprintf("%d beats, %s right", r.Beats, r.Classes.Accuracy)
}

func drawBeats(r Beats) (*drawing, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	return newChart(r.confusion(), r.title()).drawing(), nil
}

func labelColumns(labels []string) string {
	var b strings.Builder
	for _, l := range labels {
		fmt.Fprintf(&b, "%6s ", printable(l))
	}
	return strings.TrimRight(b.String(), " ")
}
