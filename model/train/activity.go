package train

import (
	"fmt"

	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
)

// cutToActivity returns set with every example cut as a live stream would: to its longest
// segment of activity, from the pre-roll to the last frame that counts. An example that
// opens no segment stays whole; note counts those that are not background.
func (o *Options) cutToActivity(set *dataset.Set) (cut *dataset.Set, note string, err error) {
	if o.Segment.Kind != segment.Activity || set.Kind != dataset.Audio {
		return nil, "", fmt.Errorf("train: only sound can be cut by the segmenter %s, not %s by %s", segment.Activity, set.Kind, o.Segment.Kind)
	}
	s := o.Segment.Defaults()
	if err := s.Check(); err != nil {
		return nil, "", fmt.Errorf("train: %w", err)
	}
	front, err := o.Front.Normalize(set.Rate, set.Channels)
	if err != nil {
		return nil, "", fmt.Errorf("train: %w", err)
	}
	x, err := feature.New(front, set.Rate, set.Channels)
	if err != nil {
		return nil, "", fmt.Errorf("train: %w", err)
	}
	t := *set
	t.Examples = nil
	silent := 0
	for _, e := range set.Examples {
		span := segment.Longest(segment.Spans(&s, set.Rate, set.Channels, e.Samples))
		span.End = counted(x, span, len(e.Samples)/set.Channels)
		if span.End > span.Start {
			e.Samples = e.Samples[span.Start*set.Channels : span.End*set.Channels]
		} else if set.Labels[e.Label] != dataset.Background {
			silent++
		}
		t.Examples = append(t.Examples, e)
	}
	if silent > 0 {
		note = fmt.Sprintf("%d examples open no segment of activity and are trained on whole: they are too soft, or loud from the start; listen to them", silent)
	}
	return &t, note, nil
}

// counted is where the last frame ends that a stream counts of a segment: at the
// signal's end what is left is a frame too.
func counted(x feature.Extractor, s segment.Span, total int) int {
	n := 0
	for x.End(n+1) <= s.End-s.Start {
		n++
	}
	if s.End == total {
		return s.End
	}
	return s.Start + x.End(n)
}
