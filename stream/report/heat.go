package report

import (
	"image"
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A heat is a picture of a value for each of many columns and rows, the first row on top.
type heat struct {
	columns, rows int
	at            func(column, row int) float64
	shade         func(float64) color.NRGBA
}

const (
	heatColumns = 1400 // most pixels across
	heatRows    = 240  // least pixels down, unless there are fewer rows
)

// draw fills the rectangle. Where there are more columns than pixels, each pixel has the
// mean of its columns.
func (h *heat) draw(c draw.Canvas, x0, y0, x1, y1 vg.Length) {
	wide := min(h.columns, heatColumns)
	zoomX, zoomY := max(1, heatColumns/wide), max(1, (heatRows+h.rows-1)/h.rows) // nothing is blurred by scaling
	img := image.NewNRGBA(image.Rect(0, 0, wide*zoomX, h.rows*zoomY))
	for row := range h.rows {
		for x := range wide {
			from, to := x*h.columns/wide, (x+1)*h.columns/wide
			sum := 0.0
			for k := from; k < to; k++ {
				sum += h.at(k, row)
			}
			shade := h.shade(sum / float64(to-from))
			for dy := range zoomY {
				for dx := range zoomX {
					img.SetNRGBA(x*zoomX+dx, row*zoomY+dy, shade)
				}
			}
		}
	}
	c.DrawImage(vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1}}, img)
	frame(c, line(pale, 0.5), x0, y0, x1, y1)
}

// sequential shades 0 to 1 from white to dark blue.
func sequential(v float64) color.NRGBA {
	v = min(max(v, 0), 1)
	if v < 0.5 {
		return tint(blue, 2*v)
	}
	return mix(blue, color.NRGBA{0, 0x1c, 0x38, 0xff}, 2*v-1)
}

// diverging shades -1 to 1 from vermilion over white to blue.
func diverging(v float64) color.NRGBA {
	v = min(max(v, -1), 1)
	if v < 0 {
		return tint(vermilion, -v)
	}
	return tint(blue, v)
}

// mix returns the colour from a to b, linear in v from 0 to 1.
func mix(a, b color.NRGBA, v float64) color.NRGBA {
	m := func(a, b uint8) uint8 { return uint8(float64(a) + v*(float64(b)-float64(a)) + 0.5) }
	return color.NRGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), 0xff}
}

// shadeBar draws the shades from lo to hi as a bar with the numbers beside it.
func shadeBar(c draw.Canvas, shade func(float64) color.NRGBA, lo, hi float64, names [2]string, x, y0, y1 vg.Length) {
	const parts = 40
	for i := range parts {
		a, b := vg.Length(i)/parts, vg.Length(i+1)/parts
		fill(c, shade(lo+(hi-lo)*(float64(i)+0.5)/parts), x, y0+a*(y1-y0), x+6, y0+b*(y1-y0))
	}
	frame(c, line(pale, 0.5), x, y0, x+6, y1)
	sty := style(7, grey, draw.XLeft, draw.YCenter)
	c.FillText(sty, vg.Point{X: x + 9, Y: y1 - 3}, names[1])
	c.FillText(sty, vg.Point{X: x + 9, Y: y0 + 3}, names[0])
}
