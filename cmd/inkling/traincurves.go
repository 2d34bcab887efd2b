//go:build !edge

package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"inkling/model/train"
)

// How curves are drawn on a terminal.
const (
	curveName   = 11   // columns before a curve
	curveWords  = 28   // and after it
	mostColumns = 60   // of a curve
	leastCurve  = 8    // columns, under which there are no curves
	mostPoints  = 2000 // of a curve, then every second one goes
)

// trainCurves are the curves of a training on a terminal, a line of blocks each.
type trainCurves struct {
	total              int // updates
	loss               []curvePoint
	valid              []curvePoint
	confirmed, running []curvePoint
	judged             bool // the accuracies are those of validation
}

// A curvePoint is a value and the number of updates after which it was taken.
type curvePoint struct {
	updates int
	v       float64
}

// update takes the mean loss since the last one.
func (c *trainCurves) update(p train.Progress, loss float64) {
	if p.Part != train.FinalModel {
		return
	}
	c.total = p.Updates
	if len(c.loss) == mostPoints {
		for i := range mostPoints / 2 {
			c.loss[i] = c.loss[2*i]
		}
		c.loss = c.loss[:mostPoints/2]
	}
	c.loss = append(c.loss, curvePoint{p.Update, loss})
}

// epoch takes an epoch: what validation measured or, without it, training.
func (c *trainCurves) epoch(r train.Row) {
	if c.judged = r.Validated > 0; c.judged {
		c.valid = append(c.valid, curvePoint{r.Updates, r.ValidLoss})
		r.Confirm, r.Running = r.ValidConfirm, r.ValidRunning
	}
	c.confirmed = append(c.confirmed, curvePoint{r.Updates, r.Confirm})
	c.running = append(c.running, curvePoint{r.Updates, r.Running})
}

// lines draws the curves in columns; none if there is no room for them, or nothing to show.
func (c *trainCurves) lines(columns int) (all []string) {
	width := min(columns-1-curveName-curveWords, mostColumns)
	if width < leastCurve {
		return nil
	}
	low, high := reach(c.loss, c.valid)
	for _, k := range []struct {
		name      string
		points    []curvePoint
		low, high float64
		words     func([]curvePoint) string
	}{
		{"loss", c.loss, low, high, lossWords}, {"validation", c.valid, low, high, lossWords},
		{"confirmed", c.confirmed, 0, 1, shareWords}, {"running", c.running, 0, 1, shareWords},
	} {
		if line := blocks(k.points, k.low, k.high, c.total, width); line != "" {
			all = append(all, fmt.Sprintf("%-*s%s %s", curveName, k.name, line, k.words(k.points)))
		}
	}
	return all
}

// lossWords says where a loss is, and where it was least.
func lossWords(points []curvePoint) string {
	last, least := points[len(points)-1].v, math.Inf(1)
	for _, p := range points {
		least = min(least, p.v)
	}
	if !(least < last) {
		return fmt.Sprintf("%.3g", last)
	}
	return fmt.Sprintf("%.3g, least %.3g", last, least)
}

func shareWords(points []curvePoint) string {
	last, best := points[len(points)-1].v, 0.0
	for _, p := range points {
		best = max(best, p.v)
	}
	if !(best > last) {
		return fmt.Sprintf("%.1f %%", 100*last)
	}
	return fmt.Sprintf("%.1f %%, best %.1f %%", 100*last, 100*best)
}

// reach returns the least and the greatest value of curves.
func reach(curves ...[]curvePoint) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, p := range c {
			if p.v-p.v == 0 {
				low, high = min(low, p.v), max(high, p.v)
			}
		}
	}
	return low, high
}

var levels = []rune("▁▂▃▄▅▆▇█")

// blocks draws points as blocks from left to right, total updates in width columns. A column
// is the mean of its points, or of those before it. Without a point it is "".
func blocks(points []curvePoint, low, high float64, total, width int) string {
	sum, n := make([]float64, width), make([]int, width)
	last := -1
	for _, p := range points {
		if p.v-p.v != 0 {
			continue
		}
		at := width - 1
		if p.updates < total {
			at = max(p.updates-1, 0) * width / total
		}
		sum[at], n[at], last = sum[at]+p.v, n[at]+1, max(last, at)
	}
	if last < 0 {
		return ""
	}
	var b strings.Builder
	level := levels[0]
	begun := false
	for i := range width {
		switch {
		case n[i] > 0:
			share := 0.0
			if high > low {
				share = (sum[i]/float64(n[i]) - low) / (high - low)
			}
			level, begun = levels[min(max(int(share*float64(len(levels))), 0), len(levels)-1)], true
			b.WriteRune(level)
		case begun && i < last:
			b.WriteRune(level)
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// A canvas redraws a few lines at the end of a terminal.
type canvas struct {
	w     io.Writer
	shown int // lines that are drawn
}

// draw puts lines in place of those before, cut to the columns of the terminal.
func (c *canvas) draw(lines []string, columns int) {
	var b strings.Builder
	c.clear(&b)
	for i, l := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		if n := columns - 1; utf8.RuneCountInString(l) > n {
			l = string([]rune(l)[:max(n, 0)])
		}
		b.WriteString(l)
	}
	c.shown = len(lines)
	io.WriteString(c.w, b.String())
}

// clear takes away what is drawn.
func (c *canvas) clear(b *strings.Builder) {
	b.WriteByte('\r')
	if c.shown > 1 {
		fmt.Fprintf(b, "\x1b[%dA", c.shown-1)
	}
	if c.shown > 0 {
		b.WriteString("\x1b[J")
	}
	c.shown = 0
}

// print writes lines above what is drawn, which the next draw draws again.
func (c *canvas) print(lines string) {
	var b strings.Builder
	c.clear(&b)
	b.WriteString(lines)
	io.WriteString(c.w, b.String())
}

// leave ends the line of what is drawn, which stays.
func (c *canvas) leave() {
	if c.shown > 0 {
		io.WriteString(c.w, "\n")
	}
	c.shown = 0
}
