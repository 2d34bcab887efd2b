package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"inkling/internal/atomicfile"
)

// A drawing is a picture of a fixed size that can be written as PNG or SVG.
// Equal data give equal files.
type drawing struct {
	width, height vg.Length
	draw          func(draw.Canvas)
}

const pngDPI = 144

// save writes the drawing to path, whose ending chooses the format: .png or .svg.
func (f *drawing) save(path string) error {
	write := map[string]func(io.Writer) error{".png": f.writePNG, ".svg": f.writeSVG}[strings.ToLower(filepath.Ext(path))]
	if write == nil {
		return fmt.Errorf("%s: the name of a picture ends in .png or .svg", path)
	}
	return atomicfile.WriteFile(path, write)
}

// writePNG writes the drawing at 144 pixels an inch.
func (f *drawing) writePNG(w io.Writer) error {
	c := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(pngDPI), vgimg.UseBackgroundColor(color.White))
	f.draw(draw.New(c))
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
	return err
}

// writeSVG writes the drawing with its text as text, in Liberation Sans or, if that is
// missing, a font of the same widths.
func (f *drawing) writeSVG(w io.Writer) error {
	c := vgsvg.NewWith(vgsvg.UseWH(f.width, f.height))
	f.draw(draw.New(c))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	svg := bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;font-variant:normal;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	_, err := w.Write(bytes.ReplaceAll(svg, []byte("<image "), []byte(`<image preserveAspectRatio="none" `)))
	return err
}

// Colours that people with any of the common colour deficiencies can tell apart (Okabe and
// Ito 2008, Color Universal Design), and greys.
var (
	blue      = color.NRGBA{0x00, 0x72, 0xb2, 0xff}
	vermilion = color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	green     = color.NRGBA{0x00, 0x9e, 0x73, 0xff}
	ink       = color.NRGBA{0x22, 0x22, 0x22, 0xff}
	grey      = color.NRGBA{0x77, 0x77, 0x77, 0xff}
	pale      = color.NRGBA{0xd8, 0xd8, 0xd8, 0xff}
	paper     = color.NRGBA{0xff, 0xff, 0xff, 0xff}
)

// tint mixes c into white, linear in v from 0 to 1.
func tint(c color.NRGBA, v float64) color.NRGBA {
	mix := func(a uint8) uint8 { return uint8(math.Round(255 + v*(float64(a)-255))) }
	return color.NRGBA{mix(c.R), mix(c.G), mix(c.B), 0xff}
}

// on returns the colour, dark or white, in which text over c reads best.
func on(c color.NRGBA) color.NRGBA {
	if 0.299*float64(c.R)+0.587*float64(c.G)+0.114*float64(c.B) < 140 {
		return paper
	}
	return ink
}

// style returns text of the given size in points.
func style(size vg.Length, c color.Color, x text.XAlignment, y text.YAlignment) draw.TextStyle {
	return draw.TextStyle{Color: c, Font: sans(size), XAlign: x, YAlign: y, Handler: text.Plain{Fonts: font.DefaultCache}}
}

func sans(size vg.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

// fit shortens s until it is at most width wide; "" if not even one character is.
func fit(sty draw.TextStyle, s string, width vg.Length) string {
	s = printable(s)
	r := []rune(s)
	for n := len(r); n > 0; n-- {
		if n < len(r) {
			s = string(r[:n]) + "…"
		}
		if sty.Width(s) <= width {
			return s
		}
	}
	return ""
}

func fill(c draw.Canvas, col color.Color, x0, y0, x1, y1 vg.Length) {
	c.FillPolygon(col, []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}})
}

func frame(c draw.Canvas, l draw.LineStyle, x0, y0, x1, y1 vg.Length) {
	c.StrokeLines(l, []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}, {X: x0, Y: y0}})
}

func line(c color.Color, width vg.Length, dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width, Dashes: dashes}
}

// newPlot returns an empty plot in our fonts and colours.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding = 6
	p.Title.TextStyle = style(11, ink, draw.XCenter, draw.YTop)
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		rotation := a.Label.TextStyle.Rotation
		sty := a.Label.TextStyle
		a.Label.TextStyle.Font, a.Label.TextStyle.Color = sans(9), ink
		a.Label.TextStyle.Rotation, a.Label.TextStyle.XAlign = rotation, sty.XAlign
		a.Tick.Label.Font, a.Tick.Label.Color = sans(8), grey
		a.Tick.LineStyle, a.LineStyle = line(grey, 0.5), line(grey, 0.5)
		a.Tick.Length = 4
		a.Padding = 0
	}
	p.Add(rules{})
	return p
}

// percentTicks marks shares every step from 1 down to lo, in percent.
func percentTicks(lo, step float64) plot.ConstantTicks {
	var ts plot.ConstantTicks
	for k := 0; ; k++ {
		v := 1 - float64(k)*step
		if v < lo-1e-9 {
			return ts
		}
		ts = append(ts, plot.Tick{Value: v, Label: fmt.Sprintf("%.0f %%", 100*math.Abs(v))})
	}
}

// percentAxis makes the y axis of a plot with data one of shares up to 100 %.
func percentAxis(p *plot.Plot) {
	lo, step := max(0, math.Floor(p.Y.Min*5+1e-9)/5), 0.2
	if lo >= 0.6-1e-9 {
		lo, step = math.Floor(p.Y.Min*10+1e-9)/10, 0.1
	}
	p.Y.Min, p.Y.Max = min(lo, 0.9), 1
	p.Y.Tick.Marker = percentTicks(p.Y.Min, step)
}

// rules plots lines across at the ticks of the y axis. It is added first, below the data.
type rules struct{}

func (rules) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			c.StrokeLine2(line(pale, 0.4), c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
	}
}

// A key is one entry of a legend.
type key struct {
	name string
	line draw.LineStyle
	mark draw.GlyphDrawer
}

// legend draws keys in rows from the canvas's upper left corner and returns their height.
func legend(c draw.Canvas, keys []key) vg.Length {
	sty := style(8, ink, draw.XLeft, draw.YCenter)
	const sample, gap, row = 20, 14, 13
	x, y := c.Min.X, c.Max.Y-row/2
	for _, k := range keys {
		w := sample + 4 + sty.Width(k.name)
		if x > c.Min.X && x+w > c.Max.X {
			x, y = c.Min.X, y-row
		}
		if k.mark != nil {
			c.DrawGlyph(draw.GlyphStyle{Color: k.line.Color, Radius: 3, Shape: k.mark}, vg.Point{X: x + sample/2, Y: y})
		} else {
			c.StrokeLine2(k.line, x, y, x+sample, y)
		}
		c.FillText(sty, vg.Point{X: x + sample + 4, Y: y}, k.name)
		x += w + gap
	}
	return c.Max.Y - y + row/2
}
