package report

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// plotted returns a drawing of a legend above plots side by side.
func plotted(w, h vg.Length, keys []key, ps ...*plot.Plot) *drawing {
	return &drawing{width: w, height: h, draw: func(c draw.Canvas) {
		fill(c, paper, 0, 0, w, h)
		used := legend(draw.Crop(c, 48, -12, 0, -10), keys)
		tiles := draw.Tiles{Rows: 1, Cols: len(ps), PadX: 16, PadTop: used + 18, PadBottom: 8, PadLeft: 8, PadRight: 20}
		for i, sub := range plot.Align([][]*plot.Plot{ps}, tiles, c)[0] {
			ps[i].Draw(sub)
		}
	}}
}

// dots plots marks; those on the border are not cut.
type dots struct {
	plotter.XYs
	style draw.GlyphStyle
}

func (d *dots) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, q := range d.XYs {
		c.DrawGlyphNoClip(d.style, vg.Point{X: x(q.X), Y: y(q.Y)})
	}
}

func (d *dots) DataRange() (xmin, xmax, ymin, ymax float64) { return plotter.XYRange(d.XYs) }

// addLine draws points joined, a single one as a dot.
func addLine(p *plot.Plot, xys plotter.XYs, l draw.LineStyle) {
	if len(xys) == 0 {
		return
	}
	p.Add(&polyline{xys, l})
}

// A polyline plots joined points.
type polyline struct {
	plotter.XYs
	line draw.LineStyle
}

func (l *polyline) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	var pts []vg.Point
	for _, q := range l.XYs {
		pts = append(pts, vg.Point{X: x(q.X), Y: y(q.Y)})
	}
	if len(pts) == 1 {
		c.DrawGlyph(draw.GlyphStyle{Color: l.line.Color, Radius: 2, Shape: draw.CircleGlyph{}}, pts[0])
		return
	}
	c.StrokeLines(l.line, c.ClipLinesXY(pts)...)
}

func (l *polyline) DataRange() (xmin, xmax, ymin, ymax float64) { return plotter.XYRange(l.XYs) }

// A vertical is a line across the plot at x.
type vertical struct {
	x    float64
	line draw.LineStyle
}

func (v *vertical) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	c.StrokeLine2(v.line, x(v.x), c.Min.Y, x(v.x), c.Max.Y)
}

// marks marks an axis at about most multiples of a round number of at least least.
type marks struct{ least, most float64 }

func (s marks) Ticks(lo, hi float64) []plot.Tick {
	step := roundStep(max((hi-lo)/s.most, s.least))
	var ts []plot.Tick
	for k := 0; k <= 2*int(s.most); k++ {
		v := (math.Ceil(lo/step) + float64(k)) * step
		if v > hi {
			break
		}
		ts = append(ts, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'g', 6, 64)})
	}
	return ts
}

// roundStep returns the least of 1, 2 and 5 times a power of ten that is at least v.
func roundStep(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if f*p >= v*(1-1e-9) {
			return f * p
		}
	}
	return 10 * p
}
