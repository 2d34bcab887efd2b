package report

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"inkling/model/dataset"
)

// maxLanes is the greatest number of channels that a waveform shows.
const maxLanes = 12

func drawWaveform(set *dataset.Set, examples []dataset.Example) (*drawing, error) {
	w, err := newWaveform(set, examples)
	if err != nil {
		return nil, err
	}
	w.height = w.head + vg.Length(w.lanes)*w.laneHeight() + waveFoot
	return &drawing{width: w.width, height: w.height, draw: w.draw}, nil
}

// newWaveform lays out a waveform, but for its height.
func newWaveform(set *dataset.Set, examples []dataset.Example) (*waveform, error) {
	w := &waveform{left: waveLeft, right: waveRight, alone: 170, labels: set.Labels, channels: set.Channels, rate: set.Rate, names: valueNames(set)}
	for i := range examples {
		e := &examples[i]
		n := len(e.Samples) / max(set.Channels, 1)
		w.parts = append(w.parts, wavePart{start: w.samples, n: n, label: set.Labels[e.Label], samples: e.Samples})
		w.samples += n
	}
	if w.samples == 0 {
		return nil, errors.New("there are no samples to draw: choose examples that have some")
	}
	w.lanes = min(w.channels, maxLanes)
	for k := range w.lanes {
		w.ranges = append(w.ranges, w.laneRange(k))
	}
	w.width = 760
	w.spread()
	return w, nil
}

const (
	waveLeft  = 56
	waveRight = 14
	waveFoot  = 40
	waveLabel = 96 // longest label that stands upright
)

type wavePart struct {
	start, n int // in samples a channel
	label    string
	samples  []float32
	colour   color.NRGBA
}

type waveform struct {
	labels                   []string
	channels, lanes, samples int
	rate                     float64
	names                    []string // of what the channels' values are
	parts                    []wavePart
	ranges                   []valueRange
	width, height, head      vg.Length
	left, right              vg.Length // margins
	alone                    vg.Length // height of a single lane
	spans                    []waveSpan
}

// A waveSpan is the part of the waveform under one label.
type waveSpan struct {
	start, n int
	label    string
	colour   color.NRGBA
}

func (w *waveform) laneHeight() vg.Length {
	if w.lanes == 1 {
		return w.alone
	}
	return max(420/vg.Length(w.lanes), 44)
}

// laneRange returns the range that lane k shows.
func (w *waveform) laneRange(k int) valueRange {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, p := range w.parts {
		least, most := envelope(p.samples, k, w.channels, 0, p.n)
		lo, hi = min(lo, least), max(hi, most)
	}
	return rangeOf(lo, hi)
}

func (w *waveform) x(sample float64) vg.Length {
	return w.left + vg.Length(sample/float64(w.samples))*(w.width-w.left-w.right)
}

func (w *waveform) draw(c draw.Canvas) {
	fill(c, paper, 0, 0, w.width, w.height)
	bottom := w.drawLanes(c)
	w.timeAxis(c, bottom)
	if w.lanes < w.channels {
		c.FillText(style(8, grey, draw.XLeft, draw.YBottom), vg.Point{X: w.left, Y: 6}, fmt.Sprintf("%d of %d channels", w.lanes, w.channels))
	}
}

// drawLanes draws the labels and the lanes, and returns where these end.
func (w *waveform) drawLanes(c draw.Canvas) (bottom vg.Length) {
	h := w.laneHeight()
	for k := range w.lanes {
		top := w.height - w.head - vg.Length(k)*h
		w.lane(c, k, top-h+3, top-3)
	}
	for _, s := range w.spans {
		w.label(c, s)
	}
	return w.height - w.head - vg.Length(w.lanes)*h
}

// lane draws channel k between the heights y0 and y1.
func (w *waveform) lane(c draw.Canvas, k int, y0, y1 vg.Length) {
	r := w.ranges[k]
	y := func(v float64) vg.Length { return r.at(v, y0, y1) }
	r.axis(c, w.names[k], w.left, w.x(float64(w.samples)), y0, y1)
	frame(c, line(pale, 0.5), w.x(0), y0-2, w.x(float64(w.samples)), y1+2)
	for i, p := range w.parts {
		if i > 0 {
			c.StrokeLine2(line(pale, 0.5), w.x(float64(p.start)), y0-2, w.x(float64(p.start)), y1+2)
		}
		w.part(c, k, p, y)
	}
}

// part draws channel k of one example: its samples joined, or, if a column of pixels
// covers several, the band between the least and the greatest of them.
func (w *waveform) part(c draw.Canvas, k int, p wavePart, y func(float64) vg.Length) {
	x0, x1 := w.x(float64(p.start)), w.x(float64(p.start+p.n))
	columns := max(1, int(float64(x1-x0)*pngDPI/72))
	if p.n <= 2*columns {
		var pts []vg.Point
		for i := range p.n {
			pts = append(pts, vg.Point{X: w.x(float64(p.start+i) + 0.5), Y: y(float64(p.samples[i*w.channels+k]))})
		}
		if len(pts) > 1 {
			c.StrokeLines(line(p.colour, 0.8), pts)
		} else if len(pts) == 1 {
			c.DrawGlyphNoClip(draw.GlyphStyle{Color: p.colour, Radius: 1, Shape: draw.CircleGlyph{}}, pts[0])
		}
		return
	}
	var upper, lower []vg.Point
	for i := range columns {
		lo, hi := envelope(p.samples, k, w.channels, i*p.n/columns, (i+1)*p.n/columns)
		x := x0 + (x1-x0)*(vg.Length(i)+0.5)/vg.Length(columns)
		upper = append(upper, vg.Point{X: x, Y: y(hi) + 0.25})
		lower = append(lower, vg.Point{X: x, Y: y(lo) - 0.25})
	}
	for i := len(lower) - 1; i >= 0; i-- {
		upper = append(upper, lower[i])
	}
	c.FillPolygon(p.colour, upper)
}

// envelope returns the least and the greatest of the finite samples [from, to) of channel
// k; lo > hi if there are none.
func envelope(samples []float32, k, channels, from, to int) (lo, hi float64) {
	lo, hi = math.Inf(1), math.Inf(-1)
	for i := from; i < to; i++ {
		if v := float64(samples[i*channels+k]); v-v == 0 {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return lo, hi
}

// timeAxis draws the time below y.
func (w *waveform) timeAxis(c draw.Canvas, y vg.Length) {
	length, unit := float64(w.samples), "time (samples)"
	if w.rate > 0 {
		length, unit = length/w.rate, "time (s)"
	}
	tick := style(8, grey, draw.XCenter, draw.YTop)
	step := roundStep(length / 10)
	for k := 0; float64(k)*step <= length; k++ {
		v := float64(k) * step
		x := w.x(v / length * float64(w.samples))
		c.StrokeLine2(line(grey, 0.5), x, y, x, y-4)
		c.FillText(tick, vg.Point{X: x, Y: y - 6}, strconv.FormatFloat(v, 'g', 6, 64))
	}
	c.FillText(style(9, ink, draw.XCenter, draw.YBottom), vg.Point{X: (w.left + w.width - w.right) / 2, Y: 6}, unit)
}

// spread decides how labels are written: along the examples; upright if those are too
// narrow; and if they are too narrow even for that, once for neighbours of one label.
func (w *waveform) spread() {
	lay := style(9, ink, draw.XCenter, draw.YBottom)
	narrow, upright := false, false
	for _, p := range w.parts {
		if p.n == 0 {
			continue
		}
		width := w.x(float64(p.start+p.n)) - w.x(float64(p.start))
		upright = upright || lay.Width(printable(p.label)) > width-3
		narrow = narrow || width < 10
		w.spans = append(w.spans, waveSpan{start: p.start, n: p.n, label: p.label})
	}
	if narrow && upright {
		w.merge()
	}
	w.head = 36
	for _, s := range w.spans {
		if width := lay.Width(fit(lay, s.label, waveLabel)); !w.lies(lay, s) && w.room(s) {
			w.head = max(w.head, 20+width)
		}
	}
	w.paint()
}

// paint gives each label's spans and examples a colour; alternating ones if there are more
// labels than colours.
func (w *waveform) paint() {
	hues := []color.NRGBA{blue, vermilion, green}
	few := len(w.labels) <= len(hues)
	k := 0
	for i := range w.spans {
		s := &w.spans[i]
		s.colour = hues[i%2]
		if few {
			s.colour = hues[max(slices.Index(w.labels, s.label), 0)]
		}
		for ; k < len(w.parts) && w.parts[k].start < s.start+s.n; k++ {
			w.parts[k].colour = s.colour
		}
	}
}

func (w *waveform) span(s waveSpan) vg.Length {
	return w.x(float64(s.start+s.n)) - w.x(float64(s.start))
}

// lies reports whether a span's label fits along it, room whether an upright one fits its
// width.
func (w *waveform) lies(sty draw.TextStyle, s waveSpan) bool {
	return sty.Width(printable(s.label)) <= w.span(s)-3
}

func (w *waveform) room(s waveSpan) bool { return w.span(s) >= 10 }

// merge joins neighbouring spans of one label.
func (w *waveform) merge() {
	merged := w.spans[:1]
	for _, s := range w.spans[1:] {
		if last := &merged[len(merged)-1]; last.label == s.label {
			last.n += s.n
		} else {
			merged = append(merged, s)
		}
	}
	w.spans = merged
}

// label writes a span's label above it if there is room.
func (w *waveform) label(c draw.Canvas, s waveSpan) {
	x0, x1 := w.x(float64(s.start)), w.x(float64(s.start+s.n))
	at := vg.Point{X: (x0 + x1) / 2, Y: w.height - w.head + 7}
	if s.label == "" {
		return
	}
	c.StrokeLine2(line(s.colour, 2), x0+0.3, at.Y-5, x1-0.3, at.Y-5)
	sty := style(9, s.colour, draw.XCenter, draw.YBottom)
	switch {
	case w.lies(sty, s):
		c.FillText(sty, at, printable(s.label))
	case w.room(s):
		sty.Rotation, sty.XAlign, sty.YAlign = quarter, draw.XLeft, draw.YCenter
		c.FillText(sty, at, fit(sty, s.label, waveLabel))
	}
}
