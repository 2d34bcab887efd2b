package segment

import (
	"fmt"
	"slices"
)

// A Collector cuts one stream into the samples of its segments, without a model: it
// collects examples with the very segmenter that will find them later.
type Collector struct {
	s        Segmenter
	found    Found
	channels int

	kept  []float32 // samples from position base on
	base  uint64
	pos   uint64 // of the next sample
	start uint64 // of the open segment
	open  bool
}

// NewCollector returns a collector for samples of the given rate and channels.
func NewCollector(c Config, rate float64, channels int) (*Collector, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if c.Kind == Beat {
		return nil, fmt.Errorf("the segmenter %s cuts heartbeats out of annotated records, it does not collect examples: choose another", c.Kind)
	}
	channels = max(channels, 1)
	setup, err := sampleSetup(rate, channels)
	if err != nil {
		return nil, err
	}
	c = c.Defaults()
	return &Collector{s: New(&c, setup), channels: channels}, nil
}

// Feed takes samples, channels interleaved, and calls found with those of each segment
// that they end. The slice is found's to keep. The first error of found is returned.
func (c *Collector) Feed(samples []float32, found func([]float32) error) error {
	c.kept = append(c.kept, samples...)
	c.pos += uint64(len(samples) / c.channels)
	c.s.Push(&c.found, samples)
	return c.report(found)
}

// End ends the stream and its open segment. What comes next is another stream, of
// whose noise floor nothing is known.
func (c *Collector) End(found func([]float32) error) error {
	c.s.Finish(&c.found, ByEOF)
	err := c.report(found)
	c.s.Restart()
	c.s.Forget()
	c.kept, c.base, c.pos = c.kept[:0], 0, 0
	return err
}

// report calls found with the segments that have ended, and forgets the samples that
// none can need any more.
func (c *Collector) report(found func([]float32) error) (err error) {
	channels := uint64(c.channels)
	for _, e := range c.found.Events {
		switch e.Kind {
		case Opened:
			c.open, c.start = true, e.Start
		case Dropped:
			c.open = false
		case Closed:
			c.open = false
			if err == nil {
				err = found(slices.Clone(c.kept[(c.start-c.base)*channels : (e.End-c.base)*channels]))
			}
		}
	}
	c.found.Reset()
	from := c.start
	if !c.open {
		from = c.pos - min(c.pos, c.s.Reach())
	}
	if n := (from - c.base) * channels; from > c.base && n >= uint64(len(c.kept))/2 {
		c.kept = c.kept[:copy(c.kept, c.kept[n:])]
		c.base = from
	}
	return err
}
