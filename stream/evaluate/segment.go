package evaluate

import (
	"inkling/capture"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
)

// segmentBlock is the number of samples per channel of a block fed to the stream.
const segmentBlock = 4096

func (j *job) classifier() (*stream.Classifier, error) {
	d := decide.Config{EarlySteps: 1, State: decide.Reset, Gap: j.m.Config.Decision.Gap} // early as soon as the segment is sure
	return stream.NewClassifier(j.m, &stream.Options{Segment: j.o.Segment, Decision: &d, Background: true, Emit: stream.Emit{Confirmed: true}})
}

// segment runs a stream over one example and returns where its longest confirmed segment
// lies, the first of equals, in samples per channel; 0, 0 if there is none. In its first
// unsure steps it could still have been dropped as too short.
func (j *job) segment(samples []float32) (start, end, unsure int, err error) {
	c, err := j.classifier()
	if err != nil {
		return 0, 0, 0, err
	}
	width := j.set.Channels
	total := len(samples) / width
	b := capture.Block{Format: capture.Format{Rate: j.m.Config.Rate, Channels: width}}
	var events []stream.Event
	sure := 0
	longest := func() {
		for i := range events {
			switch e := &events[i]; {
			case e.Type == stream.Early:
				sure = e.Step
			case e.Type == stream.Confirmed && int(e.End-e.Start) > end-start:
				start, end, unsure = int(e.Start), int(e.End), sure-1
			}
		}
	}
	for at := 0; at < total; at += segmentBlock {
		to := min(at+segmentBlock, total)
		b.Offset, b.Samples, b.Mark = uint64(at), samples[at*width:to*width], 0
		if j.o.Segment.Kind == segment.Message { // the example is the message
			if at == 0 {
				b.Mark |= capture.MarkBegin
			}
			if to == total {
				b.Mark |= capture.MarkEnd
			}
		}
		if err := c.Feed(&b); err != nil {
			return 0, 0, 0, err
		}
		events = c.Advance(events[:0])
		longest()
	}
	events = c.End(events[:0], segment.ByEOF)
	longest()
	return start, end, max(unsure, 0), nil
}
