package report

import (
	"strings"
	"time"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"inkling/stream/evaluate"
)

// aboutParts returns what a picture or page is about, a part for each thing.
func aboutParts(a evaluate.About) (parts []string) {
	model := strings.TrimSpace("model " + printable(a.Model))
	if a.Hash != "" {
		model += ", hash " + printable(a.Hash)
	}
	if model != "model" {
		parts = append(parts, model)
	}
	if a.Data != "" {
		parts = append(parts, "data "+printable(a.Data))
	}
	if !a.Date.IsZero() {
		parts = append(parts, a.Date.Format(time.DateOnly))
	}
	return parts
}

const (
	aboutSep    = "   ·   "
	aboutLine   = 10
	aboutMargin = 10
)

// about returns the drawing with small print below it that says what it is about. What is
// wider than the drawing goes over several lines.
func (f *drawing) about(a evaluate.About) *drawing {
	sty := style(7, grey, draw.XLeft, draw.YBottom)
	var lines []string
	for _, p := range aboutParts(a) {
		p = fit(sty, p, f.width-2*aboutMargin)
		if n := len(lines); n > 0 && sty.Width(lines[n-1]+aboutSep+p) <= f.width-2*aboutMargin {
			lines[n-1] += aboutSep + p
		} else {
			lines = append(lines, p)
		}
	}
	if len(lines) == 0 {
		return f
	}
	foot := vg.Length(len(lines))*aboutLine + 6
	return &drawing{width: f.width, height: f.height + foot, draw: func(c draw.Canvas) {
		fill(c, paper, 0, 0, f.width, foot)
		for i, l := range lines {
			c.FillText(sty, vg.Point{X: aboutMargin, Y: 6 + vg.Length(len(lines)-1-i)*aboutLine}, l)
		}
		c.Push()
		c.Translate(vg.Point{Y: foot})
		c.Rectangle.Max.Y -= foot
		f.draw(c)
		c.Pop()
	}}
}
