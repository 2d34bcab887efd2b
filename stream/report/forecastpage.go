package report

import (
	"fmt"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"inkling/stream/evaluate"
)

// WriteHTML writes one page: the errors beside those of the naive forecast, over the steps
// ahead, the quantiles, and of each recording the stretch that was forecast worst. It loads
// nothing and runs no script. The report needs evaluate.ForecastOptions.Excerpts.
func (r Forecasts) WriteHTML(w io.Writer) error {
	s := &section{Title: "inkling: forecasts", Warnings: printables(r.Warnings), Figures: r.figures(),
		Heading: fmt.Sprintf("%s, %d steps of %s", plural(r.Recordings, "recording"), r.Steps, plural(r.Values, "value"))}
	s.about(r.About)
	s.add(drawPath(r), "Error over the steps ahead", "As a share of the error of the naive forecast, which repeats the last sample: below 100 % the model is better.")
	s.add(drawCoverage(r), "Quantiles", "One step ahead: the share of values at or below each forecast quantile. On the dashed line it is what it should be.")
	for i := range r.Excerpts {
		e := &r.Excerpts[i]
		s.add(drawExcerpt(e), excerptTitle(e), fmt.Sprintf("The stretch of this recording that was forecast worst, one step ahead; root mean square error %.4g, of the naive forecast %.4g.",
			math.Sqrt(e.Error), math.Sqrt(e.Naive)))
	}
	if s.err != nil {
		return s.err
	}
	return pages.ExecuteTemplate(w, "forecasts", map[string]any{"Title": s.Title, "Section": s, "Channels": r.channels()})
}

// figures returns the summary.
func (r Forecasts) figures() (fs []figure) {
	for _, h := range r.Ahead {
		fs = append(fs, figure{stepsAhead(h.Steps), relative(h.RMSE, h.NaiveRMSE),
			fmt.Sprintf("root mean square error %.4g, of the naive forecast %.4g, in %s", float64(h.RMSE), float64(h.NaiveRMSE), plural(h.Forecasts, "forecast"))},
			figure{"", relative(h.MAE, h.NaiveMAE), fmt.Sprintf("mean absolute error %.4g, of the naive forecast %.4g", float64(h.MAE), float64(h.NaiveMAE))})
	}
	if r.SeenInTraining > 0 {
		fs = append(fs, figure{"seen in training", fmt.Sprint(r.SeenInTraining), "of the recordings: the figures flatter"})
	}
	return fs
}

func stepsAhead(n int) string {
	if n == 1 {
		return "one step ahead"
	}
	return fmt.Sprintf("%d steps ahead", n)
}

// relative is x as a share of the naive forecast's; "" if that made no error.
func relative(x, naive evaluate.Number) string {
	if naive == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(x/naive))
}

// A channelRow holds the errors of a channel at a number of steps ahead.
type channelRow struct{ Name, Ahead, RMSE, Naive, Relative string }

// channels returns the errors of each channel, if there are several.
func (r Forecasts) channels() (rows []channelRow) {
	for _, h := range r.Ahead {
		for _, c := range h.Channels {
			rows = append(rows, channelRow{printable(c.Name), stepsAhead(h.Steps), fmt.Sprintf("%.4g", float64(c.RMSE)), fmt.Sprintf("%.4g", float64(c.NaiveRMSE)), relative(c.RMSE, c.NaiveRMSE)})
		}
	}
	return rows
}

// drawPath draws the errors over the number of steps ahead; nil if they are not known.
func drawPath(r Forecasts) *drawing {
	var square, size plotter.XYs
	most := 1.1
	for _, h := range r.Path {
		if h.NaiveRMSE == 0 || h.NaiveMAE == 0 || h.Forecasts == 0 {
			continue
		}
		square = append(square, plotter.XY{X: float64(h.Steps), Y: float64(h.RMSE / h.NaiveRMSE)})
		size = append(size, plotter.XY{X: float64(h.Steps), Y: float64(h.MAE / h.NaiveMAE)})
		most = max(most, square[len(square)-1].Y, size[len(size)-1].Y)
	}
	if len(square) == 0 || !(most < 1e6) {
		return nil
	}
	p := newPlot("", "steps ahead", "error / naive error")
	keys := []key{{"root mean square", line(blue, 1.6), nil}, {"mean absolute", line(vermilion, 1.2), nil}, {"naive forecast", line(grey, 0.8, 3, 2), nil}}
	last := square[len(square)-1].X
	addLine(p, plotter.XYs{{X: 0, Y: 1}, {X: last, Y: 1}}, keys[2].line)
	addLine(p, size, keys[1].line)
	addLine(p, square, keys[0].line)
	p.Add(&dots{square, draw.GlyphStyle{Color: blue, Radius: 2.2, Shape: draw.CircleGlyph{}}})
	p.X.Min, p.X.Max, p.X.Tick.Marker = 0, max(last, 1), marks{1, 10}
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = 0, 1.05*most, percentMarks{marks{1e-9, 6}}
	return plotted(480, 280, keys, p)
}

// percentMarks marks shares that may be above 1, in percent.
type percentMarks struct{ marks }

func (m percentMarks) Ticks(lo, hi float64) []plot.Tick {
	ts := m.marks.Ticks(lo, hi)
	for i := range ts {
		ts[i].Label = fmt.Sprintf("%.4g %%", 100*ts[i].Value)
	}
	return ts
}

// drawCoverage draws the share of values below each quantile; nil without quantiles.
func drawCoverage(r Forecasts) *drawing {
	if len(r.Quantiles) == 0 {
		return nil
	}
	p := newPlot("", "forecast quantile", "values at or below it")
	var xys plotter.XYs
	for _, q := range r.Quantiles {
		xys = append(xys, plotter.XY{X: q.Level, Y: float64(q.Below)})
	}
	keys := []key{{"counted", line(blue, 1.4), draw.CircleGlyph{}}, {"as it should be", line(grey, 0.8, 3, 2), nil}}
	addLine(p, plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}}, keys[1].line)
	addLine(p, xys, keys[0].line)
	p.Add(&dots{xys, draw.GlyphStyle{Color: blue, Radius: 3, Shape: draw.CircleGlyph{}}})
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.X.Tick.Marker, p.Y.Tick.Marker = percentTicks(0, 0.2), percentTicks(0, 0.2)
	return plotted(320, 300, keys, p)
}

func excerptTitle(e *evaluate.Excerpt) string {
	title := printable(e.Name)
	if e.Channel != "" {
		title += ", " + printable(e.Channel)
	}
	return title
}

// drawExcerpt draws what came and what had been forecast for it.
func drawExcerpt(e *evaluate.Excerpt) *drawing {
	scale, unit := 1.0, "sample"
	if e.Rate > 0 {
		scale, unit = e.Rate, "s"
	}
	at := func(values []float32) (xys plotter.XYs) {
		for i, v := range values {
			if f := float64(v); !math.IsNaN(f) && !math.IsInf(f, 0) {
				xys = append(xys, plotter.XY{X: (float64(e.From*e.Samples) + float64(i)) / scale, Y: f})
			}
		}
		return xys
	}
	truth := at(e.Truth)
	if len(truth) == 0 {
		return nil
	}
	p := newPlot("", unit, "")
	keys := []key{{"what came", line(ink, 1.1), nil}, {"forecast", line(blue, 1.1), nil}}
	if len(e.Low) > 0 {
		keys = append(keys, key{"lowest and highest quantile", line(pale, 1.4), nil})
		addLine(p, at(e.Low), keys[2].line)
		addLine(p, at(e.High), keys[2].line)
	}
	addLine(p, truth, keys[0].line)
	addLine(p, at(e.Forecast), keys[1].line)
	p.X.Tick.Marker, p.Y.Tick.Marker = marks{1e-9, 10}, marks{1e-12, 5}
	return plotted(700, 230, keys, p)
}
