package report

import (
	"errors"
	"fmt"
	"strconv"

	"inkling/stream/evaluate"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
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

// drawMilestones draws the running label's accuracy at the milestones, evenly spaced.
func drawMilestones(r Clips) (*drawing, error) {
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
