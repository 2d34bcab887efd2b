package report

import (
	"fmt"
	"html/template"
	"inkling/stream/evaluate"
	"io"
)

// maxMissed is how many missed events and false alarms a page lists.
const maxMissed = 500

type streamPage struct {
	Title, Heading string
	Warnings       []string
	Figures        [][]figure
	Pictures       []htmlPicture
	Parts          []streamPart
	Classes        []streamClass
	Wrong          []streamWrong
	More           int
}

type streamClass struct {
	Label string
	evaluate.StreamClass
	F1Text string
}

type streamWrong struct{ Recording, At, Kind, Label, Given, P, Reason string }

// A streamPart is a part of the time with its name.
type streamPart struct {
	Name string
	evaluate.TimePart
}

// WriteHTML writes one page: figures, charts as inline SVG, each label's figures,
// what was missed and the false alarms. It loads nothing and runs no script.
func (r Stream) WriteHTML(w io.Writer) error {
	t, err := template.New("page").Parse(reportTemplate)
	if err != nil {
		return err
	}
	p := &streamPage{Title: printable(r.Title), Figures: r.figures()}
	for _, part := range r.OverTime {
		p.Parts = append(p.Parts, streamPart{partName(&part), part})
	}
	if p.Title == "" {
		p.Title = "inkling: evaluation on streams"
	}
	p.Heading = fmt.Sprintf("%s in %s, %d events", plural(r.Recordings, "recording"), duration(r.Seconds), r.Events)
	for _, v := range r.Warnings {
		p.Warnings = append(p.Warnings, printable(v))
	}
	for _, l := range r.Labels {
		if c := r.PerLabel[l]; c.Events+c.FalseAlarms > 0 {
			p.Classes = append(p.Classes, streamClass{printable(l), c, decimal(c.F1)})
		}
	}
	p.listWrong(r.Rows)
	if p.Pictures, err = r.pictures(); err != nil {
		return err
	}
	return t.ExecuteTemplate(w, "streams", p)
}

// listWrong lists what was missed and the false alarms.
func (p *streamPage) listWrong(rows []evaluate.StreamRow) {
	for _, row := range rows {
		if row.Reason == "" {
			continue
		}
		if len(p.Wrong) == maxMissed {
			p.More++
			continue
		}
		w := streamWrong{Recording: printable(row.Recording), At: fmt.Sprintf("%.2f s", row.Start), Kind: "false alarm", Label: printable(row.Label), Reason: row.Reason}
		if row.Found != nil {
			w.Kind = "missed"
		}
		if row.Given != nil {
			w.Given = printable(*row.Given)
		}
		if row.P != nil {
			w.P = fmt.Sprintf("%.3f", *row.P)
		}
		if name := reasonNames[row.Reason]; name != "" {
			w.Reason = name
		}
		p.Wrong = append(p.Wrong, w)
	}
}

func (r Stream) pictures() ([]htmlPicture, error) {
	var s htmlSection
	if r.TradeOff != nil {
		if err := s.add(drawTradeOff(r.TradeOff), "Trade-off", "Recall against false alarms an hour, on the streams of the proof, from the strictest thresholds to none."); err != nil {
			return nil, err
		}
	}
	for _, v := range []struct {
		draw          func() (*drawing, error)
		name, caption string
	}{
		{func() (*drawing, error) { return drawOverTime(r), nil }, "Over time",
			"Since the streams' begin. Above: events labelled right, with 95 % intervals of the confirmed label. Below: false alarms an hour."},
		{func() (*drawing, error) { return drawLatencies(r), nil }, "Latency",
			"How many events, of all, are found and have been labelled right so long after their begin: by the running label that stays, by the early one, by the confirmed one."},
		{func() (*drawing, error) { return drawEvents(r) }, "Confusion",
			"A row is an event's label, a column the label told of it. Column none: it was missed. Row none: told of no event, or of one told already. Colour is the share of the row."},
	} {
		d, err := v.draw()
		if err == nil {
			err = s.add(d, v.name, v.caption)
		}
		if err != nil {
			return nil, err
		}
	}
	return s.Pictures, nil
}
