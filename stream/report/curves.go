package report

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A CurvePoint is one epoch of a training. Accuracies are shares; NaN was not measured.
type CurvePoint struct {
	Epoch                      int
	Loss, Confirm, Running     float64 // training
	ValidLoss                  float64
	ValidConfirm, ValidRunning float64
}

// ReadCurves reads the log of a training, a CSV file with a header. It reads the columns
// epoch, loss, confirm, running, valid_loss, valid_confirm and valid_running; all but
// epoch and loss may be missing, others are ignored.
func ReadCurves(r io.Reader) ([]CurvePoint, error) {
	c := csv.NewReader(r)
	head, err := c.Read()
	if err == io.EOF {
		return nil, errors.New("training log: the file is empty")
	} else if err != nil {
		return nil, fmt.Errorf("training log: %w", err)
	}
	for _, name := range []string{"epoch", "loss"} {
		if !slices.Contains(head, name) {
			return nil, fmt.Errorf("training log: no column %q among %q: give the CSV file that training wrote", name, head)
		}
	}
	var points []CurvePoint
	for {
		rec, err := c.Read()
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("training log: %w", err)
		}
		p, err := readPoint(head, rec)
		if err != nil {
			return nil, fmt.Errorf("training log: line %d: %w", len(points)+2, err)
		}
		points = append(points, p)
	}
	if len(points) == 0 {
		return nil, errors.New("training log: there is no epoch in it yet")
	}
	return points, nil
}

func readPoint(head, rec []string) (CurvePoint, error) {
	nan := math.NaN()
	epoch := nan
	p := CurvePoint{Loss: nan, Confirm: nan, Running: nan, ValidLoss: nan, ValidConfirm: nan, ValidRunning: nan}
	field := map[string]*float64{"epoch": &epoch, "loss": &p.Loss, "confirm": &p.Confirm, "running": &p.Running,
		"valid_loss": &p.ValidLoss, "valid_confirm": &p.ValidConfirm, "valid_running": &p.ValidRunning}
	for i, name := range head {
		if v := field[name]; v != nil && rec[i] != "" {
			var err error
			if *v, err = strconv.ParseFloat(rec[i], 64); err != nil {
				return p, fmt.Errorf("%s: %q is no number", name, rec[i])
			}
		}
	}
	if epoch != math.Trunc(epoch) || math.Abs(epoch) > 1e9 {
		return p, fmt.Errorf("epoch: %v is no whole number", epoch)
	}
	p.Epoch = int(epoch)
	return p, nil
}

func drawCurves(points []CurvePoint) (*drawing, error) {
	if len(points) == 0 {
		return nil, errors.New("there is no epoch to draw")
	}
	best := bestEpoch(points)
	keys := curves(points)
	top := curvePanel("accuracy", keys[:4], points, best)
	bottom := curvePanel("loss", keys[4:], points, best)
	percentAxis(top)
	bottom.X.Label.Text = "epoch"
	bottom.Y.Min, bottom.Y.Max = min(0, bottom.Y.Min), max(1e-6, bottom.Y.Max)
	var shown []key
	for _, k := range keys[:4] {
		if len(k.points) > 0 {
			shown = append(shown, k.key)
		}
	}
	if best > 0 {
		shown = append(shown, key{fmt.Sprintf("best validation loss, epoch %d", best), line(grey, 0.8, 2, 2), nil})
	}
	const w, h = 560, 420
	return &drawing{width: w, height: h, draw: func(c draw.Canvas) {
		fill(c, paper, 0, 0, w, h)
		used := legend(draw.Crop(c, 48, -12, 0, -10), shown)
		panels := [][]*plot.Plot{{top}, {bottom}}
		tiles := draw.Tiles{Rows: 2, Cols: 1, PadY: 14, PadTop: used + 18, PadBottom: 8, PadLeft: 8, PadRight: 16}
		cs := plot.Align(panels, tiles, c)
		top.Draw(cs[0][0])
		bottom.Draw(cs[1][0])
	}}, nil
}

// bestEpoch returns the epoch of the least validation loss; 0 without one.
func bestEpoch(points []CurvePoint) int {
	best, loss := 0, math.Inf(1)
	for _, p := range points {
		if p.ValidLoss < loss {
			best, loss = p.Epoch, p.ValidLoss
		}
	}
	return best
}

// A curve is an entry of the legend with its points, without those of NaN.
type curve struct {
	key
	points plotter.XYs
}

func curves(points []CurvePoint) []curve {
	thin, thick := vg.Length(0.9), vg.Length(1.6)
	cs := []curve{
		{key: key{name: "confirmed, validation", line: line(blue, thick)}},
		{key: key{name: "running, validation", line: line(vermilion, thick)}},
		{key: key{name: "confirmed, training", line: line(blue, thin, 4, 2)}},
		{key: key{name: "running, training", line: line(vermilion, thin, 4, 2)}},
		{key: key{name: "validation", line: line(ink, thick)}},
		{key: key{name: "training", line: line(ink, thin, 4, 2)}},
	}
	if !slices.ContainsFunc(points, func(p CurvePoint) bool { return !math.IsNaN(p.ValidLoss) }) {
		cs[2].line, cs[3].line, cs[5].line = cs[0].line, cs[1].line, cs[4].line // nothing to tell them from
	}
	for _, p := range points {
		for i, v := range []float64{p.ValidConfirm, p.ValidRunning, p.Confirm, p.Running, p.ValidLoss, p.Loss} {
			if math.Abs(v) <= maxLoss {
				cs[i].points = append(cs[i].points, plotter.XY{X: float64(p.Epoch), Y: v})
			}
		}
	}
	return cs
}

// maxLoss is the greatest loss that is drawn; NaN is not drawn either.
const maxLoss = 1e12

func curvePanel(y string, cs []curve, points []CurvePoint, best int) *plot.Plot {
	p := newPlot("", "", y)
	p.X.Tick.Marker, p.Y.Tick.Marker = marks{1, 11}, marks{1e-9, 6}
	for _, c := range slices.Backward(cs) {
		addLine(p, c.points, c.line)
	}
	p.X.Min, p.X.Max = math.Inf(1), math.Inf(-1)
	for _, q := range points {
		p.X.Min, p.X.Max = min(p.X.Min, float64(q.Epoch)), max(p.X.Max, float64(q.Epoch))
	}
	if p.X.Min == p.X.Max {
		p.X.Min, p.X.Max = p.X.Min-1, p.X.Max+1
	}
	if !(p.Y.Min <= p.Y.Max) || math.IsInf(p.Y.Min, 0) { // nothing drawn
		p.Y.Min, p.Y.Max = 0, 1
	}
	if best > 0 {
		p.Add(&vertical{float64(best), line(grey, 0.8, 2, 2)})
	}
	return p
}
