package report

import (
	"errors"
	"fmt"
	"inkling/stream/evaluate"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func drawRunning(r Clips) (*drawing, error) {
	if r.Running == nil {
		return nil, errors.New("the model has no running head: there is no running accuracy to draw")
	}
	p := newPlot("", "part of the segment seen", "accuracy")
	var xys plotter.XYs
	for k := 1; k <= evaluate.Tenths; k++ {
		xys = append(xys, plotter.XY{X: float64(k) / evaluate.Tenths, Y: float64(r.Running.AccuracyAt[evaluate.Fraction(k)])})
	}
	_, majority := r.ConfusionMatrix().Majority()
	keys := []key{
		{"running", line(vermilion, 1.6), nil},
		{"confirmed " + r.Confirmed.Accuracy.String(), line(blue, 1.6), nil},
		{"commonest label " + majority.String(), line(grey, 0.9, 2, 2), nil},
	}
	if len(r.Running.CarriedAt) > 0 {
		keys = append(keys, key{"running, one after another", line(green, 1.2, 4, 2), nil})
		var carried plotter.XYs
		for k := 1; k <= evaluate.Tenths; k++ {
			carried = append(carried, plotter.XY{X: float64(k) / evaluate.Tenths, Y: float64(r.Running.CarriedAt[evaluate.Fraction(k)])})
		}
		addLine(p, carried, keys[3].line)
	}
	level := func(s evaluate.Share, l draw.LineStyle) {
		addLine(p, plotter.XYs{{X: 0, Y: float64(s)}, {X: 1, Y: float64(s)}}, l)
	}
	level(majority, keys[2].line)
	level(r.Confirmed.Accuracy, keys[1].line)
	addLine(p, xys, keys[0].line)
	p.Add(&dots{xys, draw.GlyphStyle{Color: vermilion, Radius: 2.2, Shape: draw.CircleGlyph{}}})
	if e := r.Early; e != nil && e.Earliness < 1 {
		k := key{fmt.Sprintf("early %s at %s", e.Accuracy, e.Earliness), line(green, 1), draw.PyramidGlyph{}}
		keys = append(keys, k)
		p.Add(&dots{plotter.XYs{{X: float64(e.Earliness), Y: float64(e.Accuracy)}},
			draw.GlyphStyle{Color: green, Radius: 4.5, Shape: k.mark}})
	}
	p.X.Min, p.X.Max = 0, 1
	p.X.Tick.Marker = percentTicks(0, 0.1)
	percentAxis(p)
	return plotted(480, 300, keys, p), nil
}

// drawAfter draws the running label's accuracy at the milestones, on a scale where each
// is as far from the next.
func drawAfter(r Clips) (*drawing, error) {
	if r.Running == nil || len(r.Running.AccuracyAfter) == 0 {
		return nil, errors.New("the report has no accuracy after numbers of characters: evaluate a model of text with a running head")
	}
	p := newPlot("", "characters read", "accuracy")
	var xys plotter.XYs
	var ticks plot.ConstantTicks
	for k, n := range r.Running.Milestones() {
		name := strconv.Itoa(n)
		xys = append(xys, plotter.XY{X: float64(k), Y: float64(r.Running.AccuracyAfter[name])})
		ticks = append(ticks, plot.Tick{Value: float64(k), Label: name})
	}
	keys := []key{{"running", line(vermilion, 1.6), nil}, {"confirmed " + r.Confirmed.Accuracy.String(), line(blue, 1.6), nil}}
	last := max(float64(len(ticks)-1), 1)
	addLine(p, plotter.XYs{{X: 0, Y: float64(r.Confirmed.Accuracy)}, {X: last, Y: float64(r.Confirmed.Accuracy)}}, keys[1].line)
	addLine(p, xys, keys[0].line)
	p.Add(&dots{xys, draw.GlyphStyle{Color: vermilion, Radius: 2.2, Shape: draw.CircleGlyph{}}})
	p.X.Min, p.X.Max = 0, last
	p.X.Tick.Marker = ticks
	percentAxis(p)
	return plotted(480, 300, keys, p), nil
}

// plotted is a figure of a legend above plots side by side.
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

// dots are a plotter of marks; those on the border are not cut.
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

func drawReliability(r Clips) (*drawing, error) {
	confirmed, running := total(&r.Bins[0]), total(&r.Bins[1])
	if confirmed == 0 && running == 0 {
		return nil, errors.New("the report holds no probabilities: evaluate the model again")
	}
	var ps []*plot.Plot
	if confirmed > 0 {
		ps = append(ps, reliability("confirmed", &r.Bins[0]))
	}
	if running > 0 {
		ps = append(ps, reliability("running, at the end", &r.Bins[1]))
	}
	keys := []key{{"accuracy and its 95 % interval", line(blue, 1), draw.CircleGlyph{}}, {"calibrated", line(grey, 0.8, 3, 2), nil},
		{"share of answers", line(pale, 7), nil}}
	return plotted(vg.Length(60+260*len(ps)), 310, keys, ps...), nil
}

func total(r *evaluate.Histogram) int {
	n := 0
	for _, c := range r.Count {
		n += c
	}
	return n
}

func reliability(name string, r *evaluate.Histogram) *plot.Plot {
	p := newPlot(fmt.Sprintf("%s (error %s)", name, decimal(r.ECE())), "probability given", "share right")
	p.Title.TextStyle.Font.Size = 10
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.X.Tick.Marker, p.Y.Tick.Marker = percentTicks(0, 0.2), percentTicks(0, 0.2)
	p.Add(&reliabilityBins{r})
	return p
}

type reliabilityBins struct{ r *evaluate.Histogram }

func (b *reliabilityBins) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	n := float64(total(b.r))
	for i, count := range b.r.Count {
		fill(c, pale, x(float64(i)/evaluate.Bins), y(0), x(float64(i+1)/evaluate.Bins)-0.5, y(float64(count)/n))
	}
	c.StrokeLine2(line(grey, 0.8, 3, 2), x(0), y(0), x(1), y(1))
	for i, count := range b.r.Count {
		if count == 0 {
			continue
		}
		at := x(b.r.Sum[i] / float64(count))
		lo, hi := evaluate.Wilson(b.r.Right[i], count)
		c.StrokeLine2(line(blue, 0.9), at, y(lo), at, y(hi))
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: blue, Radius: 2.6, Shape: draw.CircleGlyph{}},
			vg.Point{X: at, Y: y(float64(b.r.Right[i]) / float64(count))})
	}
}
