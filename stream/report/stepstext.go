package report

import (
	"fmt"
	"inkling/stream/evaluate"
	"io"
	"strings"
)

// WriteText writes the report for a terminal.
func (r Steps) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.heading())
	for _, v := range r.Warnings {
		fmt.Fprintf(&b, "note: %s\n", printable(v))
	}
	b.WriteByte('\n')
	for _, f := range r.figures() {
		fmt.Fprintf(&b, "%-19s %7s   %s\n", f.Name, f.Value, f.Note)
	}
	c := r.confused()
	c.writeClasses(&b)
	c.writeConfusion(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Steps) heading() string {
	return fmt.Sprintf("%s in %s, %d labelled steps", plural(r.Recordings, "recording"), duration(r.Seconds), r.Steps)
}

// unitSteps is the unit of a Report of steps.
const unitSteps = "steps"

// confused has the steps' confusion in the form of a Report.
func (r Steps) confused() Clips {
	return Clips{&evaluate.Report{Examples: r.Steps, Labels: r.Labels, Unit: unitSteps, Matrix: r.Matrix}}
}

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
