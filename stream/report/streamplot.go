package report

import (
	"math"

	"inkling/stream/evaluate"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawOverTime draws two panels over the time since the streams' begin: the share of
// events labelled right, and false alarms an hour.
func drawOverTime(r Stream) *drawing {
	unit, scale := timeUnit(r)
	top := newPlot("", "", "events right")
	bottom := newPlot("", "time since the begin, "+unit, "false alarms/h")
	var stream, running plotter.XYs
	low := 1.0
	for _, p := range r.OverTime {
		at := (p.FromS + p.ToS) / 2 / scale
		if p.Events > 0 {
			stream = append(stream, plotter.XY{X: at, Y: float64(p.Accuracy)})
			running = append(running, plotter.XY{X: at, Y: float64(p.RunningAccuracy)})
			lo, _ := evaluate.Wilson(p.Found, p.Events)
			low = min(low, lo)
		}
	}
	keys := []key{{"confirmed, with its 95 % interval", line(blue, 1.6), nil}, {"running, at the event's end", line(vermilion, 1.2), nil}}
	addLine(top, running, keys[1].line)
	addLine(top, stream, keys[0].line)
	top.Add(&intervals{r.OverTime, scale})
	bottom.Add(&columns{r.OverTime, scale})
	top.Y.Min = min(top.Y.Min, low)
	percentAxis(top)
	for _, p := range []*plot.Plot{top, bottom} {
		p.X.Min, p.X.Max, p.X.Tick.Marker = 0, r.OverTime[len(r.OverTime)-1].ToS/scale, marks{1e-9, 10}
	}
	bottom.Y.Min, bottom.Y.Tick.Marker = 0, marks{1e-9, 4}
	bottom.Y.Max = max(bottom.Y.Max*1.05, 1)
	const w, h = 560, 360
	return &drawing{width: w, height: h, draw: func(c draw.Canvas) {
		fill(c, paper, 0, 0, w, h)
		used := legend(draw.Crop(c, 48, -12, 0, -10), keys)
		tiles := draw.Tiles{Rows: 2, Cols: 1, PadY: 14, PadTop: used + 18, PadBottom: 8, PadLeft: 8, PadRight: 20}
		cs := plot.Align([][]*plot.Plot{{top}, {bottom}}, tiles, c)
		top.Draw(cs[0][0])
		bottom.Draw(cs[1][0])
	}}
}

// timeUnit returns the unit of the time axis and its length in seconds.
func timeUnit(r Stream) (name string, seconds float64) {
	switch end := r.OverTime[len(r.OverTime)-1].ToS; {
	case end >= 7200:
		return "hours", 3600
	case end >= 120:
		return "minutes", 60
	}
	return "seconds", 1
}

// intervals plots the 95 % intervals of the confirmed accuracy.
type intervals struct {
	parts []evaluate.TimePart
	scale float64
}

func (v *intervals) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, q := range v.parts {
		if q.Events > 0 {
			at := x((q.FromS + q.ToS) / 2 / v.scale)
			lo, hi := evaluate.Wilson(q.Found, q.Events)
			c.StrokeLine2(line(blue, 0.8), at, y(lo), at, y(hi))
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: blue, Radius: 2.4, Shape: draw.CircleGlyph{}}, vg.Point{X: at, Y: y(float64(q.Accuracy))})
		}
	}
}

// columns plots false alarms an hour.
type columns struct {
	parts []evaluate.TimePart
	scale float64
}

func (v *columns) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, q := range v.parts {
		fill(c, tint(vermilion, 0.7), x(q.FromS/v.scale)+1, y(0), x(q.ToS/v.scale)-1, y(float64(q.FalseAlarmsPerHour)))
	}
}

func (v *columns) DataRange() (xmin, xmax, ymin, ymax float64) {
	for _, q := range v.parts {
		xmax, ymax = max(xmax, q.ToS/v.scale), max(ymax, float64(q.FalseAlarmsPerHour))
	}
	return 0, xmax, 0, ymax
}

// mostPoints is the approximate number of points of a curve of latencies.
const mostPoints = 300

// drawLatencies draws the share of events labelled right over the time since their begin.
func drawLatencies(r Stream) *drawing {
	p := newPlot("", "ms since the event's begin", "events labelled right")
	lines := []struct {
		key
		ms []float64
	}{
		{key{"running, to stay", line(vermilion, 1.6), nil}, r.Delays.Running},
		{key{"early", line(green, 1.6), nil}, r.Delays.Early},
		{key{"confirmed", line(blue, 1.6), nil}, r.Delays.Confirmed},
	}
	end := 100.0
	for _, l := range lines {
		if len(l.ms) > 0 {
			end = max(end, 1.2*float64(evaluate.Quantile(l.ms, 0.9)))
		}
	}
	var keys []key
	for _, l := range lines {
		if len(l.ms) == 0 {
			continue
		}
		keys = append(keys, l.key)
		at := plotter.XYs{{X: 0, Y: 0}}
		y := 0.0
		for i := 0; i < len(l.ms) && l.ms[i] <= end; i += 1 + len(l.ms)/mostPoints {
			y = float64(i+1) / float64(r.Events)
			at = append(at, plotter.XY{X: l.ms[i], Y: y})
		}
		addLine(p, append(at, plotter.XY{X: end, Y: y}), l.line)
	}
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, math.Ceil(end/50)*50, marks{1, 10}
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = 0, 1, percentTicks(0, 0.2)
	return plotted(480, 300, keys, p)
}
