package stream

import (
	"inkling/capture"
	"inkling/model"
	"inkling/model/segment"
)

// A chorus asks the detectors of many streams together. What a detector says depends on the
// samples alone, so the blocks of all streams can be fed, as far as the detectors, before any
// of them is walked. Its memory is reused.
type chorus struct {
	batch   model.DetectorBatch
	batchOf *model.Model
	waiting []*Classifier
	asked   []*Classifier // of waiting: those with a frame for a detector of batchOf
	ds      []*model.Detector
	frames  [][]float32
	ps      []float32
}

// feedFirst feeds a block to the lane. Where a detector finds the segments, waits reports
// that samples wait for it, until a chorus has heard them.
func (l *lane) feedFirst(b *capture.Block) (waits bool, err error) {
	_, l.c.waits = l.c.segmenter.(segment.Waiter)
	err = l.feed(b)
	waits, l.c.waits = l.c.waits && err == nil, false
	return waits, err
}

// hearOut has the detector hear the samples that wait for it, and queues what was found.
func (c *Classifier) hearOut() {
	if !c.waits {
		return
	}
	w, f := c.segmenter.(segment.Waiter), &c.busy().found
	for frame := w.Next(f); frame != nil; frame = w.Next(f) {
		w.Heard(f, w.Detector().Hear(frame))
	}
	c.queueFound()
}

// hear has the detectors hear all that waits for them, a frame of each at a time, and queues
// what was found.
func (h *chorus) hear(all []*Classifier) {
	h.waiting = append(h.waiting[:0], all...)
	for len(h.waiting) > 0 {
		h.ask()
		h.answer()
	}
	for _, c := range all {
		c.queueFound()
	}
	clear(h.asked[:cap(h.asked)])
	clear(h.ds[:cap(h.ds)])
	clear(h.waiting[:cap(h.waiting)])
}

// ask collects the next frame of each stream, and takes those without any out of waiting.
// Those of another model than the first one's come later.
func (h *chorus) ask() {
	h.asked, h.ds, h.frames = h.asked[:0], h.ds[:0], h.frames[:0]
	left := h.waiting[:0]
	var of *model.Model
	for _, c := range h.waiting {
		w := c.segmenter.(segment.Waiter)
		d := w.Detector().(*model.Detector)
		if of == nil {
			of = d.Model()
		}
		if d.Model() != of {
			left = append(left, c)
			continue
		}
		frame := w.Next(&c.busy().found)
		if frame == nil {
			continue
		}
		left = append(left, c)
		h.asked, h.ds, h.frames = append(h.asked, c), append(h.ds, d), append(h.frames, frame)
	}
	h.waiting = left
	if of != h.batchOf {
		h.batch, h.batchOf = model.DetectorBatch{}, of
	}
}

func (h *chorus) answer() {
	n := len(h.ds)
	if cap(h.ps) < n {
		h.ps = make([]float32, n)
	}
	h.ps = h.ps[:n]
	switch {
	case n == 1:
		h.ps[0] = h.ds[0].Hear(h.frames[0])
	case n > 1:
		h.batchOf.HearBatch(&h.batch, h.ps, h.ds, h.frames)
	}
	for i, c := range h.asked {
		c.segmenter.(segment.Waiter).Heard(&c.block.found, h.ps[i])
	}
}
