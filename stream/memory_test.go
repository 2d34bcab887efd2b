package stream

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"

	"inkling/capture"
	"inkling/internal/bundled"
	"inkling/internal/testkit"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
)

// TestMemory bounds what a stream keeps: while it is quiet, with a segment of a second
// open, and after that has ended. What streams share does not count.
func TestMemory(t *testing.T) {
	testkit.SkipPools(t)
	notes, err := model.Load(bytes.NewReader(bundled.Model()))
	if err != nil {
		t.Fatal(err)
	}
	mel := benchModel(t, feature.Config{Kind: feature.KindLogMel}, 16000)
	for _, c := range []struct {
		name        string
		m           *model.Model
		rate        float64
		block       float64 // seconds
		quiet, open int     // the most bytes
	}{
		{"notes", notes, 44100, 0.01, 8 << 10, 52 << 10},
		{"notes, a second a block", notes, 44100, 1, 8 << 10, 52 << 10},
		{"log-mel", mel, 16000, 0.01, 5 << 10, 34 << 10},
		{"log-mel, resampled", mel, 44100, 0.01, 8 << 10, 36 << 10},
		{"log-mel, resampled, a second a block", mel, 44100, 1, 8 << 10, 36 << 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			const streams = 60
			rng := rand.New(rand.NewPCG(1, 1))
			sound := make([]float32, int(c.rate))
			for i := range sound {
				sound[i] = rng.Float32() - 0.5
			}
			silence := make([]float32, len(sound))
			for i := range silence {
				silence[i] = 1e-5 * (rng.Float32() - 0.5)
			}
			o := &Options{Segment: &segment.Config{Kind: segment.Activity}}
			first, err := NewClassifier(c.m, o)
			if err != nil {
				t.Fatal(err)
			}
			size := int(c.block * c.rate)
			feed := func(s *Classifier, x []float32) {
				b := capture.Block{Format: capture.Format{Rate: c.rate, Channels: 1}, Offset: s.input.next}
				for at := 0; at < len(x); at += size {
					b.Samples = x[at:min(at+size, len(x))]
					if err := s.Feed(&b); err != nil {
						t.Fatal(err)
					}
					s.Advance(nil)
					b.Offset += uint64(b.Len())
				}
				s.Advance(nil) // the events have been read
			}
			feed(first, silence[:len(silence)/10]) // makes what the streams share
			before := heap()
			all := make([]*Classifier, streams)
			for i := range all {
				if all[i], err = first.Another("", ""); err != nil {
					t.Fatal(err)
				}
			}
			each := func(x []float32) float64 {
				for _, s := range all {
					feed(s, x)
				}
				return (heap() - before) / streams
			}
			fresh := each(nil)
			quiet, open, ended := each(silence[:min(size+size/3, len(silence))]), each(sound), each(silence)
			t.Logf("bytes a stream: new %.0f, quiet %.0f, open %.0f, ended %.0f", fresh, quiet, open, ended)
			if quiet > float64(c.quiet) || open > float64(c.open) || ended > float64(c.quiet) {
				t.Errorf("want at most %d quiet or ended, %d open", c.quiet, c.open)
			}
			runtime.KeepAlive(all)
			runtime.KeepAlive([][]float32{sound, silence})
		})
	}
}

// heap returns the bytes that are in use.
func heap() float64 {
	var m runtime.MemStats
	for range 3 { // pools forget after two collections
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}
