package report

import (
	"fmt"
	"inkling/stream/evaluate"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// TradeOff draws what thresholds can give on a stream.
func TradeOff(t *evaluate.TradeOff, path string) error { return drawTradeOff(t).save(path) }

// drawTradeOff draws false alarms on a logarithmic axis; none of them stand at its left end,
// at half of one in the stream.
func drawTradeOff(t *evaluate.TradeOff) *drawing {
	p := newPlot("", "false alarms an hour", "recall")
	none := 0.5 / t.Hours
	at := func(q evaluate.TradePoint) plotter.XY {
		return plotter.XY{X: math.Log10(max(q.FalseAlarms, none)), Y: q.Recall}
	}
	var curve plotter.XYs
	right := math.Log10(2 / t.Hours)
	for _, q := range append(t.Curve, t.Before, t.After, evaluate.TradePoint{FalseAlarms: t.Budget}) {
		right = max(right, at(q).X)
	}
	for _, q := range t.Curve {
		if n := len(curve); n == 0 || curve[n-1] != at(q) {
			curve = append(curve, at(q))
		}
	}
	keys := []key{{"thresholds, from strict to none", line(blue, 1.6), nil}, {"as it was", line(grey, 1), draw.RingGlyph{}}, {"tuned", line(vermilion, 1), draw.CircleGlyph{}}}
	addLine(p, curve, keys[0].line)
	border := line(green, 1, 4, 3)
	if t.Budget >= 0 {
		x := at(evaluate.TradePoint{FalseAlarms: t.Budget}).X
		addLine(p, plotter.XYs{{X: x, Y: 0}, {X: x, Y: 1}}, border)
	}
	if t.Recall > 0 {
		addLine(p, plotter.XYs{{X: math.Log10(none), Y: t.Recall}, {X: right, Y: t.Recall}}, border)
	}
	if t.Budget >= 0 || t.Recall > 0 {
		keys = append(keys, key{"goal", border, nil})
	}
	for i, q := range []evaluate.TradePoint{t.Before, t.After} {
		k := keys[i+1]
		p.Add(&dots{plotter.XYs{at(q)}, draw.GlyphStyle{Color: k.line.Color, Radius: 4, Shape: k.mark}})
	}
	p.X.Min, p.X.Max = math.Log10(none), right+0.05
	p.X.Tick.Marker = decades{none}
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = 0, 1, percentTicks(0, 0.2)
	return plotted(480, 320, keys, p)
}

// decades marks an axis of logarithms to base 10 that begins where there is none.
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
