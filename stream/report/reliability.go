package report

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"inkling/stream/evaluate"
)

func drawReliability(r Clips) (*drawing, error) {
	confirmed, running := total(&r.Bins[0]), total(&r.Bins[1])
	if confirmed == 0 && running == 0 {
		return nil, errors.New("the report holds no probabilities: give a model and data")
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
