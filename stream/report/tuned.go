package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"inkling/model/segment"
	"inkling/stream/evaluate"
)

// WriteText writes a table for a terminal: the figures before and after, and the settings
// that were chosen.
func (r Tuned) WriteText(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	b, f := &r.Before, &r.After
	fmt.Fprintf(w, "\tas it was\ttuned\n")
	fmt.Fprintf(w, "recall\t%s\t%s\t%d of %d events\n", b.Recall, f.Recall, f.Found, f.Events)
	fmt.Fprintf(w, "false alarms an hour\t%.3g\t%.3g\t%d in %s\n", b.PerHour, f.PerHour, f.FalseAlarms,
		time.Duration(f.Hours*float64(time.Hour)).Round(time.Second))
	if g := &r.Goal; g.Confidence > 0 {
		fmt.Fprintf(w, "  at %.0f %%, at most\t%.3g\t%.3g\n", 100*g.Confidence, b.PerHourMost, f.PerHourMost)
		fmt.Fprintf(w, "  recall, at least\t%s\t%s\n", evaluate.Share(b.RecallLeast), evaluate.Share(f.RecallLeast))
	}
	fmt.Fprintf(w, "running label after\t%s ms\t%s ms\tmedian, found events\n", b.LatencyMS, f.LatencyMS)
	fmt.Fprintf(w, "its changes a minute\t%s\t%s\n", b.Flips, f.Flips)
	d := &r.Decision
	fmt.Fprintf(w, "threshold\t\t%.6g\n", d.Threshold)
	for _, label := range slices.Sorted(maps.Keys(d.On)) {
		fmt.Fprintf(w, "  %q\t\t%.6g\n", label, d.On[label])
	}
	if d.CUSUMLimit > 0 {
		fmt.Fprintf(w, "evidence\t\t%v nats, less %v a step\n", d.CUSUMLimit, d.CUSUMDrift)
	}
	if d.Smooth > 0 || d.Hold > 0 {
		fmt.Fprintf(w, "running label\t\taverage over %v steps, hold of %d\n", d.Smooth, d.Hold)
	}
	if s := r.Segment.Defaults(); s.Kind == segment.Activity {
		fmt.Fprintf(w, "segments\t\ton %v dB, off %v dB, hold %v s, minimum %v s, pre-roll %v s\n", s.OnDB, s.OffDB, s.Hold, s.MinDuration, s.PreRoll)
	}
	return w.Flush()
}

// WriteHTML writes the page of the tuned model on the streams of the proof, with the
// trade-off.
func (r Tuned) WriteHTML(w io.Writer) error {
	s := *r.Report
	if u := r.Unreachable(); u != "" {
		s.Warnings = append(slices.Clip(s.Warnings), u)
	}
	return Stream{&s}.writePage(w, drawTradeOff(r))
}
