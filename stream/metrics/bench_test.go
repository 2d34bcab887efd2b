package metrics

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/stream"
)

// BenchmarkScrape reads the page of a run with a thousand streams.
func BenchmarkScrape(b *testing.B) {
	c := testmodel.Labels(100, 1, "a", "b", "c")
	m := testmodel.New(b, c, rand.New(rand.NewPCG(1, 2)))
	src := &thousand{ready: make(chan struct{})}
	s := New()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- stream.Run(ctx, src, m, &stream.RunOptions{Live: true, Meter: s.Pipeline("p")}) }()
	<-src.ready
	if got := value(b, page(b, s), `inkling_streams{pipeline="p"}`); got != "1000" {
		b.Fatalf("%s streams", got)
	}
	b.ReportAllocs()
	for b.Loop() {
		page(b, s)
	}
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
}

// thousand is a source of as many streams, each with one block; then it waits.
type thousand struct {
	n     int
	ready chan struct{} // closed when all have been read
}

func (s *thousand) Read(ctx context.Context, b *capture.Block) error {
	if s.n < 1000 {
		s.n++
		*b = capture.Block{Stream: fmt.Sprint("s", s.n), Format: capture.Format{Rate: 100, Channels: 1}, Samples: make([]float32, 50)}
		return nil
	}
	if s.n == 1000 {
		s.n++
		close(s.ready)
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s *thousand) Close() error { return nil }
