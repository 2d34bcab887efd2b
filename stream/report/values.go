package report

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"inkling/model/dataset"
)

// A valueRange is the range of an axis of values, whose ends are multiples of step.
type valueRange struct{ lo, hi, step float64 }

// rangeOf returns a range with round ends around the values from lo to hi: symmetric about
// zero if they swing about it, as sound does.
func rangeOf(lo, hi float64) valueRange {
	switch {
	case lo > hi: // no value
		lo, hi = -1, 1
	case lo < 0 && hi > 0 && max(-lo, hi) < 3*min(-lo, hi):
		hi = max(-lo, hi)
		lo = -hi
	case lo == hi:
		lo, hi = lo-max(1, math.Abs(lo)/1e3), hi+max(1, math.Abs(hi)/1e3)
	}
	step := roundStep((hi - lo) / 6)
	return valueRange{math.Floor(lo/step+1e-9) * step, math.Ceil(hi/step-1e-9) * step, step}
}

// at returns the height of v on an axis from y0 to y1; values outside the range are at its
// ends.
func (r valueRange) at(v float64, y0, y1 vg.Length) vg.Length {
	return y0 + vg.Length((min(max(v, r.lo), r.hi)-r.lo)/(r.hi-r.lo))*(y1-y0)
}

// ticks returns the values that an axis of this height has room to mark: all multiples of
// the step, the ends and zero, or the ends.
func (r valueRange) ticks(height vg.Length) (list []float64) {
	n := int(math.Round((r.hi - r.lo) / r.step))
	for k := range n + 1 {
		v := (math.Round(r.lo/r.step) + float64(k)) * r.step
		if k == 0 || k == n || height >= vg.Length(n+1)*9 || v == 0 && height >= 30 {
			list = append(list, v)
		}
	}
	return list
}

// axis draws the values and the name of an axis left of left, and lines across to right.
func (r valueRange) axis(c draw.Canvas, name string, left, right, y0, y1 vg.Length) {
	small := style(7, grey, draw.XRight, draw.YCenter)
	for _, v := range r.ticks(y1 - y0) {
		y := r.at(v, y0, y1)
		c.StrokeLine2(line(pale, 0.5), left, y, right, y)
		if y1-y0 < 60 { // the next lane is near
			y = min(max(y, y0+3), y1-3)
		}
		c.FillText(small, vg.Point{X: left - 4, Y: y}, strconv.FormatFloat(v, 'g', 6, 64))
	}
	sty := style(8, ink, draw.XCenter, draw.YTop)
	sty.Rotation = quarter
	c.FillText(sty, vg.Point{X: 4, Y: (y0 + y1) / 2}, fit(sty, name, y1-y0+2))
}

// valueNames returns what the values of each channel of set are, with their units.
func valueNames(set *dataset.Set) (names []string) {
	for k := range set.Channels {
		name := fmt.Sprintf("channel %d", k+1)
		switch {
		case k < len(set.Names):
			name = set.Names[k]
		case set.Channels > 1:
		case set.Kind == dataset.Audio:
			name = "amplitude (full scale 1)"
		case set.Kind == dataset.Text:
			name = "code point"
		default:
			name = "value"
		}
		if k < len(set.Units) && set.Units[k] != "" {
			name += " (" + set.Units[k] + ")"
		}
		names = append(names, name)
	}
	return names
}
