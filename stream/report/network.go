package report

import (
	"fmt"
	"io"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"inkling/model"
	"inkling/stream/evaluate"
)

// Network draws the layers of m from the samples to the labels, each with the size of what
// it gives and the number of its parameters. What works step by step is blue, what waits
// for the end of a segment orange.
func Network(m *model.Model, about evaluate.About, path string) error {
	return save(drawNetwork(m), nil, about, path)
}

// WriteNetwork writes the picture of Network to w as SVG, as a page shows it.
func WriteNetwork(w io.Writer, m *model.Model) error { return drawNetwork(m).writeSVG(w) }

// A block is a layer in the picture. Blocks of one row stand side by side.
type block struct {
	name, what, size string
	values           int  // parameters
	late             bool // it waits for the end of the segment
	from             []int
	row, column      int
}

const (
	blockWidth  = 216
	blockHeight = 50
	blockGap    = 26 // between rows
	blockAside  = 28 // between columns
	netMargin   = 20
	netHead     = 46
	netFoot     = 24
)

// A netPlan collects the blocks from the bottom up.
type netPlan struct {
	blocks []block
	of     map[string]int // parameters by layer
	row    int
}

// add adds a block in a column of the present row and returns its index.
func (p *netPlan) add(column int, name, what, size, layer string, late bool, from ...int) int {
	p.blocks = append(p.blocks, block{name: name, what: what, size: size, values: p.of[layer], late: late, from: from, row: p.row, column: column})
	return len(p.blocks) - 1
}

func planNetwork(m *model.Model) *netPlan {
	c := &m.Config
	p := &netPlan{of: map[string]int{}}
	for _, l := range Layers(m) {
		p.of[l.Name] += l.Values
	}
	input := p.add(0, "input", inputWords(c), fmt.Sprintf("%d a sample", max(c.Channels, 1)), "", false)
	p.row++
	dim := len(m.Params.Mean)
	front := p.add(0, "front end", FrontEnd(c.Front), perStep(dim), "front end", false, input)
	below := front
	if c.HasStem() {
		p.row++
		below = p.add(0, "stem", fmt.Sprint(c.Stem), perStep(m.Dim()), "stem", false, below)
	}
	for i := range m.Params.Lower {
		p.row++
		below = p.add(0, fmt.Sprintf("lower LSTM %d", i), fmt.Sprintf("%d units", c.Hidden), perStep(c.Hidden), fmt.Sprintf("lower LSTM %d", i), false, below)
	}
	p.row++
	forward := p.add(0, "forward LSTM", fmt.Sprintf("%d units", c.Hidden), perStep(c.Hidden), "forward LSTM", false, below)
	backward := -1
	if m.HasConfirm() {
		backward = p.add(1, "backward LSTM", fmt.Sprintf("%d units, from the end", c.Hidden), fmt.Sprintf("%d", c.Hidden), "backward LSTM", true, below)
	}
	column := 2
	if backward < 0 {
		column = 1
	}
	detector := -1
	if d := c.Detector; d != nil {
		detector = p.add(column, "detector LSTM", fmt.Sprintf("%d units, never reset", d.Hidden), perStep(d.Hidden), "detector", false, front)
	}
	p.row++
	if m.HasRunning() {
		p.add(0, "running head", fmt.Sprintf("%s of %d labels", c.Running, m.Classes()), perStep(m.Classes()), "running", false, forward)
	}
	if m.HasNext() {
		p.add(0, "next head", "what comes next: "+next(c.Next), perStep(m.Outputs()), "next", false, forward)
	}
	if backward >= 0 {
		p.add(1, "confirm head", fmt.Sprintf("softmax of %d labels", m.Classes()), fmt.Sprintf("%d a segment", m.Classes()), "confirm", true, forward, backward)
	}
	if detector >= 0 {
		p.add(column, "detector head", "whether a label is sounding", "1 a step", "", false, detector)
	}
	return p
}

func perStep(n int) string { return fmt.Sprintf("%d a step", n) }

func inputWords(c *model.Config) string {
	switch {
	case c.Text():
		return "text, a step a character"
	case c.Rate > 0:
		return fmt.Sprintf("%.6g Hz%s", c.Rate, channelNames(c.Names, c.Units))
	}
	return "samples as they come" + channelNames(c.Names, c.Units)
}

func drawNetwork(m *model.Model) *drawing {
	p := planNetwork(m)
	columns, total := 0, 0
	for _, b := range p.blocks {
		columns = max(columns, b.column+1)
	}
	for _, n := range p.of {
		total += n
	}
	width := vg.Length(2*netMargin + columns*blockWidth + (columns-1)*blockAside)
	width = max(width, 480)
	height := vg.Length(netHead + netFoot + (p.row+1)*blockHeight + p.row*blockGap)
	return &drawing{width: width, height: height, draw: func(c draw.Canvas) {
		fill(c, paper, 0, 0, width, height)
		title := fmt.Sprintf("%d parameters", total)
		if !m.HasNext() {
			title += fmt.Sprintf(", %d labels: %s", m.Classes(), strings.Join(m.Config.Labels, ", "))
		}
		sty := style(11, ink, draw.XLeft, draw.YTop)
		c.FillText(sty, vg.Point{X: netMargin, Y: height - 10}, fit(sty, title, width-2*netMargin))
		c.FillText(style(8, blue, draw.XLeft, draw.YBottom), vg.Point{X: netMargin, Y: 8}, "blue: a step at a time, as the signal arrives")
		if m.HasConfirm() {
			c.FillText(style(8, vermilion, draw.XLeft, draw.YBottom), vg.Point{X: netMargin + blockWidth + blockAside, Y: 8}, "orange: once, when the segment has ended")
		}
		for _, b := range p.blocks {
			for _, from := range b.from {
				p.arrow(c, &p.blocks[from], &b, height)
			}
		}
		for i := range p.blocks {
			p.blocks[i].draw(c, height)
		}
	}}
}

// corner returns the lower left corner of a block; the input stands on top.
func (b *block) corner(height vg.Length) vg.Point {
	return vg.Point{X: netMargin + vg.Length(b.column)*(blockWidth+blockAside), Y: height - netHead - vg.Length(b.row+1)*blockHeight - vg.Length(b.row)*blockGap}
}

func (b *block) draw(c draw.Canvas, height vg.Length) {
	hue, at := blue, b.corner(height)
	if b.late {
		hue = vermilion
	}
	fill(c, tint(hue, 0.1), at.X, at.Y, at.X+blockWidth, at.Y+blockHeight)
	frame(c, line(hue, 1), at.X, at.Y, at.X+blockWidth, at.Y+blockHeight)
	put := func(size, x, y vg.Length, right bool, col draw.TextStyle, s string) {
		col.Font.Size = size
		if right {
			col.XAlign = draw.XRight
		}
		c.FillText(col, vg.Point{X: at.X + x, Y: at.Y + y}, fit(col, s, blockWidth-12))
	}
	dark, quiet := style(10, ink, draw.XLeft, draw.YBottom), style(8, grey, draw.XLeft, draw.YBottom)
	put(10, 6, 34, false, dark, b.name)
	put(8, blockWidth-10, 35, true, quiet, b.size)
	put(8, 6, 19, false, dark, b.what)
	if b.values > 0 {
		put(8, 6, 5, false, quiet, fmt.Sprintf("%d parameters", b.values))
	}
}

// arrow draws what one block gives to another: down, along the gap below it, and down.
func (p *netPlan) arrow(c draw.Canvas, from, to *block, height vg.Length) {
	a, b := from.corner(height), to.corner(height)
	x0, x1 := a.X+blockWidth/2, b.X+blockWidth/2
	if from.column != to.column { // apart from the arrow straight down
		if from.column < to.column {
			x0, x1 = x0+30, x1-30
		} else {
			x0, x1 = x0-30, x1+30
		}
	}
	top := b.Y + blockHeight
	turn := a.Y - blockGap/2
	l := line(grey, 1)
	pts := []vg.Point{{X: x0, Y: a.Y}, {X: x0, Y: turn}, {X: x1, Y: turn}, {X: x1, Y: top}}
	c.StrokeLines(l, pts)
	c.FillPolygon(grey, []vg.Point{{X: x1, Y: top}, {X: x1 - 3, Y: top + 6}, {X: x1 + 3, Y: top + 6}})
}
