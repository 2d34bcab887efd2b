package report

import (
	"fmt"

	"inkling/stream/evaluate"
)

// A cutoutList shows pieces of recordings on a page.
type cutoutList struct {
	Title, About string
	Exhibits     []exhibit
}

// cutouts shows missed events and false alarms, to be heard and seen.
func (r Stream) cutouts() (lists []cutoutList) {
	missed := cutoutList{Title: "Missed events, to be heard and seen", About: "Some of them, with a quarter of a second before and after."}
	alarms := cutoutList{Title: "False alarms, to be heard and seen", About: missed.About}
	used := 0
	for i := range r.Cutouts {
		c := &r.Cutouts[i]
		row := &r.Rows[c.Row]
		note := fmt.Sprintf("%s at %.2f s: %s", printable(row.Label), row.Start, reasonName(row.Reason))
		if row.Given != nil && row.Kind == evaluate.EventRow {
			note += ", reported as " + printable(*row.Given)
		}
		if row.P != nil {
			note += fmt.Sprintf(", p %.3f", *row.P)
		}
		list := &alarms
		if row.Kind == evaluate.EventRow {
			list = &missed
		}
		list.show(c, note, &used)
	}
	return nonEmpty(missed, alarms)
}

// cutouts shows the longest stretches that were told wrongly.
func (r Steps) cutouts() []cutoutList {
	list := cutoutList{Title: "Longest stretches with a wrong label", About: "With a quarter of a second before and after; the first ten seconds of longer ones."}
	used := 0
	for i := range r.Cutouts {
		c := &r.Cutouts[i]
		row := &r.Rows[c.Row]
		given := "no label"
		if row.Running != nil {
			given = printable(*row.Running)
		}
		list.show(c, fmt.Sprintf("%.4g to %.4g s: %s, running label %s", row.Start, row.End, printable(*row.Truth), given), &used)
	}
	return nonEmpty(list)
}

// show adds a piece to the list; used is how many bytes of sound the page has.
func (l *cutoutList) show(c *evaluate.Cutout, note string, used *int) {
	if len(c.Samples) == 0 {
		return
	}
	g := newGallery(c.Kind, c.Channels, c.Rate)
	g.room -= *used
	before := g.room
	l.Exhibits = append(l.Exhibits, g.show(c.Recording, note, c.Samples))
	*used += before - g.room
}

// nonEmpty returns the lists that show something.
func nonEmpty(lists ...cutoutList) (some []cutoutList) {
	for _, l := range lists {
		if len(l.Exhibits) > 0 {
			some = append(some, l)
		}
	}
	return some
}
