package report

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"

	"inkling/stream/evaluate"
)

// A cellTable is the confusion of a page: each cell leads to its examples.
type cellTable struct {
	Title string // "": that of clips
	About string // likewise
	Heads []string
	Rows  []cellRow
	Cells []*cellGroup // those that have examples: errors first, the most frequent first
	Note  string       // about what is left out
}

type cellRow struct {
	Label string
	Cells []cellMark
}

// A cellMark is a cell in the table.
type cellMark struct {
	Count int
	ID    string // of its examples
	Style template.CSS
	Title string
}

// A cellGroup holds examples of a cell of the confusion, worst first.
type cellGroup struct {
	ID, Title string
	Count     int
	Right     bool
	Exhibits  []exhibit
	More      int
	rows      []int // of the report
}

// The most examples that are shown of a cell of wrong and of right ones.
const (
	mostWrong = 12
	mostRight = 4
)

// cellTable returns the cells of r with their examples, or nil if r does not have them.
// section numbers the page's section.
func (r Clips) cellTable(section int) *cellTable {
	if r.Set == nil || len(r.Rows) == 0 || len(r.Signals) != len(r.Rows) {
		return nil
	}
	cells := r.cells(section)
	t := &cellTable{Rows: r.marks(cells)}
	for _, l := range r.heads() {
		t.Heads = append(t.Heads, printable(l))
	}
	for _, c := range cells {
		t.Cells = append(t.Cells, c)
	}
	t.sort()
	g := newGallery(r.Set.Kind, r.Set.Channels, r.Set.Rate)
	for _, c := range t.Cells {
		r.fill(c, g)
	}
	if g.silent > 0 {
		t.Note = fmt.Sprintf("%s without sound: a page holds %d MB of it.", plural(g.silent, "example"), mostSound>>20)
	}
	return t
}

// sort puts errors first, the most frequent first.
func (t *cellTable) sort() {
	slices.SortFunc(t.Cells, func(a, b *cellGroup) int {
		return cmp.Or(compareBool(a.Right, b.Right), b.Count-a.Count, cmp.Compare(a.ID, b.ID))
	})
}

// heads returns the labels of the columns: there is one more if examples have no segment.
func (r Clips) heads() []string {
	if slices.ContainsFunc(r.ConfusionMatrix().None, func(n int) bool { return n > 0 }) {
		return append(slices.Clone(r.Labels), "no segment")
	}
	return r.Labels
}

// cells groups the rows of r by true and confirmed label.
func (r Clips) cells(section int) map[[2]int]*cellGroup {
	cells := map[[2]int]*cellGroup{}
	heads := r.heads()
	for i := range r.Rows {
		row := &r.Rows[i]
		at := [2]int{slices.Index(r.Labels, row.Truth), slices.Index(r.Labels, row.Confirmed)}
		if at[1] < 0 {
			at[1] = len(r.Labels)
		}
		if cells[at] == nil {
			cells[at] = &cellGroup{ID: fmt.Sprintf("s%d-%d-%d", section, at[0], at[1]), Right: at[0] == at[1],
				Title: fmt.Sprintf("%s as %s", printable(r.Labels[at[0]]), printable(heads[at[1]]))}
		}
		c := cells[at]
		c.rows = append(c.rows, i)
		c.Count++
	}
	return cells
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// fill chooses the examples to show: wrong ones of the greatest probability first, right
// ones of the least.
func (r Clips) fill(c *cellGroup, g *gallery) {
	most, sign := mostWrong, -1
	if c.Right {
		most, sign = mostRight, 1
	}
	slices.SortStableFunc(c.rows, func(a, b int) int { return sign * cmp.Compare(r.Rows[a].P, r.Rows[b].P) })
	for _, i := range c.rows[:min(len(c.rows), most)] {
		c.Exhibits = append(c.Exhibits, g.show(r.Rows[i].File, rowNote(&r.Rows[i]), r.Signals[i]))
	}
	c.More = len(c.rows) - len(c.Exhibits)
}

// rowNote says how probable the confirmed label is, and the true one if it is another.
func rowNote(row *evaluate.Row) string {
	if row.Confirmed == "" {
		return "no segment was found"
	}
	note := fmt.Sprintf("%s %.3f", printable(row.Confirmed), row.P)
	if !row.Right() {
		note += fmt.Sprintf(", %s %.3f", printable(row.Truth), row.Probs[row.Truth])
	}
	return note
}

// mark returns the cell in the table; row is the number of examples in its row.
func (c *cellGroup) mark(row int) cellMark {
	hue := vermilion
	if c.Right {
		hue = blue
	}
	under := tint(hue, 0.12+0.88*float64(c.Count)/float64(max(row, 1)))
	over := on(under)
	return cellMark{Count: c.Count, ID: c.ID, Title: c.Title,
		Style: template.CSS(fmt.Sprintf("background:#%02x%02x%02x;color:#%02x%02x%02x", under.R, under.G, under.B, over.R, over.G, over.B))}
}

// marks returns the table of the cells.
func (r Clips) marks(cells map[[2]int]*cellGroup) (rows []cellRow) {
	m, columns := r.ConfusionMatrix(), len(r.heads())
	for i, l := range r.Labels {
		row := cellRow{Label: printable(l)}
		for k := range columns {
			mark := cellMark{Style: "background:#fff"}
			if c := cells[[2]int{i, k}]; c != nil {
				mark = c.mark(m.Row(i))
			}
			row.Cells = append(row.Cells, mark)
		}
		rows = append(rows, row)
	}
	return rows
}
