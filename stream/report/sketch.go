package report

import (
	"fmt"
	"html/template"
	"strings"
)

const (
	sketchWidth = 180
	sketchLane  = 34 // height of one channel alone
	sketchLanes = 6  // most channels
)

// sketch draws samples, channels interleaved, as a small SVG: a lane for each of the first
// channels, scaled to its own range.
func sketch(samples []float32, channels int) template.HTML {
	n := len(samples) / channels
	if n == 0 {
		return ""
	}
	lanes := min(channels, sketchLanes)
	lane := sketchLane
	if lanes > 1 {
		lane = 16
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="sketch" width="%d" height="%d" aria-hidden="true"><path d="`, sketchWidth, lanes*lane)
	for k := range lanes {
		sketchChannel(&b, samples, channels, k, k*lane, lane)
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String())
}

// sketchChannel writes the path of channel k, from top over height.
func sketchChannel(b *strings.Builder, samples []float32, channels, k, top, height int) {
	n := len(samples) / channels
	lo, hi := envelope(samples, k, channels, 0, n)
	r := rangeOf(lo, hi)
	y := func(v float64) float64 {
		return float64(top+1) + float64(height-2)*(r.hi-min(max(v, r.lo), r.hi))/(r.hi-r.lo)
	}
	columns, pen := min(n, sketchWidth), byte('M')
	for i := range columns {
		lo, hi := envelope(samples, k, channels, i*n/columns, (i+1)*n/columns)
		if lo > hi { // nothing finite
			pen = 'M'
			continue
		}
		x := (float64(i) + 0.5) * sketchWidth / float64(columns)
		if n > sketchWidth {
			fmt.Fprintf(b, "M%.0f %.1fV%.1f", x, y(hi)-0.3, y(lo)+0.3)
		} else {
			fmt.Fprintf(b, "%c%.1f %.1f", pen, x, y(hi))
			pen = 'L'
		}
	}
}
