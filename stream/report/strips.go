package report

import (
	"fmt"
	"image/color"

	"inkling/stream/evaluate"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Strips draws each recording, up to a dozen, as two strips over its time: the true label
// above, the running label below. Each label has a colour; white is no label.
func Strips(r *evaluate.StepReport, path string) error {
	return drawStrips(Steps{r}).about(r.About).save(path)
}

const (
	mostStrips   = 12
	stripHeight  = 13
	stripGap     = 22 // between recordings
	stripsLeft   = 66
	stripsRight  = 12
	stripsWidth  = 760
	stripsBottom = 30
)

// hues are the colours of labels (Okabe and Ito 2008); further labels have tints of them.
var hues = []color.NRGBA{blue, {0xe6, 0x9f, 0x00, 0xff}, green, vermilion, {0x56, 0xb4, 0xe9, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	{0xf0, 0xe4, 0x42, 0xff}, grey}

// hueOf returns the colour of a label.
func hueOf(label int) color.NRGBA {
	return tint(hues[label%len(hues)], 1/float64(1+label/len(hues)%4))
}

func drawStrips(r Steps) *drawing {
	tracks := r.Tracks[:min(len(r.Tracks), mostStrips)]
	var keys []key
	for k, l := range r.Labels {
		keys = append(keys, key{short(l, 24), line(hueOf(k), 8), nil})
	}
	longest := 0.0
	for _, t := range tracks {
		longest = max(longest, t.At(len(t.Ends)))
	}
	room := legendRoom(keys)
	height := stripsBottom + room + vg.Length(len(tracks))*(2*stripHeight+stripGap)
	return &drawing{width: stripsWidth, height: height, draw: func(c draw.Canvas) {
		fill(c, paper, 0, 0, stripsWidth, height)
		legend(draw.Crop(c, stripsLeft, -stripsRight, 0, -8), keys)
		x := func(s float64) vg.Length {
			return stripsLeft + vg.Length(s/longest)*(stripsWidth-stripsLeft-stripsRight)
		}
		top := height - room
		for _, t := range tracks {
			drawTrack(c, t, top, x)
			top -= 2*stripHeight + stripGap
		}
		drawTime(c, longest, x)
	}}
}

// legendRoom returns the height of a legend across the strips.
func legendRoom(keys []key) vg.Length {
	sty := style(8, ink, draw.XLeft, draw.YCenter)
	rows, at := 1, vg.Length(0)
	for _, k := range keys {
		w := 24 + sty.Width(k.name) + 14
		if at > 0 && at+w > stripsWidth-stripsLeft-stripsRight {
			rows, at = rows+1, 0
		}
		at += w
	}
	return vg.Length(rows*13 + 16)
}

// drawTrack draws a track's strips below top.
func drawTrack(c draw.Canvas, t *evaluate.Track, top vg.Length, x func(float64) vg.Length) {
	name := style(8, ink, draw.XLeft, draw.YBottom)
	c.FillText(name, vg.Point{X: stripsLeft, Y: top - stripGap + 10}, fit(name, t.Name, 400))
	side := style(8, grey, draw.XRight, draw.YCenter)
	top -= stripGap - 8
	for i, s := range []struct {
		name   string
		labels []int32
	}{{"true", t.Truth}, {"running", t.Running}} {
		y := top - vg.Length(i)*(stripHeight+1)
		for _, r := range evaluate.StretchesOf(s.labels) {
			fill(c, hueOf(r.Label), x(t.At(r.From)), y-stripHeight, x(t.At(r.To)), y)
		}
		frame(c, line(pale, 0.4), x(0), y-stripHeight, x(t.At(len(t.Ends))), y)
		c.FillText(side, vg.Point{X: stripsLeft - 5, Y: y - stripHeight/2}, s.name)
	}
}

// drawTime writes the time below the strips.
func drawTime(c draw.Canvas, longest float64, x func(float64) vg.Length) {
	unit, scale := "s", 1.0
	switch {
	case longest >= 7200:
		unit, scale = "hours", 3600
	case longest >= 120:
		unit, scale = "minutes", 60
	}
	sty := style(8, grey, draw.XCenter, draw.YCenter)
	step := roundStep(longest / scale / 10)
	for k := 0; float64(k)*step*scale <= longest; k++ {
		at := x(float64(k) * step * scale)
		c.StrokeLine2(line(grey, 0.5), at, stripsBottom-6, at, stripsBottom-3)
		text := fmt.Sprintf("%.6g", float64(k)*step)
		if k == 0 {
			text += " " + unit
		}
		c.FillText(sty, vg.Point{X: at, Y: stripsBottom - 13}, text)
	}
}
