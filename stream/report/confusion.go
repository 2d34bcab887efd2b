package report

import (
	"fmt"
	"image/color"
	"strconv"

	"inkling/stream/evaluate"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func drawConfusion(r Clips) (*drawing, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	return newChart(r.confusion(), r.title()).drawing(), nil
}

// A chart is the layout of a confusion chart; lengths are in points.
type chart struct {
	*confusion
	n, columns    int // rows and columns, one more if some were given no label
	title         string
	cell          vg.Length
	side          vg.Length // width of a summary's cell
	left, bottom  vg.Length // of the matrix
	right, top    vg.Length
	width, height vg.Length
	rows, heads   []string
	upright       bool // column labels are not rotated
	rowStyle      draw.TextStyle
	cellStyle     draw.TextStyle
	sumStyle      draw.TextStyle
}

const (
	chartMargin = 10
	chartGap    = 6   // between matrix and summaries
	chartTitle  = 34  // height of title and heading
	labelRoom   = 130 // longest label
	labelPad    = 4
)

func newChart(c *confusion, title string) *chart {
	l := &chart{confusion: c, n: len(c.labels), title: title}
	names := append(c.labels[:l.n:l.n], "no segment")
	l.columns = l.n
	if c.others != nil {
		names = append(c.labels[:l.n-l.extra:l.n-l.extra], c.others...)
		l.columns = len(names)
	}
	for _, k := range l.m.None {
		if k > 0 {
			l.columns = len(names)
		}
	}
	names = names[:l.columns]
	l.cell = min(max(360/vg.Length(max(l.n, l.columns)), 16), 54)
	l.side = max(l.cell, 34)
	l.rowStyle = style(min(10, l.cell*0.55), ink, draw.XRight, draw.YCenter)
	l.cellStyle = l.cellFont()
	l.sumStyle = style(min(9, l.cell*0.45), ink, draw.XCenter, draw.YCenter)
	var across, down vg.Length
	for _, s := range c.labels {
		s = fit(l.rowStyle, s, labelRoom)
		l.rows = append(l.rows, s)
		across = max(across, l.rowStyle.Width(s))
	}
	for _, s := range names {
		s = fit(l.rowStyle, s, labelRoom)
		l.heads = append(l.heads, s)
		down = max(down, l.rowStyle.Width(s))
	}
	l.upright = down <= l.cell-labelPad
	if l.upright {
		down = l.rowStyle.Font.Size + 2
	}
	across = max(across, style(8, grey, draw.XRight, draw.YCenter).Width("precision"))
	below := 2*l.sumHeight() + chartGap + labelPad + down + 18
	l.left = chartMargin + 18 + across + labelPad
	l.right = l.left + vg.Length(l.columns)*l.cell
	l.width = l.right + chartGap + 2*l.side + chartMargin
	l.bottom = chartMargin + below
	l.top = l.bottom + vg.Length(l.n)*l.cell
	l.height = l.top + chartTitle + chartMargin
	if room := style(11, ink, draw.XLeft, draw.YTop).Width(l.title) + 2*chartMargin; room > l.width {
		l.width = room
	}
	return l
}

func (l *chart) drawing() *drawing { return &drawing{width: l.width, height: l.height, draw: l.draw} }

// sumHeight returns the height of a cell of the summaries below the matrix.
func (l *chart) sumHeight() vg.Length { return min(max(l.cell, 14), 20) }

// cellFont returns the largest font in which every count fits its cell.
func (l *chart) cellFont() draw.TextStyle {
	widest := "0"
	for _, row := range l.m.Counts {
		for _, n := range row {
			if s := strconv.Itoa(n); len(s) > len(widest) {
				widest = s
			}
		}
	}
	sty := style(min(12, l.cell*0.5), ink, draw.XCenter, draw.YCenter)
	for sty.Font.Size > 3 && sty.Width(widest) > l.cell*0.9 {
		sty.Font.Size *= 0.95
	}
	return sty
}

func (l *chart) draw(c draw.Canvas) {
	fill(c, paper, 0, 0, l.width, l.height)
	c.FillText(style(11, ink, draw.XLeft, draw.YTop), vg.Point{X: chartMargin, Y: l.height - chartMargin}, l.title)
	for i, row := range l.m.Counts {
		y := l.top - vg.Length(i+1)*l.cell
		c.FillText(l.rowStyle, vg.Point{X: l.left - labelPad, Y: y + l.cell/2}, l.rows[i])
		for k, n := range row {
			l.count(c, i, k, n)
		}
		if l.columns > len(row) {
			l.count(c, i, len(row), l.m.None[i])
		}
		if i >= l.n-l.extra {
			continue
		}
		x := l.right + chartGap
		l.summary(c, l.m.Sensitivity(i), x, y, x+l.side, y+l.cell, x+l.side, y, x+2*l.side, y+l.cell)
	}
	h := l.sumHeight()
	for k := range l.n - l.extra {
		x, y := l.left+vg.Length(k)*l.cell, l.bottom-chartGap
		l.summary(c, l.m.Precision(k), x, y-h, x+l.cell, y, x, y-2*h, x+l.cell, y-h)
	}
	for k, s := range l.heads {
		l.head(c, k, s)
	}
	frame(c, line(grey, 0.7), l.left, l.bottom, l.right, l.top)
	l.captions(c)
}

// count draws one cell of the matrix.
func (l *chart) count(c draw.Canvas, row, column, n int) {
	x, y := l.left+vg.Length(column)*l.cell, l.top-vg.Length(row+1)*l.cell
	hue := vermilion
	if row == column && row < l.n-l.extra {
		hue = blue
	}
	col := paper
	if n > 0 {
		col = tint(hue, 0.12+0.88*float64(n)/float64(l.m.Row(row)))
	}
	fill(c, col, x, y, x+l.cell, y+l.cell)
	frame(c, line(pale, 0.4), x, y, x+l.cell, y+l.cell)
	if n > 0 {
		l.text(c, l.cellStyle, col, x+l.cell/2, y+l.cell/2, strconv.Itoa(n))
	}
}

// summary draws the share s in the first box and the rest in the second.
func (l *chart) summary(c draw.Canvas, s evaluate.Share, x0, y0, x1, y1, x2, y2, x3, y3 vg.Length) {
	l.percent(c, s, blue, x0, y0, x1, y1)
	l.percent(c, 1-s, vermilion, x2, y2, x3, y3)
}

func (l *chart) percent(c draw.Canvas, s evaluate.Share, hue color.NRGBA, x0, y0, x1, y1 vg.Length) {
	col, label := paper, "–"
	if s == s {
		col, label = tint(hue, 0.85*float64(s)), percentOf(float64(s), x1-x0, l.sumStyle)
	}
	fill(c, col, x0, y0, x1, y1)
	frame(c, line(pale, 0.4), x0, y0, x1, y1)
	if s == s && s == 0 {
		return
	}
	l.text(c, l.sumStyle, col, (x0+x1)/2, (y0+y1)/2, label)
}

// percentOf writes a share with as much of "98.6 %" as fits the width. Less than 100 % is
// not rounded up to it.
func percentOf(s float64, width vg.Length, sty draw.TextStyle) string {
	p := 100 * s
	round := fmt.Sprintf("%.0f", p)
	if s < 1 && round == "100" {
		round = "99"
	}
	if s > 0 && round == "0" {
		round = "<1"
	}
	full := fmt.Sprintf("%.1f %%", p)
	if s == 1 {
		full = "100 %"
	}
	for _, t := range []string{full, round + " %", round} {
		if sty.Width(t) <= width-2 {
			return t
		}
	}
	return round
}

func (l *chart) text(c draw.Canvas, sty draw.TextStyle, under color.NRGBA, x, y vg.Length, s string) {
	sty.Color = on(under)
	c.FillText(sty, vg.Point{X: x, Y: y}, s)
}

// head writes a column's label below its summary.
func (l *chart) head(c draw.Canvas, k int, s string) {
	x, y := l.left+(vg.Length(k)+0.5)*l.cell, l.bottom-chartGap-2*l.sumHeight()-labelPad
	sty := l.rowStyle
	if l.upright {
		sty.XAlign, sty.YAlign = draw.XCenter, draw.YTop
	} else {
		sty.Rotation = quarter
	}
	c.FillText(sty, vg.Point{X: x, Y: y}, s)
}

const quarter = 1.5707963267948966

func (l *chart) captions(c draw.Canvas) {
	small := style(8, grey, draw.XCenter, draw.YCenter)
	c.FillText(small, vg.Point{X: l.right + chartGap + l.side, Y: l.top + 6}, "sensitivity")
	small.XAlign = draw.XRight
	c.FillText(small, vg.Point{X: l.left - labelPad, Y: l.bottom - chartGap - l.sumHeight()}, "precision")
	axis := style(9, ink, draw.XCenter, draw.YCenter)
	c.FillText(axis, vg.Point{X: (l.left + l.right) / 2, Y: chartMargin + 5}, l.given+" label")
	axis.Rotation = quarter
	c.FillText(axis, vg.Point{X: chartMargin + 5, Y: (l.bottom + l.top) / 2}, "true label")
}
