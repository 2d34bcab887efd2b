package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"inkling/stream/evaluate"
)

// WriteText writes the report for a terminal.
func (r Steps) WriteText(w io.Writer) error {
	var b strings.Builder
	writeHeading(&b, r.heading(), r.Warnings)
	b.WriteByte('\n')
	writeFigures(&b, r.figures(), 19, 7)
	c := r.confusion()
	c.writeLabels(&b)
	c.write(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Steps) heading() string {
	return fmt.Sprintf("%s in %s, %d labelled steps", plural(r.Recordings, "recording"), duration(r.Seconds), r.Steps)
}

func (r Steps) confusion() *confusion {
	return &confusion{labels: r.Labels, m: r.Matrix, unit: "steps", given: "running"}
}

// figures returns the summary, the most important figures first.
func (r Steps) figures() []figure {
	label, majority := r.Matrix.Majority()
	s := r.Segments
	fs := []figure{
		{"running", r.Accuracy.String(), fmt.Sprintf("of the steps; always naming “%s”: %s", short(r.Labels[label], 20), majority)},
		{"macro F1", decimal(r.MacroF1), "mean over the labels, of steps"},
		{"segments F1@10", decimal(s.F1At10), fmt.Sprintf("%d detected, %d true; overlaps of 10 %% are enough", s.Detected, s.True)},
		{"segments F1@25", decimal(s.F1At25), "of 25 %"},
		{"segments F1@50", decimal(s.F1At50), "of 50 %"},
		{"flips a minute", r.FlipsPerMinute.String(), fmt.Sprintf("of the running label; the true one has %s", r.ChangesPerMinute)},
		{"onset", r.Onset.Median.String() + " s", fmt.Sprintf("median from a segment's begin to its label, 90 %%: %s s; never in %d of %d",
			r.Onset.P90, r.Onset.Never, r.Onset.Never+r.Onset.Found)},
	}
	if c := r.Confirmed; c != nil {
		fs = append(fs, figure{"confirmed", c.Accuracy.String(), fmt.Sprintf("of the steps, with each detected segment's confirmed label; F1@50 %s; %s overturned",
			decimal(c.Segments.F1At50), c.Overturned)})
	}
	if r.None > 0 {
		fs = append(fs, figure{"without a label", evaluate.ShareOf(r.None, r.Steps).String(), "of the steps: outside segments, warming up, or held back"})
	}
	if r.Unlabelled > 0 {
		fs = append(fs, figure{"unlabelled", fmt.Sprint(r.Unlabelled), "steps have no true label and are left out"})
	}
	if r.SeenInTraining > 0 {
		fs = append(fs, figure{"seen in training", fmt.Sprint(r.SeenInTraining), "of the recordings: the figures flatter"})
	}
	return fs
}

// WriteHTML writes one page: figures, the labels over time and the confusion as inline
// SVG, each label's figures. It loads nothing and runs no script.
func (r Steps) WriteHTML(w io.Writer) error {
	s := &section{Title: cmp.Or(printable(r.Title), "inkling: evaluation step by step"), Heading: r.heading(), Warnings: printables(r.Warnings),
		Figures: r.figures(), Labels: r.confusion().rows(), Unit: "steps"}
	s.about(r.About)
	s.add(drawStrips(r), "Labels over time", "Of each recording, a dozen at most: the true label above, the running one below; white: none.")
	s.add(newChart(r.confusion(), fmt.Sprintf("%d steps, %s right", r.Steps, r.Matrix.Accuracy())).drawing(),
		"Confusion", "Of steps. A row is the true label, a column the running one. Colour is the share of the row.")
	s.Cutouts = r.cutouts()
	if s.err != nil {
		return s.err
	}
	return pages.ExecuteTemplate(w, "steps", s)
}
