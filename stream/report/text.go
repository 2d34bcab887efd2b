package report

import (
	"fmt"
	"inkling/stream/evaluate"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textWidth is how wide WriteText may become for the confusion's full labels.
const textWidth = 100

// WriteText writes the report for a terminal: accuracies with their 95 %
// intervals, the running label's course, each label's figures, the confusion.
func (r Clips) WriteText(w io.Writer) error {
	if err := r.Check(); err != nil {
		return err
	}
	var b strings.Builder
	if r.Title != "" {
		fmt.Fprintf(&b, "%s\n", printable(r.Title))
	}
	fmt.Fprintf(&b, "%d %s, %d labels, %.1f s\n", r.Examples, r.unit(), len(r.Labels), r.Seconds)
	for _, v := range r.Warnings {
		fmt.Fprintf(&b, "note: %s\n", printable(v))
	}
	b.WriteByte('\n')
	for _, f := range r.figures() {
		fmt.Fprintf(&b, "%-19s %7s   %s\n", f.Name, f.Value, f.Note)
	}
	if r.Running != nil {
		b.WriteString("\nrunning label right after so much of the segment\n")
		for k := 1; k <= evaluate.Tenths; k++ {
			a := r.Running.AccuracyAt[evaluate.Fraction(k)]
			fmt.Fprintf(&b, "  %3d %%  %s %7s", 10*k, bar(float64(a), 40), a)
			if c, ok := r.Running.CarriedAt[evaluate.Fraction(k)]; ok {
				fmt.Fprintf(&b, "   %7s with the state carried on", c)
			}
			b.WriteByte('\n')
		}
		writeAfter(r.Running, &b)
	}
	r.writeClasses(&b)
	r.writeConfusion(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeAfter writes the accuracy at the milestones, if there are any.
func writeAfter(r *evaluate.Running, b *strings.Builder) {
	steps := r.Milestones()
	if len(steps) == 0 {
		return
	}
	b.WriteString("\naccuracy after so many characters\n")
	for _, n := range steps {
		a := r.AccuracyAfter[strconv.Itoa(n)]
		fmt.Fprintf(b, "  %5d  %s %7s\n", n, bar(float64(a), 40), a)
	}
}

// A figure is one line of the summary.
type figure struct{ Name, Value, Note string }

// figures are the summary, in the order of importance.
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

func decimal(s evaluate.Share) string {
	if math.IsNaN(float64(s)) {
		return "–"
	}
	return fmt.Sprintf("%.3f", float64(s))
}

// bar is v of width cells, in eighths.
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

func (r Clips) writeClasses(b *strings.Builder) {
	c, width := r.ConfusionMatrix(), 5
	for _, l := range r.Labels {
		width = max(width, len([]rune(short(l, 30))))
	}
	what := "examples"
	if r.Unit == unitSteps {
		what = unitSteps
	}
	fmt.Fprintf(b, "\n%s  %8s  sensitivity  precision     F1\n", pad("label", width), what)
	for k, l := range r.Labels {
		fmt.Fprintf(b, "%s  %8d  %11s  %9s  %5s\n", pad(short(l, 30), width), c.Row(k), c.Sensitivity(k), c.Precision(k), decimal(c.F1(k)))
	}
}

func (r Clips) writeConfusion(b *strings.Builder) {
	c := r.ConfusionMatrix()
	rows, heads := make([]string, len(r.Labels)), make([]string, len(r.Labels))
	left, wide, digits, none := 0, 0, 1, 0
	for k, l := range r.Labels {
		rows[k], heads[k] = short(l, 20), short(l, 12)
		wide = max(wide, utf8.RuneCountInString(heads[k]))
		none += c.None[k]
		for _, n := range c.Counts[k] {
			digits = max(digits, len(strconv.Itoa(n)))
		}
	}
	wide = max(wide, digits)
	gap := "  "
	if len(r.Labels)*(wide+2) > textWidth-20 { // no room for labels: number them
		wide = max(digits, len(strconv.Itoa(len(r.Labels))))
		gap = " "
		for k := range rows {
			heads[k] = strconv.Itoa(k + 1)
			rows[k] = fmt.Sprintf("%2d %s", k+1, rows[k])
		}
	}
	for _, s := range rows {
		left = max(left, utf8.RuneCountInString(s))
	}
	column := "confirmed"
	if r.Unit == unitSteps {
		column = "running"
	}
	b.WriteString("\nconfusion: a row is the true label, a column the " + column + " one\n" + strings.Repeat(" ", left))
	for _, h := range heads {
		b.WriteString(gap + strings.Repeat(" ", wide-utf8.RuneCountInString(h)) + h)
	}
	if none > 0 {
		b.WriteString("  none")
	}
	b.WriteByte('\n')
	for k, s := range rows {
		b.WriteString(pad(s, left))
		for _, n := range c.Counts[k] {
			fmt.Fprintf(b, "%s%*s", gap, wide, count(n))
		}
		if none > 0 {
			fmt.Fprintf(b, "  %4s", count(c.None[k]))
		}
		b.WriteByte('\n')
	}
}

// count is n, a zero as a dot: what is not zero stands out.
func count(n int) string {
	if n == 0 {
		return "·"
	}
	return strconv.Itoa(n)
}

func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(s)))
}

// printable is s without what a terminal or an XML file cannot take.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) || c == utf8.RuneError {
			return '?'
		}
		return c
	}, s)
}

// short is s, printable, in at most n characters.
func short(s string, n int) string {
	r := []rune(printable(s))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}
