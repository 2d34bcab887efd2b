package report

import (
	"fmt"
	"io"

	"inkling/model/dataset"
	"inkling/stream/evaluate"
)

// A beatClass holds the figures of a class of beats.
type beatClass struct {
	Label  string
	F1Text string
	evaluate.BeatClass
}

// A beatRecord holds those of a record.
type beatRecord struct {
	evaluate.BeatsRecord
	Share evaluate.Share
}

// WriteHTML writes one page: figures, the confusion with beats of each of its cells drawn,
// each class's and each record's figures. It loads nothing and runs no script. Beats are
// drawn if the report has evaluate.BeatOptions.Examples.
func (r Beats) WriteHTML(w io.Writer) error {
	s := &section{Title: "inkling: heartbeats", Warnings: printables(r.Warnings), Figures: r.figures(), Examples: r.cellTable(),
		Heading: fmt.Sprintf("%s, %d annotated beats", plural(r.Records, "record"), r.Beats)}
	s.about(r.About)
	var classes []beatClass
	for _, l := range r.Labels {
		c := r.Classes.PerClass[l]
		classes = append(classes, beatClass{printable(l), decimal(c.F1), c})
	}
	var records []beatRecord
	for _, p := range r.PerRecord {
		share := evaluate.ShareOf(p.Right, p.Beats)
		p.Record = printable(p.Record)
		records = append(records, beatRecord{p, share})
	}
	return pages.ExecuteTemplate(w, "beats", map[string]any{"Title": s.Title, "Section": s, "Classes": classes, "Records": records})
}

// figures returns the summary.
func (r Beats) figures() []figure {
	q, t := &r.QRS, &r.Classes
	return []figure{
		{"beats found", q.Sensitivity.String(), fmt.Sprintf("%d found, %d missed; R peaks %s ms off on average", q.Found, q.Missed, q.ErrorMS)},
		{"precision", q.Precision.String(), fmt.Sprintf("%d beats were found where none is annotated", q.False)},
		{"macro F1", decimal(t.MacroF1), "mean over the classes"},
		{"right", t.Accuracy.String(), fmt.Sprintf("of the annotated beats; always naming %s: %s", printable(t.Always), t.Baseline)},
	}
}

// cellTable returns the confusion with the beats that the report keeps of each cell.
func (r Beats) cellTable() *cellTable {
	t := &cellTable{Title: "Confusion", About: "A row is the annotated class, a column the confirmed one. A cell opens beats of it: a second of each lead, the beat in the middle."}
	truths, heads := printables(append(append([]string(nil), r.Truths...), noneAnnotated)), printables(append(append([]string(nil), r.Labels...), noLabel, notFound))
	t.Heads = heads
	for i, row := range r.Confusion {
		sum := 0
		for _, n := range row {
			sum += n
		}
		if i >= len(truths) || sum == 0 {
			continue
		}
		cells := cellRow{Label: truths[i]}
		for j, n := range row {
			mark := cellMark{Style: "background:#fff"}
			if n > 0 {
				c := r.group(i, j, n)
				c.Title = fmt.Sprintf("%s as %s", truths[i], heads[j])
				mark, t.Cells = c.mark(sum), append(t.Cells, c)
			}
			cells.Cells = append(cells.Cells, mark)
		}
		t.Rows = append(t.Rows, cells)
	}
	t.sort()
	return t
}

// group returns the beats of a cell.
func (r Beats) group(i, j, n int) *cellGroup {
	c := &cellGroup{ID: fmt.Sprintf("b%d-%d", i, j), Count: n, Right: i < len(r.Truths) && j < len(r.Labels) && r.Truths[i] == r.Labels[j]}
	for k := range r.Examples {
		e := &r.Examples[k]
		if e.Cell != [2]int{i, j} {
			continue
		}
		at := float64(e.Sample) / max(e.Rate, 1)
		note := fmt.Sprintf("sample %d, after %d:%04.1f", e.Sample, int(at)/60, at-float64(int(at)/60*60))
		if e.Symbol != "" {
			note += ", annotated " + printable(e.Symbol)
		}
		c.Exhibits = append(c.Exhibits, newGallery(dataset.Series, e.Channels, 0).show(e.Record, note, e.Samples))
	}
	c.More = n - len(c.Exhibits)
	return c
}
