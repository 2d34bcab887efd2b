//go:build unix

package keep

import (
	"context"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/stream"
)

// BenchmarkKeep measures what it costs to keep every segment of a sound that is half the time
// there, a second each, at 44,100 Hz: the share of a core beside the same run without. Both
// run in turn; the figure is of processor time, of the disk as well.
func BenchmarkKeep(b *testing.B) {
	c := testmodel.Labels(44100, 1, "a", "b", "c")
	c.Front = feature.Config{Kind: feature.KindLogMel}
	m := testmodel.New(b, c, rand.New(rand.NewPCG(1, 1)))
	const sounds = 20
	x := bursts(1, sounds, 44100, 1, 16)
	label := func(taps ...func(string) stream.Tap) time.Duration {
		var blocks []capture.Block
		for at := 0; at < len(x); at += 512 {
			blocks = append(blocks, capture.Block{Stream: "s", Format: capture.Format{Rate: 44100, Channels: 1}, Offset: uint64(at), Samples: x[at:min(at+512, len(x))]})
		}
		o := &stream.RunOptions{Finite: true, Taps: taps}
		o.Segment = &segment.Config{Kind: segment.Activity, PreRoll: 0.02, Hold: 0.05, MinDuration: 0.01}
		o.Threshold = -1
		var out sink
		before := processorTime(b)
		if err := stream.Run(context.Background(), capture.NewMemory(blocks...), m, o, &out); err != nil {
			b.Fatal(err)
		}
		if len(out.events) < sounds {
			b.Fatalf("%d segments", len(out.events))
		}
		return processorTime(b) - before
	}
	var with, without time.Duration
	label()
	for b.Loop() {
		without += label()
		k, err := Open(Options{Dir: b.TempDir(), When: []When{All}, Failed: func(err error) { b.Error(err) }})
		if err != nil {
			b.Fatal(err)
		}
		with += label(k.Tap)
		before := processorTime(b)
		if err := k.Close(); err != nil {
			b.Fatal(err)
		}
		with += processorTime(b) - before
		if n := k.Lost(); n > 0 {
			b.Fatalf("%d segments are lost: the figure would be too low", n)
		}
	}
	seconds := float64(b.N) * float64(len(x)) / 44100
	b.ReportMetric(100*(with-without).Seconds()/seconds, "%_of_a_core")
	b.ReportMetric(100*without.Seconds()/seconds, "%_without")
}

// processorTime returns the processor time of the process so far.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
