package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"inkling/stream/evaluate"
)

// A streamPage is the page of a Stream.
type streamPage struct {
	section
	Parts    []timePart
	PerLabel []streamLabel
	Wrong    []streamWrong
	More     int // rows of Wrong that are not listed
}

// A timePart is a part of the time with its name.
type timePart struct {
	Name string
	evaluate.TimePart
}

// A streamLabel holds the figures of one label.
type streamLabel struct {
	Label string
	evaluate.StreamClass
	F1Text string
}

// A streamWrong is a missed event or a false alarm.
type streamWrong struct{ Recording, At, Kind, Label, Given, P, Reason string }

// WriteHTML writes one page: figures, charts as inline SVG, each label's figures, missed
// events and false alarms. It loads nothing and runs no script.
func (r Stream) WriteHTML(w io.Writer) error { return r.writePage(w, nil) }

// writePage writes the page; tradeOff may be nil.
func (r Stream) writePage(w io.Writer, tradeOff *drawing) error {
	p := &streamPage{section: section{Title: cmp.Or(printable(r.Title), "inkling: evaluation on streams"), Warnings: printables(r.Warnings),
		Heading: fmt.Sprintf("%s in %s, %d events", plural(r.Recordings, "recording"), duration(r.Seconds), r.Events),
		Figures: slices.Concat(r.figures()...)}, PerLabel: r.perLabel()}
	p.about(r.About)
	for _, t := range r.OverTime {
		p.Parts = append(p.Parts, timePart{partName(&t), t})
	}
	p.listWrong(r.Rows)
	p.Cutouts = r.cutouts()
	p.add(tradeOff, "Trade-off", "Recall against false alarms an hour, on the streams of the proof, from the strictest thresholds to none.")
	p.add(drawOverTime(r), "Over time", "Since the streams' begin. Above: events labelled right, with 95 % intervals of the confirmed label. Below: false alarms an hour.")
	p.add(drawLatencies(r), "Latency", "How many events, of all, are found and have been labelled right so long after their begin: by the running label that stays, by the early one, by the confirmed one.")
	p.add(drawEvents(r), "Confusion", "A row is an event's label, a column the label reported for it. Column none: it was missed. Row none: reported at no event, or again for the same event. Colour is the share of the row.")
	if p.err != nil {
		return p.err
	}
	return pages.ExecuteTemplate(w, "streams", p)
}

func drawEvents(r Stream) *drawing {
	return newChart(r.confusion(), fmt.Sprintf("%d events, %s found; %s false alarms an hour", r.Events, r.Recall, r.FalseAlarms.PerHour)).drawing()
}

// perLabel returns the figures of the labels that occur or were reported.
func (r Stream) perLabel() (list []streamLabel) {
	for _, l := range r.Labels {
		if c := r.PerLabel[l]; c.Events+c.FalseAlarms > 0 {
			list = append(list, streamLabel{printable(l), c, decimal(c.F1)})
		}
	}
	return list
}

// listWrong lists the missed events and the false alarms.
func (p *streamPage) listWrong(rows []evaluate.StreamRow) {
	for _, row := range rows {
		if row.Reason == "" {
			continue
		}
		if len(p.Wrong) == mostListed {
			p.More++
			continue
		}
		w := streamWrong{Recording: printable(row.Recording), At: fmt.Sprintf("%.2f s", row.Start), Kind: "false alarm", Label: printable(row.Label), Reason: reasonName(row.Reason)}
		if row.Kind == evaluate.EventRow {
			w.Kind = "missed"
		}
		if row.Given != nil {
			w.Given = printable(*row.Given)
		}
		if row.P != nil {
			w.P = fmt.Sprintf("%.3f", *row.P)
		}
		p.Wrong = append(p.Wrong, w)
	}
}
