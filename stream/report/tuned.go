package report

import (
	"fmt"
	"io"
	"maps"
	"math"
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
	r.writeAlarms(w)
	fmt.Fprintf(w, "running label after\t%s ms\t%s ms\tmedian, found events\n", b.LatencyMS, f.LatencyMS)
	fmt.Fprintf(w, "its changes a minute\t%s\t%s\n", b.Flips, f.Flips)
	if b.Early+f.Early > 0 {
		fmt.Fprintf(w, "early labels overturned\t%s\t%s\t%d of %d\n", b.EarlyOverturned, f.EarlyOverturned, int(math.Round(float64(f.EarlyOverturned)*float64(f.Early))), f.Early)
	}
	if e := r.Early; e != nil && e.Confidence > 0 && f.Early > 0 {
		fmt.Fprintf(w, "  at %.0f %%, at most\t\t%s\n", 100*e.Confidence, evaluate.Share(e.Gap))
	}
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

// writeAlarms writes the lines about false alarms, with those on the background apart if
// the goal has them apart.
func (r Tuned) writeAlarms(w io.Writer) {
	g, b, f := &r.Goal, &r.Before, &r.After
	bound := func(format string, before, after any) {
		if g.Confidence > 0 {
			fmt.Fprintf(w, "  at %.0f %%, at most\t"+format+"\t"+format+"\n", 100*g.Confidence, before, after)
		}
	}
	hours := time.Duration(f.Hours * float64(time.Hour)).Round(time.Second)
	if g.Wrong > 0 {
		fmt.Fprintf(w, "false alarms an hour\t%.3g\t%.3g\t%d on background in %s\n", b.OnBackgroundPerHour, f.OnBackgroundPerHour, f.OnBackground, hours)
		bound("%.3g", b.OnBackgroundMost, f.OnBackgroundMost)
	} else {
		fmt.Fprintf(w, "false alarms an hour\t%.3g\t%.3g\t%d in %s\n", b.PerHour, f.PerHour, f.FalseAlarms, hours)
		bound("%.3g", b.PerHourMost, f.PerHourMost)
		fmt.Fprintf(w, "  on background\t%.3g\t%.3g\n", b.OnBackgroundPerHour, f.OnBackgroundPerHour)
	}
	fmt.Fprintf(w, "events told wrongly\t%s\t%s\t%d\n", b.WrongShare, f.WrongShare, f.Wrong)
	if g.Wrong > 0 {
		bound("%s", evaluate.Share(b.WrongMost), evaluate.Share(f.WrongMost))
	}
	if g.Confidence > 0 {
		fmt.Fprintf(w, "recall, at least\t%s\t%s\n", evaluate.Share(b.RecallLeast), evaluate.Share(f.RecallLeast))
	}
}

// WriteHTML writes the page of the tuned model on the streams of the proof, with the
// trade-off.
func (r Tuned) WriteHTML(w io.Writer) error {
	s := *r.Report
	if u := r.Unreachable(); u != "" {
		s.Warnings = append(slices.Clip(s.Warnings), u)
	}
	var tradeOff *drawing
	if len(r.Curve) > 0 {
		tradeOff = drawTradeOff(r)
	}
	return Stream{&s}.writePage(w, tradeOff)
}
