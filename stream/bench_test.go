package stream

import (
	"math/rand/v2"
	"testing"

	"inkling/capture"
	"inkling/model/feature"
	"inkling/model/segment"
)

// BenchmarkClassifier is one stream on its own, 20 ms of 16 kHz a block, with sound that
// comes and goes.
func BenchmarkClassifier(b *testing.B) {
	m := benchModel(b, feature.Config{Kind: feature.KindLogMel}, 16000)
	x := bursts(rand.New(rand.NewPCG(1, 1)), 16000, 1, 16000)
	for _, kind := range []segment.Kind{segment.Activity, segment.Fixed, segment.Whole} {
		b.Run(string(kind), func(b *testing.B) {
			c, err := NewClassifier(m, &Options{Segment: &segment.Config{Kind: kind, MaxDuration: 3}})
			if err != nil {
				b.Fatal(err)
			}
			var events []Event
			block := capture.Block{Format: capture.Format{Rate: 16000, Channels: 1}}
			b.ReportAllocs()
			for b.Loop() {
				at := int(block.Offset) % len(x)
				block.Samples = x[at : at+320]
				if err := c.Feed(&block); err != nil {
					b.Fatal(err)
				}
				events = c.Advance(events[:0])
				block.Offset += 320
			}
		})
	}
}
