//go:build !edge

package main

import (
	"math"
	"runtime"

	"inkling/capture"
	"inkling/model"
	"inkling/model/measure"
	"inkling/model/segment"
	"inkling/stream"
)

// benchStreams is the number of streams over which their memory is averaged.
const benchStreams = 100

// streamMemory returns the kilobytes that a stream of m keeps for itself between two
// segments, and with a segment of a second open; without a rate, of a thousand samples.
func streamMemory(m *model.Model) (quiet, open float64, err error) {
	n := m.Config.Channels * max(1000, int(math.Ceil(m.Config.Rate)))
	sound, silence := measure.Noise(n, 7), make([]float32, n)
	if m.Config.Text() {
		for i := range sound {
			sound[i] = 'a'
		}
	}
	if m.Config.Segmenter().Kind != segment.Activity {
		silence = nil // there, too, it would open a segment
	}
	first, err := stream.NewClassifier(m, nil)
	if err != nil {
		return 0, 0, err
	}
	if err := hear(first, m, 0, sound); err != nil { // makes what the streams share
		return 0, 0, err
	}
	all := make([]*stream.Classifier, benchStreams)
	before := heapInUse()
	each := func(offset int, samples []float32) (float64, error) {
		for _, c := range all {
			if err := hear(c, m, offset, samples); err != nil {
				return 0, err
			}
		}
		return float64(heapInUse()-before) / 1024 / benchStreams, nil
	}
	for i := range all {
		if all[i], err = first.Another("", ""); err != nil {
			return 0, 0, err
		}
	}
	if quiet, err = each(0, silence); err == nil {
		open, err = each(len(silence)/m.Config.Channels, sound)
	}
	runtime.KeepAlive([]any{first, all, sound, silence})
	return quiet, open, err
}

// hear feeds samples in blocks of 10 ms.
func hear(c *stream.Classifier, m *model.Model, offset int, samples []float32) error {
	channels := m.Config.Channels
	b := capture.Block{Format: capture.Format{Rate: m.Config.Rate, Channels: channels}, Offset: uint64(offset)}
	size := channels * max(1, int(m.Config.Rate/100))
	for ; len(samples) > 0; samples = samples[b.Len()*channels:] {
		b.Samples = samples[:min(size, len(samples))]
		if err := c.Feed(&b); err != nil {
			return err
		}
		c.Advance(nil)
		b.Offset += uint64(b.Len())
	}
	c.Advance(nil) // the events are no longer used
	return nil
}

// heapInUse returns the bytes that are reachable.
func heapInUse() int64 {
	var m runtime.MemStats
	for range 3 { // pools forget after two collections
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
