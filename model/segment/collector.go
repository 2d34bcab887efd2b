package segment

import "fmt"

// A Collector cuts one stream into the samples of its segments, without a model: it
// collects examples with the very segmenter that will find them later.
type Collector struct {
	s      Segmenter
	found  Found
	signal *Signal
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
	return &Collector{s: New(&c, setup), signal: NewSignal(channels, 0)}, nil
}

// Feed takes samples, channels interleaved, and calls found with those of each segment
// that they end. The slice is found's to keep. The first error of found is returned.
func (c *Collector) Feed(samples []float32, found func([]float32) error) error {
	c.signal.Push(samples)
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
	c.signal.Restart()
	return err
}

// report calls found with the segments that have ended, and forgets the samples that
// none can need any more.
func (c *Collector) report(found func([]float32) error) (err error) {
	for i := range c.found.Events {
		if x := c.signal.Follow(&c.found.Events[i]); x != nil && err == nil {
			err = found(x)
		}
	}
	c.found.Reset()
	c.signal.Trim(c.s.Reach())
	return err
}
