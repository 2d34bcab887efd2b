package stream

import (
	"math"

	"inkling/model/segment"
)

// consistent reports whether restored fields fit together, so that no later call can
// reach outside a buffer.
func (c *Classifier) consistent() bool {
	return c.input.consistent(c) && c.follower.consistent(c) && c.queueConsistent()
}

func (in *input) consistent(c *Classifier) bool {
	f, want := in.format, c.m.Config.Rate
	open, _, _ := c.segmenter.Open()
	return (!in.known || c.checkFormat(f) == nil) &&
		(len(in.last) == 0 || len(in.last) == max(f.Channels, 1)) &&
		(in.res != nil) == (in.known && f.Rate > 0 && want > 0 && f.Rate != want) &&
		(in.known || !open && in.hole == 0) &&
		float64(in.hole) <= max(f.Rate, longestHole)
}

func (w *walker) consistent(c *Classifier) bool {
	switch {
	case w.counted.steps > w.step:
		return false
	case !w.open:
		return true
	case w.carries():
		return len(w.use().inputs) == w.step*c.m.Dim()
	}
	return !c.m.HasConfirm() || len(w.use().tops) == w.step*c.m.TopDim()
}

// queueConsistent reports whether what is queued leads from the follower's segment and
// step to the segmenter's.
func (c *Classifier) queueConsistent() bool {
	w := c.follower.where()
	open, steps, counted, frames := w.open, w.step, c.follower.steps(), 0
	var b blockMemory
	if c.block != nil {
		b = *c.block
	}
	for i := range b.queue {
		o := &b.queue[i]
		if o.kind != opFound || o.found.Kind == segment.Missed || o.found.Kind == segment.Heard {
			continue
		}
		if open == (o.found.Kind == segment.Opened) {
			return false
		}
		switch o.found.Kind {
		case segment.Opened:
			open, steps, counted = true, 0, 0
		case segment.FrameReady:
			frames++
			if steps < math.MaxInt {
				steps++
			}
		case segment.Counted:
			counted = steps
		case segment.Closed, segment.Dropped:
			if o.found.Kind == segment.Closed && counted == 0 {
				return false
			}
			open = false
		}
	}
	at, atFrames, atCounted := c.segmenter.Open()
	return len(b.found.Frames) == frames*c.m.Dim() && open == at && (!open || steps == atFrames && counted == atCounted)
}
