package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream/evaluate"
)

// WriteText writes the report for a terminal.
func (r Stream) WriteText(w io.Writer) error {
	var b strings.Builder
	writeHeading(&b, fmt.Sprintf("%s in %s, %d events of %d labels; %.1f s", plural(r.Recordings, "recording"), duration(r.Seconds), r.Events, len(r.Labels), r.Elapsed), r.Warnings)
	for _, group := range r.figures() {
		b.WriteByte('\n')
		writeFigures(&b, group, 20, 8)
	}
	fmt.Fprintf(&b, "\n%s  events  right in the stream  running  false alarms/h\n", pad("time", 15))
	for _, p := range r.OverTime {
		fmt.Fprintf(&b, "%s  %6d  %s %7s  %7s  %14s\n", pad(partName(&p), 15), p.Events, bar(float64(p.Accuracy), 11), p.Accuracy, p.RunningAccuracy, p.FalseAlarmsPerHour)
	}
	r.writeLabels(&b)
	r.confusion().write(&b)
	b.WriteString("column none: no label was reported for the event; row none: the label was reported at no event, or again for the same event\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func partName(p *evaluate.TimePart) string {
	if p.FromS == float64(int(p.FromS/3600))*3600 && p.ToS-p.FromS >= 3600 {
		return fmt.Sprintf("hour %d", int(p.FromS/3600)+1)
	}
	return duration(p.FromS) + " – " + duration(p.ToS)
}

// figures returns the summary in groups, the most important figures first.
func (r Stream) figures() [][]figure {
	f, a := &r.FalseAlarms, &r.Accuracy
	lo, hi := evaluate.Wilson(r.Found, r.Events)
	return [][]figure{{
		{"recall", r.Recall.String(), fmt.Sprintf("%d of %d events found, 95 %% interval %s to %s", r.Found, r.Events, evaluate.Share(lo), evaluate.Share(hi))},
		{"precision", r.Precision.String(), fmt.Sprintf("F1 %s, macro F1 %s; a segment begins within %v s of its event", decimal(r.F1), decimal(r.MacroF1), r.Tolerance)},
		{"false alarms an hour", f.PerHour.String(), fmt.Sprintf("%d: %d on background, %d of another label than the event's, %d reported again, %d too far from its begin", f.Total, f.OnBackground, f.WrongLabel, f.Repeated, f.Displaced)},
		{"missed", fmt.Sprint(r.Missed), reasons(r.Misses)},
	}, {
		{"clips", a.Clip.String(), fmt.Sprintf("right when cut out at the annotations (%d)", a.Clips)},
		{"", a.ClipRunning.String(), "of these, by the running label at the end"},
		{"in the stream", a.Stream.String(), "right, by the confirmed label of a segment that matches: the recall"},
		{"", a.StreamRunning.String(), "by the running label at the annotation's end"},
	}, r.latencies(), r.steadiness()}
}

func (r Stream) latencies() (fs []figure) {
	for _, l := range []struct {
		name, note string
		evaluate.Latency
	}{{"running label after", "it is right and stays so", r.Latency.Running}, {"early label after", "it is given and right", r.Latency.Early},
		{"confirmed after", "it is reported", r.Latency.Confirmed}} {
		if l.Events > 0 {
			fs = append(fs, figure{l.name, l.Median.String() + " ms", fmt.Sprintf("from the event's begin until %s, median of %d; 90 %% within %s ms", l.note, l.Events, l.P90)})
		}
	}
	return fs
}

func (r Stream) steadiness() (fs []figure) {
	e, s := &r.Early, &r.Segments
	if e.Given > 0 {
		fs = append(fs, figure{"early", e.Accuracy.String(), "right, of those given within an event"},
			figure{"overturned", e.OverturnedShare.String(), fmt.Sprintf("of %d early labels, by what was confirmed, rejected or dropped", e.Given)})
	}
	return append(fs, figure{"", r.Running.OverturnedShare.String(), fmt.Sprintf("of %d running labels at a segment's end, by the confirmed one", s.Reported)},
		figure{"flips a minute", r.Running.FlipsPerMinute.String(), "changes of the running label within segments"},
		figure{"segments", fmt.Sprint(s.Candidates), fmt.Sprintf("%d reported, %d rejected, dropped: %s", s.Reported, s.Rejected, reasons(s.Dropped))})
}

var reasonNames = map[evaluate.Reason]string{
	evaluate.WrongLabel:                "reported with another label",
	evaluate.Inside:                    "inside a segment that began at another time",
	evaluate.NoSegment:                 "without a segment",
	evaluate.Repeated:                  "reported again",
	evaluate.Displaced:                 "too far from its begin",
	evaluate.OnBackground:              "on background",
	evaluate.Reason(decide.Background): "taken for background",
	evaluate.Reason(decide.Threshold):  "under the threshold",
	evaluate.Reason(decide.CUSUM):      "with too little evidence",
	evaluate.Reason(segment.Short):     "too short",
	evaluate.Reason(segment.NoStep):    "shorter than a step",
}

// reasonName says a reason in words.
func reasonName(r evaluate.Reason) string {
	if name := reasonNames[r]; name != "" {
		return name
	}
	return printable(string(r))
}

// reasons lists counts, the greatest first.
func reasons[R ~string](n map[R]int) string {
	keys := slices.SortedFunc(maps.Keys(n), func(a, b R) int {
		if n[a] != n[b] {
			return n[b] - n[a]
		}
		return strings.Compare(string(a), string(b))
	})
	var out []string
	for _, k := range keys {
		out = append(out, fmt.Sprintf("%d %s", n[k], reasonName(evaluate.Reason(k))))
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

// writeLabels writes the figures of each label that occurs or was reported.
func (r Stream) writeLabels(b *strings.Builder) {
	width := widest(r.Labels, 5, 30)
	fmt.Fprintf(b, "\n%s  events  recall   precision     F1  false alarms\n", pad("label", width))
	for _, l := range r.perLabel() {
		fmt.Fprintf(b, "%s  %6d  %-7s  %9s  %5s  %12d\n", pad(short(l.Label, 30), width), l.Events, l.Recall, l.Precision, l.F1Text, l.FalseAlarms)
	}
}

// confusion returns the confusion of events, with none as a further label.
func (r Stream) confusion() *confusion {
	labels := append(slices.Clone(r.Labels), "none")
	return &confusion{labels: labels, m: &evaluate.Matrix{Counts: r.Confusion, None: make([]int, len(labels))}, unit: "events", given: "confirmed", extra: 1}
}
