package report

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"inkling/stream/evaluate"
)

// Confusions draws the confusion of two models side by side, each with what it is about.
func Confusions(a, b *evaluate.Report, path string) error {
	left, err := drawConfusion(Clips{a})
	if err != nil {
		return err
	}
	right, err := drawConfusion(Clips{b})
	if err != nil {
		return err
	}
	return beside(left.about(a.About), right.about(b.About)).save(path)
}

// BeatConfusions draws the confusion of heartbeats of two models side by side.
func BeatConfusions(a, b *evaluate.BeatReport, path string) error {
	left, err := drawBeats(Beats{a})
	if err != nil {
		return err
	}
	right, err := drawBeats(Beats{b})
	if err != nil {
		return err
	}
	return beside(left.about(a.About), right.about(b.About)).save(path)
}

// beside returns two drawings side by side, their upper edges level.
func beside(a, b *drawing) *drawing {
	const gap = 16
	height := max(a.height, b.height)
	return &drawing{width: a.width + gap + b.width, height: height, draw: func(c draw.Canvas) {
		fill(c, paper, 0, 0, a.width+gap+b.width, height)
		x := vg.Length(0)
		for _, d := range []*drawing{a, b} {
			c.Push()
			c.Translate(vg.Point{X: x, Y: height - d.height})
			part := c
			part.Rectangle = vg.Rectangle{Max: vg.Point{X: d.width, Y: d.height}}
			d.draw(part)
			c.Pop()
			x += d.width + gap
		}
	}}
}
