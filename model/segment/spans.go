package segment

import (
	"fmt"

	"inkling/model/feature"
)

// A Span is [Start, End), in samples of a channel.
type Span struct{ Start, End int }

// Spans returns the segments that Activity finds in a whole signal, channels
// interleaved: each from its pre-roll to the end of its last hop with sound. c has its
// zero fields filled in.
func Spans(c *Config, rate float64, channels int, samples []float32) (spans []Span) {
	setup, err := sampleSetup(rate, channels)
	if err != nil {
		panic(fmt.Sprintf("segment: %v", err))
	}
	s := newActivity(newBase(c, setup), c, setup)
	collect := func(f *Found) {
		for _, e := range f.Events {
			if e.Kind == Closed {
				spans = append(spans, Span{int(e.Start), int(e.End)})
			}
		}
		f.Reset()
	}
	var f Found
	for len(samples) > 0 {
		n := min(s.hop*channels, len(samples))
		s.Push(&f, samples[:n])
		collect(&f)
		samples = samples[n:]
	}
	s.Finish(&f, ByEOF)
	collect(&f)
	return spans
}

// sampleSetup makes every sample a frame, so that segments are known to the sample.
func sampleSetup(rate float64, channels int) (Setup, error) {
	front, err := feature.New(feature.Config{Kind: feature.KindRaw}, rate, channels)
	return Setup{Front: front, Rate: rate, Channels: channels}, err
}

// Longest returns the longest of spans, the first of equals; the zero Span if there is
// none.
func Longest(spans []Span) (best Span) {
	for _, s := range spans {
		if s.End-s.Start > best.End-best.Start {
			best = s
		}
	}
	return best
}
