package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"inkling/stream/evaluate"
)

// WriteText writes the report for a terminal: accuracies with their 95 % intervals, the
// running label over the segment, each label's figures, the confusion.
func (r Clips) WriteText(w io.Writer) error {
	if err := r.Check(); err != nil {
		return err
	}
	var b strings.Builder
	if r.Title != "" {
		fmt.Fprintf(&b, "%s\n", printable(r.Title))
	}
	writeHeading(&b, fmt.Sprintf("%d %s, %d labels, %.1f s", r.Examples, r.unit(), len(r.Labels), r.Seconds), r.Warnings)
	b.WriteByte('\n')
	writeFigures(&b, r.figures(), 19, 7)
	if r.Running != nil {
		writeRunning(&b, r.Running)
	}
	c := r.confusion()
	c.writeLabels(&b)
	c.write(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeRunning writes the accuracy of the running label over the segment and, for texts,
// at the milestones.
func writeRunning(b *strings.Builder, r *evaluate.Running) {
	b.WriteString("\nrunning label right after so much of the segment\n")
	for k := 1; k <= evaluate.Tenths; k++ {
		a := r.AccuracyAt[evaluate.Fraction(k)]
		fmt.Fprintf(b, "  %3d %%  %s %7s", 10*k, bar(float64(a), 40), a)
		if c, ok := r.CarriedAt[evaluate.Fraction(k)]; ok {
			fmt.Fprintf(b, "   %7s with the state carried on", c)
		}
		b.WriteByte('\n')
	}
	for i, n := range r.Milestones() {
		if i == 0 {
			b.WriteString("\naccuracy after so many characters\n")
		}
		a := r.AccuracyAfter[strconv.Itoa(n)]
		fmt.Fprintf(b, "  %5d  %s %7s\n", n, bar(float64(a), 40), a)
	}
}

// figures returns the summary, the most important figures first.
func (r Clips) figures() []figure {
	c := r.ConfusionMatrix()
	lo, hi := evaluate.Wilson(c.Right(), c.Total())
	label, majority := c.Majority()
	fs := []figure{
		{"confirmed", r.Confirmed.Accuracy.String(), fmt.Sprintf("95 %% interval %s to %s; always naming “%s”: %s",
			evaluate.Share(lo), evaluate.Share(hi), short(r.Labels[label], 20), majority)},
		{"macro F1", decimal(r.Confirmed.MacroF1), "mean over the labels"},
	}
	if r.Running != nil {
		fs = append(fs, figure{"running", r.Running.AccuracyAt[evaluate.Fraction(evaluate.Tenths)].String(), "at the segment's end"})
	}
	if e := r.Early; e != nil {
		fs = append(fs, figure{"early", e.Accuracy.String(), fmt.Sprintf("final after %s of the segment on average; %s",
			e.Earliness, gapNote(float64(e.Gap)))},
			figure{"overturned", e.Overturned.String(), "of the early labels, by the confirmed one"})
	}
	fs = append(fs, figure{"calibration error", decimal(r.Calibration.ConfirmedECE), "of the confirmed label's probability"})
	if n := len(r.Calibration.RunningECE); n > 0 {
		fs = append(fs, figure{"", decimal(r.Calibration.RunningECE[n-1]), "of the running label's, at the end"})
	}
	seen := "none of them was trained on"
	if r.SeenInTraining > 0 {
		seen = "were trained on: the figures flatter"
	}
	return append(fs, figure{"seen in training", strconv.Itoa(r.SeenInTraining), seen})
}

func gapNote(gap float64) string {
	points := math.Round(math.Abs(gap)*1000) / 10
	switch {
	case points == 0:
		return "as accurate as confirmed"
	case gap < 0:
		return fmt.Sprintf("%.1f points above confirmed", points)
	}
	return fmt.Sprintf("%.1f points below confirmed", points)
}

func (r Clips) unit() string {
	if r.Unit == "" {
		return "examples"
	}
	return r.Unit
}

func (r Clips) confusion() *confusion {
	return &confusion{labels: r.Labels, m: r.ConfusionMatrix(), unit: "examples", given: "confirmed"}
}

// title says what the confusion counts.
func (r Clips) title() string {
	return fmt.Sprintf("%d %s, %s right", r.Examples, r.unit(), r.ConfusionMatrix().Accuracy())
}

// WriteHTML writes the page of one report; see the function WriteHTML.
func (r Clips) WriteHTML(w io.Writer) error { return WriteHTML(w, "inkling: evaluation", r.Report) }

// section returns r as the section of a page with this number.
func (r Clips) section(number int) (*section, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	s := &section{Heading: printable(r.Title), Warnings: printables(r.Warnings), Figures: r.figures(), Labels: r.confusion().rows(), Unit: "examples",
		Wrong: r.Wrong(), Rows: len(r.Rows) > 0, Examples: r.cellTable(number)}
	s.about(r.About)
	slices.SortStableFunc(s.Wrong, func(a, b evaluate.Row) int { return cmp.Compare(b.P, a.P) })
	if s.Heading == "" {
		s.Heading = fmt.Sprintf("%d %s", r.Examples, r.unit())
	}
	if n := len(s.Wrong); n > mostListed {
		s.Wrong, s.More = s.Wrong[:mostListed], n-mostListed
	}
	for i := range s.Wrong {
		w := &s.Wrong[i]
		w.File, w.Truth, w.Confirmed, w.Running = printable(w.File), printable(w.Truth), printable(w.Confirmed), printable(w.Running)
	}
	s.add(optional(drawRunning(r)), "Running accuracy", "How often the running label is right after so much of the segment; the triangle is the early label, at the mean part seen when it became final.")
	s.add(optional(drawMilestones(r)), "Accuracy after N characters", "How often the running label is right after so many characters; shorter texts count with their last one.")
	s.add(newChart(r.confusion(), r.title()).drawing(), "Confusion", "A row is the true label, a column the confirmed one. Colour is the share of the row.")
	s.add(optional(drawReliability(r)), "Calibration", "How often answers of a probability are right, with 95 % intervals. Grey: how many answers have it. The error is the expected calibration error over 15 bins.")
	return s, s.err
}
