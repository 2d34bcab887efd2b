package report

import (
	"errors"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"inkling/stream/soak"
)

// Soak draws what a soak has measured against the hours of signal, as PNG or SVG: resident
// memory, the time of a step and of a confirmation, and what became of the events.
func Soak(rows []soak.Row, path string) error {
	d, err := drawSoak(rows)
	if err != nil {
		return err
	}
	return d.save(path)
}

// A series is a line of a soak's picture.
type series struct {
	key
	of func(*soak.Row) float64
}

func drawSoak(rows []soak.Row) (*drawing, error) {
	if len(rows) == 0 {
		return nil, errors.New("there is no row to draw")
	}
	median, tail := line(blue, 1.6), line(vermilion, 1.6)
	lines := [][]series{
		{{key{"memory", line(ink, 1.6), nil}, func(r *soak.Row) float64 { return float64(r.Resident) / 1e6 }}},
		{{key{"median", median, nil}, func(r *soak.Row) float64 { return 1e6 * r.StepP50 }}, {key{"99th percentile", tail, nil}, func(r *soak.Row) float64 { return 1e6 * r.StepP99 }}},
		{{key{"", median, nil}, func(r *soak.Row) float64 { return 1e3 * r.ConfirmP50 }}, {key{"", tail, nil}, func(r *soak.Row) float64 { return 1e3 * r.ConfirmP99 }}},
		{{key{"found", line(green, 1.6), nil}, (*soak.Row).Recall}, {key{"wrong label", line(vermilion, 0.9, 4, 2), nil}, func(r *soak.Row) float64 { return float64(r.Wrong) / float64(r.Events) }}},
	}
	var panels [][]*plot.Plot
	for i, name := range []string{"memory, MB", "a step, µs", "confirming, ms", "events"} {
		panels = append(panels, []*plot.Plot{soakPanel(name, rows, lines[i])})
	}
	events := panels[3][0]
	events.Y.Min, events.Y.Max, events.Y.Tick.Marker = 0, 1, percentTicks(0, 0.25)
	events.X.Label.Text = "hours of signal"
	keys := []key{lines[0][0].key, lines[1][0].key, lines[1][1].key, lines[3][0].key, lines[3][1].key}
	const w, h = 560, 560
	return &drawing{width: w, height: h, draw: func(c draw.Canvas) {
		fill(c, paper, 0, 0, w, h)
		used := legend(draw.Crop(c, 48, -12, 0, -10), keys)
		tiles := draw.Tiles{Rows: len(panels), Cols: 1, PadY: 14, PadTop: used + vg.Length(18), PadBottom: 8, PadLeft: 8, PadRight: 16}
		for i, sub := range plot.Align(panels, tiles, c) {
			panels[i][0].Draw(sub[0])
		}
	}}, nil
}

// soakPanel plots lines over the hours of signal, from zero on.
func soakPanel(y string, rows []soak.Row, lines []series) *plot.Plot {
	p := newPlot("", "", y)
	p.X.Tick.Marker, p.Y.Tick.Marker = marks{1e-3, 11}, marks{1e-9, 5}
	most := 0.0
	for _, l := range lines {
		var points plotter.XYs
		for i := range rows {
			if v := l.of(&rows[i]); !math.IsNaN(v) {
				points = append(points, plotter.XY{X: rows[i].Hours, Y: v})
				most = max(most, v)
			}
		}
		addLine(p, points, l.line)
	}
	p.X.Min, p.X.Max = 0, rows[len(rows)-1].Hours
	p.Y.Min, p.Y.Max = 0, max(1.1*most, 1e-6)
	return p
}
