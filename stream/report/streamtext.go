package report

import (
	"fmt"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream/evaluate"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// WriteText writes the report for a terminal.
func (r Stream) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s in %s, %d events of %d labels; %.1f s\n", plural(r.Recordings, "recording"), duration(r.Seconds), r.Events, len(r.Labels), r.Elapsed)
	for _, v := range r.Warnings {
		fmt.Fprintf(&b, "note: %s\n", printable(v))
	}
	for _, group := range r.figures() {
		b.WriteByte('\n')
		for _, f := range group {
			fmt.Fprintf(&b, "%-20s %8s   %s\n", f.Name, f.Value, f.Note)
		}
	}
	fmt.Fprintf(&b, "\n%s  events  right in the stream  running  false alarms/h\n", pad("time", 15))
	for _, p := range r.OverTime {
		fmt.Fprintf(&b, "%s  %6d  %s %7s  %7s  %14s\n", pad(partName(&p), 15), p.Events, bar(float64(p.Accuracy), 11), p.Accuracy, p.RunningAccuracy, p.FalseAlarmsPerHour)
	}
	r.writeClasses(&b)
	r.writeConfusion(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// duration is seconds for people: 1h30m0s, 2m5s, 4.2s.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d > time.Minute {
		return d.Round(time.Second).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

func partName(p *evaluate.TimePart) string {
	if p.FromS == float64(int(p.FromS/3600))*3600 && p.ToS-p.FromS >= 3600 {
		return fmt.Sprintf("hour %d", int(p.FromS/3600)+1)
	}
	return duration(p.FromS) + " – " + duration(p.ToS)
}

// figures are the summary in groups, in the order of importance.
func (r Stream) figures() [][]figure {
	f, a := &r.FalseAlarms, &r.Accuracy
	lo, hi := evaluate.Wilson(r.Found, r.Events)
	all := [][]figure{{
		{"recall", r.Recall.String(), fmt.Sprintf("%d of %d events found, 95 %% interval %s to %s", r.Found, r.Events, evaluate.Share(lo), evaluate.Share(hi))},
		{"precision", r.Precision.String(), fmt.Sprintf("F1 %s, macro F1 %s; a segment begins within %v s of its event", decimal(r.F1), decimal(r.MacroF1), r.Tolerance)},
		{"false alarms an hour", f.PerHour.String(), fmt.Sprintf("%d: %d on background, %d of another label than the event's, %d told again, %d begun too far from it", f.Total, f.OnBackground, f.WrongLabel, f.Repeated, f.Displaced)},
		{"missed", fmt.Sprint(r.Missed), reasons(r.Misses)},
	}, {
		{"clips", a.Clip.String(), fmt.Sprintf("right when cut out at the annotations (%d)", a.Clips)},
		{"", a.ClipRunning.String(), "of these, by the running label at the end"},
		{"in the stream", a.Stream.String(), "right, by the confirmed label of a segment that matches: the recall"},
		{"", a.StreamRunning.String(), "by the running label at the annotation's end"},
	}}
	late := []figure{}
	for _, l := range []struct {
		name, note string
		evaluate.Latency
	}{{"running label after", "it is right and stays so", r.Latency.Running}, {"early label after", "it is given and right", r.Latency.Early},
		{"confirmed after", "told", r.Latency.Confirmed}} {
		if l.Events > 0 {
			late = append(late, figure{l.name, l.Median.String() + " ms", fmt.Sprintf("from the event's begin until %s, median of %d; 90 %% within %s ms", l.note, l.Events, l.P90)})
		}
	}
	all = append(all, late)
	return append(all, r.steadiness())
}

func (r Stream) steadiness() []figure {
	e, s := &r.Early, &r.Segments
	fs := []figure{}
	if e.Given > 0 {
		fs = append(fs, figure{"early", e.Accuracy.String(), "right, of those given of an event"},
			figure{"overturned", e.OverturnedShare.String(), fmt.Sprintf("of %d early labels, by what was confirmed, rejected or dropped", e.Given)})
	}
	return append(fs, figure{"", r.Running.OverturnedShare.String(), fmt.Sprintf("of %d running labels at a segment's end, by the confirmed one", s.Reported)},
		figure{"flips a minute", r.Running.FlipsPerMinute.String(), "changes of the running label within segments"},
		figure{"segments", fmt.Sprint(s.Candidates), fmt.Sprintf("%d reported, %d rejected, dropped: %s", s.Reported, s.Rejected, reasons(s.Dropped))})
}

var reasonNames = map[string]string{evaluate.MissWrongLabel: "told with another label", evaluate.MissInside: "inside a segment that began at another time", evaluate.MissUnheard: "without a segment", string(decide.Background): "taken for background",
	string(decide.Threshold): "under the threshold", string(decide.CUSUM): "with too little evidence", string(segment.Short): "too short", string(segment.NoStep): "shorter than a step",
	"repeated": "told again", "displaced": "begun too far from it", "on_background": "on background"}

// reasons lists counts, most first.
func reasons(n map[string]int) string {
	keys := slices.SortedFunc(maps.Keys(n), func(a, b string) int {
		if n[a] != n[b] {
			return n[b] - n[a]
		}
		return strings.Compare(a, b)
	})
	var out []string
	for _, k := range keys {
		name := reasonNames[k]
		if name == "" {
			name = printable(k)
		}
		out = append(out, fmt.Sprintf("%d %s", n[k], name))
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

func (r Stream) writeClasses(b *strings.Builder) {
	width := 5
	for _, l := range r.Labels {
		width = max(width, len([]rune(short(l, 30))))
	}
	fmt.Fprintf(b, "\n%s  events  recall   precision     F1  false alarms\n", pad("label", width))
	for _, l := range r.Labels {
		if c := r.PerLabel[l]; c.Events+c.FalseAlarms > 0 {
			fmt.Fprintf(b, "%s  %6d  %-7s  %9s  %5s  %12d\n", pad(short(l, 30), width), c.Events, c.Recall, c.Precision, decimal(c.F1), c.FalseAlarms)
		}
	}
}

// confused is the confusion as that of a Report with one more label, none.
func (r Stream) confused() Clips {
	labels := append(slices.Clone(r.Labels), "none")
	return Clips{&evaluate.Report{Examples: r.Events, Labels: labels, Unit: "events",
		Matrix: &evaluate.Matrix{Counts: r.Confusion, None: make([]int, len(labels))}}}
}

func (r Stream) writeConfusion(b *strings.Builder) {
	r.confused().writeConfusion(b)
	b.WriteString("column none: no label was told of the event; row none: it was told of no event, or of one told already\n")
}
