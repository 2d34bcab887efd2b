package stream

import (
	"fmt"

	"inkling/capture"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
)

// A Cutter cuts one stream into the samples of its segments, without a model: to
// collect examples with the very segmenter that will find them later.
type Cutter struct {
	c *Classifier
	f capture.Format

	kept  []float32 // samples from position base on
	base  uint64
	start uint64
	open  bool
}

// NewCutter returns a cutter for samples of format f.
func NewCutter(s segment.Config, f capture.Format) (*Cutter, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	if s.Kind == segment.Beat {
		return nil, fmt.Errorf("the segmenter %s cuts heartbeats out of annotated records, it does not collect examples: choose another", s.Kind)
	}
	s = s.Defaults()
	f.Channels = max(f.Channels, 1)
	front, err := feature.New(feature.Config{Kind: feature.KindRaw}, f.Rate, f.Channels)
	if err != nil {
		return nil, err
	}
	k := &Cutter{c: &Classifier{segment: s, m: &model.Model{Config: model.Config{Rate: f.Rate, Channels: f.Channels}}}, f: f}
	k.c.input.format, k.c.input.known = f, true
	k.c.cutter.init(&s, front, f.Rate, f.Channels)
	return k, nil
}

// Format is that of the samples.
func (k *Cutter) Format() capture.Format { return k.f }

// Feed takes interleaved samples and calls found with each segment that they
// end; its samples are the callee's.
func (k *Cutter) Feed(samples []float32, found func([]float32, capture.Format) error) error {
	k.kept = append(k.kept, samples...)
	k.c.cutter.take(k.c, samples)
	return k.work(found)
}

// End ends the stream and its open segment; what comes next is another stream, of
// whose level nothing is known.
func (k *Cutter) End(found func([]float32, capture.Format) error) error {
	k.c.cutter.finish(k.c, ByEOF)
	err := k.work(found)
	k.c.cutter.restart()
	k.c.cutter.forget()
	k.kept, k.base = k.kept[:0], 0
	return err
}

// work goes through the queue and forgets samples that no segment can need.
func (k *Cutter) work(found func([]float32, capture.Format) error) (err error) {
	ch := uint64(k.f.Channels)
	for _, o := range k.c.queue {
		switch o.kind {
		case opOpen:
			k.open, k.start = true, o.start
		case opDrop:
			k.open = false
		case opClose:
			k.open = false
			piece := k.kept[(k.start-k.base)*ch : (o.sample-k.base)*ch]
			if err == nil {
				err = found(append([]float32(nil), piece...), k.f)
			}
		}
	}
	k.c.queue, k.c.frames = k.c.queue[:0], k.c.frames[:0]
	from := k.start
	if !k.open {
		t := &k.c.cutter
		from = t.pos - min(t.pos, t.level.PreRoll+uint64(t.hop))
	}
	if n := (from - k.base) * ch; from > k.base && n >= uint64(len(k.kept))/2 {
		k.kept = k.kept[:copy(k.kept, k.kept[n:])]
		k.base = from
	}
	return err
}
