package report

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"

	"inkling/stream/tune"
)

// TradeOff draws the recall over the false alarms an hour, those on the background alone if
// the goal has them apart, that thresholds give on the
// streams of the proof, and the model before and after tuning.
func TradeOff(r *tune.Result, path string) error {
	return drawTradeOff(Tuned{r}).about(r.Report.About).save(path)
}

// drawTradeOff draws false alarms on a logarithmic axis. No false alarm at all is at its
// left end, at half of one in the stream.
func drawTradeOff(r Tuned) *drawing {
	axis, was, is := "false alarms an hour", r.Before.PerHour, r.After.PerHour
	if r.Goal.Wrong > 0 {
		axis, was, is = "false alarms an hour on background", r.Before.OnBackgroundPerHour, r.After.OnBackgroundPerHour
	}
	p := newPlot("", axis, "recall")
	hours, budget := r.After.Hours, r.Goal.FalseAlarms
	none := 0.5 / hours
	at := func(perHour, recall float64) plotter.XY {
		return plotter.XY{X: math.Log10(max(perHour, none)), Y: recall}
	}
	before, after := at(was, float64(r.Before.Recall)), at(is, float64(r.After.Recall))
	goal := at(budget, 0).X
	right := max(math.Log10(2/hours), before.X, after.X, goal)
	var curve plotter.XYs
	for _, q := range r.Curve {
		xy := at(float64(r.Goal.Counted(q))/hours, float64(q.Found)/float64(r.After.Events))
		right = max(right, xy.X)
		if n := len(curve); n == 0 || curve[n-1] != xy {
			curve = append(curve, xy)
		}
	}
	keys := []key{{"thresholds, from strict to none", line(blue, 1.6), nil}, {"as it was", line(grey, 1), draw.RingGlyph{}}, {"tuned", line(vermilion, 1), draw.CircleGlyph{}}}
	addLine(p, curve, keys[0].line)
	border := line(green, 1, 4, 3)
	if budget >= 0 {
		addLine(p, plotter.XYs{{X: goal, Y: 0}, {X: goal, Y: 1}}, border)
	}
	if least := r.Goal.Recall; least > 0 {
		addLine(p, plotter.XYs{{X: math.Log10(none), Y: least}, {X: right, Y: least}}, border)
	}
	if budget >= 0 || r.Goal.Recall > 0 {
		keys = append(keys, key{"goal", border, nil})
	}
	for i, q := range []plotter.XY{before, after} {
		k := keys[i+1]
		p.Add(&dots{plotter.XYs{q}, draw.GlyphStyle{Color: k.line.Color, Radius: 4, Shape: k.mark}})
	}
	p.X.Min, p.X.Max = math.Log10(none), right+0.05
	p.X.Tick.Marker = decades{none}
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = 0, 1, percentTicks(0, 0.2)
	return plotted(480, 320, keys, p)
}

// decades marks a logarithmic axis to base 10 whose left end stands for zero.
type decades struct{ none float64 }

func (d decades) Ticks(lo, hi float64) []plot.Tick {
	ticks := []plot.Tick{{Value: lo, Label: "0"}}
	for k := math.Floor(lo); k <= hi; k++ {
		for m := 1.0; m < 10; m++ {
			v := k + math.Log10(m)
			if v < lo+0.1 || v > hi {
				continue
			}
			label := ""
			if m == 1 || m == 3 && hi-lo < 2.5 {
				label = fmt.Sprintf("%g", m*math.Pow(10, k))
			}
			ticks = append(ticks, plot.Tick{Value: v, Label: label})
		}
	}
	return ticks
}
