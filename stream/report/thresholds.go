package report

import (
	"cmp"
	"errors"
	"slices"

	"gonum.org/v1/plot/plotter"

	"inkling/stream/evaluate"
)

// Thresholds draws what a threshold on the confirmed label's probability would do: the share
// of all examples that are answered, the share of all that are answered right (recall), and
// the share of the answers that are right (precision).
func Thresholds(r *evaluate.Report, path string) error {
	d, err := drawThresholds(Clips{r})
	return save(d, err, r.About, path)
}

// A thresholdPoint says how many examples have at least a probability, and how many of
// those are right.
type thresholdPoint struct {
	p               float64
	answered, right int
}

// thresholds returns a point for each distinct probability, descending.
func thresholds(rows []evaluate.Row) (points []thresholdPoint) {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b evaluate.Row) int { return cmp.Compare(b.P, a.P) })
	right := 0
	for i := range sorted {
		row := &sorted[i]
		if row.Confirmed == "" {
			break // never answered: p is 0
		}
		if row.Right() {
			right++
		}
		q := thresholdPoint{float64(row.P), i + 1, right}
		if n := len(points); n > 0 && points[n-1].p == q.p {
			points[n-1] = q
		} else {
			points = append(points, q)
		}
	}
	return points
}

func drawThresholds(r Clips) (*drawing, error) {
	points := thresholds(r.Rows)
	if len(points) == 0 {
		return nil, errors.New("the report holds no probabilities: give a model and data")
	}
	n := float64(len(r.Rows))
	keys := []key{{"precision: of the answers, right", line(blue, 1.6), nil}, {"recall: of all, answered right", line(vermilion, 1.6), nil},
		{"answered", line(grey, 0.9, 3, 2), nil}}
	var curves [3]plotter.XYs
	add := func(p float64, q thresholdPoint) {
		for i, v := range []float64{float64(q.right) / float64(q.answered), float64(q.right) / n, float64(q.answered) / n} {
			curves[i] = append(curves[i], plotter.XY{X: p, Y: v})
		}
	}
	add(0, points[len(points)-1])
	for i := len(points) - 1; i >= 0; i-- { // a point holds from the next smaller probability on
		if i < len(points)-1 {
			add(points[i+1].p, points[i])
		}
		add(points[i].p, points[i])
	}
	p := newPlot("", "threshold on the probability", "share")
	for i, xys := range curves {
		addLine(p, xys, keys[i].line)
	}
	p.X.Min, p.X.Max = 0, 1
	p.X.Tick.Marker = percentTicks(0, 0.1)
	percentAxis(p)
	return plotted(480, 300, keys, p), nil
}
