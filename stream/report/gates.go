package report

import (
	"cmp"
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"inkling/cell"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/stream/evaluate"
)

// Gates draws what the forward half of m's top layer does while it reads an example of set:
// the signal, the running probabilities, and for each unit and step the input, the forget
// and the output gate, the cell state and the output. Units are sorted by what they keep,
// the longest first. set must have the model's rate.
func Gates(m *model.Model, set *dataset.Set, example int, about evaluate.About, path string) error {
	d, err := drawGates(m, set, example)
	return save(d, err, about, path)
}

// maxWatched bounds the values of one picture's activations: an hour would take gigabytes.
const maxWatched = 64 << 20

const (
	gatesLeft  = 66
	gatesRight = 46
	gatesWidth = 760
	gatesPanel = 92
	gatesGap   = 16
	gatesFoot  = 38
)

type gatesPicture struct {
	m             *model.Model
	wave          *waveform
	gates         cell.Gates
	order         []int // of the units
	keeps         []float64
	running       []float32
	steps, hidden int
}

func drawGates(m *model.Model, set *dataset.Set, example int) (*drawing, error) {
	one := set.Examples[example]
	wave, err := newWaveform(set, []dataset.Example{one})
	if err != nil {
		return nil, err
	}
	x, err := m.FrontOf(set.Channels)
	if err != nil {
		return nil, err
	}
	x.SetContext(one.Context)
	frames := x.Flush(x.Push(nil, one.Samples))
	if len(frames) == 0 {
		return nil, errors.New("the signal is shorter than one step of the front end: give a longer one")
	}
	g := &gatesPicture{m: m, wave: wave, steps: len(frames) / m.Dim(), hidden: m.Config.Hidden}
	if n := 6 * g.steps * g.hidden; n > maxWatched {
		return nil, fmt.Errorf("%d steps of %d units are too many for one picture: give at most %d steps, a shorter signal", g.steps, g.hidden, maxWatched/6/g.hidden)
	}
	g.gates = m.Watch(frames)
	if m.HasRunning() {
		g.running = m.Predict(frames).Running
	}
	g.sort()
	wave.width, wave.left, wave.right, wave.alone = gatesWidth, gatesLeft, gatesRight, 100
	panels := vg.Length(5)
	if g.running != nil {
		panels++
	}
	height := wave.head + vg.Length(wave.lanes)*wave.laneHeight() + panels*(gatesPanel+gatesGap) + gatesFoot
	wave.height = height
	return &drawing{width: gatesWidth, height: height, draw: g.draw}, nil
}

// sort orders the units by how much of their state they keep from step to step, the mean
// of their forget gate.
func (g *gatesPicture) sort() {
	g.keeps = make([]float64, g.hidden)
	for j := range g.hidden {
		g.order = append(g.order, j)
		for t := range g.steps {
			g.keeps[j] += float64(g.gates.Forget[t*g.hidden+j]) / float64(g.steps)
		}
	}
	slices.SortStableFunc(g.order, func(a, b int) int { return cmp.Compare(g.keeps[b], g.keeps[a]) })
}

func (g *gatesPicture) draw(c draw.Canvas) {
	w := g.wave
	fill(c, paper, 0, 0, w.width, w.height)
	top := w.drawLanes(c)
	if g.running != nil {
		top -= gatesGap
		g.drawRunning(c, top-gatesPanel, top)
		top -= gatesPanel
	}
	most := usual(g.gates.Cell)
	for _, p := range []struct {
		name   string
		values []float32
		most   float64
		shade  func(float64) color.NRGBA
		ends   [2]string
	}{
		{"input gate: what it takes in", g.gates.Input, 1, sequential, [2]string{"0 shut", "1 open"}},
		{"forget gate: what it keeps", g.gates.Forget, 1, sequential, [2]string{"0 forgets", "1 keeps"}},
		{"output gate: what it lets out", g.gates.Output, 1, sequential, [2]string{"0 shut", "1 open"}},
		{"cell state: what it holds", g.gates.Cell, most, diverging, [2]string{fmt.Sprintf("≤ −%.2g", most), fmt.Sprintf("≥ %.2g", most)}},
		{"output: what the heads see", g.gates.Hidden, 1, diverging, [2]string{"−1", "1"}},
	} {
		top -= gatesGap
		h := &heat{columns: g.steps, rows: g.hidden, shade: p.shade,
			at: func(t, row int) float64 { return float64(p.values[t*g.hidden+g.order[row]]) / p.most }}
		h.draw(c, w.x(0), top-gatesPanel, w.x(float64(w.samples)), top)
		lo := 0.0
		if p.ends[0][0] != '0' {
			lo = -1
		}
		shadeBar(c, p.shade, lo, 1, p.ends, w.width-gatesRight+6, top-gatesPanel, top)
		g.units(c, p.name, top-gatesPanel, top)
		top -= gatesPanel
	}
	w.timeAxis(c, top)
}

// usual returns the magnitude that one value of twenty exceeds, so that a few large ones
// do not hide all others.
func usual(values []float32) float64 {
	sizes := make([]float64, len(values))
	for i, v := range values {
		sizes[i] = math.Abs(float64(v))
	}
	slices.Sort(sizes)
	return max(sizes[len(sizes)*19/20], 1e-9)
}

// units names a panel and says how long the first, the middle and the last unit keep.
func (g *gatesPicture) units(c draw.Canvas, name string, y0, y1 vg.Length) {
	c.FillText(style(8, ink, draw.XLeft, draw.YBottom), vg.Point{X: gatesLeft, Y: y1 + 3}, name)
	sty := style(7, grey, draw.XRight, draw.YCenter)
	for i, row := range []int{0, (g.hidden - 1) / 2, g.hidden - 1} {
		y := y1 - 4 - vg.Length(i)*(y1-y0-8)/2
		c.FillText(sty, vg.Point{X: gatesLeft - 4, Y: y}, g.lasting(g.keeps[g.order[row]]))
	}
	sty = style(7, ink, draw.XCenter, draw.YTop)
	sty.Rotation = quarter
	c.FillText(sty, vg.Point{X: 4, Y: (y0 + y1) / 2}, fmt.Sprintf("%d units, by memory", g.hidden))
}

// lasting returns the time in which a unit that keeps this share of its state at each step
// loses all but 1/e of it.
func (g *gatesPicture) lasting(keeps float64) string {
	steps := -1 / math.Log(min(max(keeps, 1e-6), 1-1e-6))
	rate := g.m.Config.Rate
	if rate <= 0 || g.m.Config.Text() {
		return fmt.Sprintf("%.3g steps", steps)
	}
	seconds := steps * float64(g.wave.samples) / rate / float64(g.steps)
	switch {
	case seconds < 0.01:
		return fmt.Sprintf("%.1f ms", 1000*seconds)
	case seconds < 1:
		return fmt.Sprintf("%.0f ms", 1000*seconds)
	}
	return fmt.Sprintf("%.3g s", seconds)
}

// drawRunning draws the running probability of up to eight labels, those that are ever the
// most probable.
func (g *gatesPicture) drawRunning(c draw.Canvas, y0, y1 vg.Length) {
	w, n := g.wave, g.m.Classes()
	peak := make([]float32, n)
	for t := range g.steps {
		for k := range n {
			peak[k] = max(peak[k], g.running[t*n+k])
		}
	}
	shown := make([]int, 0, n)
	for k := range n {
		shown = append(shown, k)
	}
	slices.SortStableFunc(shown, func(a, b int) int { return cmp.Compare(peak[b], peak[a]) })
	shown = shown[:min(n, len(hues))]
	rangeOf(0, 1).axis(c, "probability", gatesLeft, w.x(float64(w.samples)), y0, y1)
	frame(c, line(pale, 0.5), w.x(0), y0, w.x(float64(w.samples)), y1)
	at := vg.Length(gatesLeft)
	name := style(8, ink, draw.XLeft, draw.YBottom)
	c.FillText(name, vg.Point{X: at, Y: y1 + 3}, "running label")
	at += name.Width("running label") + 12
	for i, k := range shown {
		var pts []vg.Point
		for t := range g.steps {
			pts = append(pts, vg.Point{X: w.x((float64(t) + 0.5) * float64(w.samples) / float64(g.steps)), Y: y0 + vg.Length(g.running[t*n+k])*(y1-y0)})
		}
		if len(pts) > 1 {
			c.StrokeLines(line(hues[i], 1.2), pts)
		}
		name.Color = hues[i]
		label := short(g.m.Config.Labels[k], 20)
		if at+name.Width(label) < w.width-gatesRight {
			c.FillText(name, vg.Point{X: at, Y: y1 + 3}, label)
			at += name.Width(label) + 10
		}
	}
}
