package stream

import (
	"math"

	"inkling/internal/qrs"
	"inkling/model/feature"
	"inkling/model/segment"
)

// cutter cuts the resampled samples into segments and those into frames. It
// decides on a grid of its own that begins at the stream's first sample, so
// that blocks do not matter. Positions are samples a channel at the model's
// rate since the stream's (or the last gap's) first.
type cutter struct {
	kind     segment.Kind
	channels int
	dim      int
	front    feature.Extractor
	hop      int    // samples of the activity grid
	limit    uint64 // the longest segment, samples
	stepped  uint64 // fixed: samples of a full segment
	steps    int
	level    segment.Level
	miss     miss
	text     bool // samples are characters
	prose    prose
	endless  bool // one segment as long as the signal, of whole frames

	pos     uint64    // of the next sample
	pending []float32 // less than a hop
	ring    []float32 // activity: the last pre-roll samples before pos

	open    bool
	start   uint64
	frames  int    // of the open segment
	counted int    // those that count
	end     uint64 // where the counted ones end
	active  uint64 // activity: end of the last active hop
	opened  uint64 // activity: where it opened, after the pre-roll

	beats   *qrs.Segmenter // beat: nil for the others
	beat    qrs.Beat
	context bool // frames have one
}

func (c *cutter) init(s *segment.Config, front feature.Extractor, rate float64, channels int) {
	second := rate
	if rate == 0 {
		second = 1
	}
	samples := func(t float64) uint64 { return uint64(math.Round(t * second)) }
	c.kind, c.channels, c.dim, c.front, c.steps = s.Kind, channels, front.Dim(), front, s.Steps
	c.limit = max(samples(s.MaxDuration), 1)
	c.stepped = uint64(front.End(s.Steps))
	c.level = segment.NewLevel(s, rate)
	c.hop = c.level.Hop
	if s.Kind == segment.Beat {
		c.beats = qrs.New(s.Beats(rate, channels))
	}
	c.forget()
}

// goOn makes segments end with the signal alone.
func (c *cutter) goOn() { c.endless, c.limit = true, math.MaxInt64 }

// forget drops what was learned of the signal.
func (c *cutter) forget() {
	c.level.Reset()
	if c.beats != nil {
		c.beats.Forget()
	}
}

func (c *cutter) restart() {
	c.pos, c.open = 0, false
	c.start, c.end, c.active, c.opened, c.frames, c.counted = 0, 0, 0, 0, 0, 0
	c.pending, c.ring = c.pending[:0], c.ring[:0]
	c.front.Reset()
	if c.beats != nil {
		c.beats.Reset()
	}
}

func (c *cutter) begin(at uint64) {
	c.open, c.start, c.frames, c.counted, c.end, c.prose = true, at, 0, 0, at, prose{blank: true}
	c.front.Reset()
}

// take cuts samples, interleaved.
func (c *cutter) take(k *Classifier, samples []float32) {
	switch c.kind {
	case segment.Line, segment.Sentence:
		c.takeProse(k, samples)
	case segment.Activity:
		c.takeHops(k, samples)
	case segment.Beat:
		c.takeBeats(k, samples)
	default:
		c.takePlain(k, samples)
	}
}

// takeHops serves activity.
func (c *cutter) takeHops(k *Classifier, samples []float32) {
	width := c.hop * c.channels
	for len(samples) > 0 {
		if len(c.pending) == 0 && len(samples) >= width {
			c.takeHop(k, samples[:width])
			samples = samples[width:]
			continue
		}
		n := min(width-len(c.pending), len(samples))
		c.pending = append(c.pending, samples[:n]...)
		samples = samples[n:]
		if len(c.pending) == width {
			c.takeHop(k, c.pending)
			c.pending = c.pending[:0]
		}
	}
}

// takePlain serves the segmenters that do not listen: whole, message, fixed.
func (c *cutter) takePlain(k *Classifier, samples []float32) {
	limit, why := c.longest()
	for len(samples) > 0 {
		if !c.open {
			if c.kind == segment.Message {
				c.pos += uint64(len(samples) / c.channels)
				return
			}
			k.open(c.pos)
		}
		n := min(int(limit-(c.pos-c.start)), len(samples)/c.channels)
		c.extract(k, samples[:n*c.channels])
		samples = samples[n*c.channels:]
		if c.pos-c.start == limit {
			c.mark(k)
			c.close(k, why)
		}
	}
}

// longest is the length at which a segment ends by itself, and why.
func (c *cutter) longest() (uint64, Reason) {
	if c.kind == segment.Fixed && c.stepped < c.limit {
		return c.stepped, ByFixed
	}
	return c.limit, ByMaximum
}

// extract moves on by samples of the open segment and queues their frames.
func (c *cutter) extract(k *Classifier, samples []float32) {
	c.pos += uint64(len(samples) / c.channels)
	before := len(k.frames)
	k.frames = c.front.Push(k.frames, samples)
	for i := range (len(k.frames) - before) / c.dim {
		c.frames++
		o := op{kind: opFrame, sample: k.input.end(c.start + uint64(c.front.End(c.frames)))}
		if c.text { // a character is a frame
			blank := c.prose.blank
			c.prose.read(rune(samples[i]))
			o.word = c.prose.blank && !blank
		}
		k.push(o)
	}
}

// mark makes every frame so far count.
func (c *cutter) mark(k *Classifier) {
	if c.counted != c.frames {
		c.counted = c.frames
		c.end = c.start + uint64(c.front.End(c.frames))
		k.push(op{kind: opMark})
	}
}

// flush takes the samples that no frame covers into a last one that counts.
func (c *cutter) flush(k *Classifier) {
	before := len(k.frames)
	k.frames = c.front.Flush(k.frames)
	if len(k.frames) > before {
		c.frames++
		k.push(op{kind: opFrame, sample: k.input.end(c.pos)})
		c.counted, c.end = c.frames, c.pos
		k.push(op{kind: opMark})
		return
	}
	c.mark(k)
}

// close ends the open segment at the last frame that counts.
func (c *cutter) close(k *Classifier, why Reason) {
	c.open = false
	if c.counted == 0 {
		k.push(op{kind: opDrop, sample: k.input.end(c.pos), start: k.input.begin(c.start), reason: RuleNoStep + "\x00" + string(why),
			threshold: 1, value: 0})
		return
	}
	o := op{kind: opClose, start: k.input.begin(c.start), sample: k.input.end(c.end), reason: string(why)}
	if c.kind == segment.Activity {
		o.value, o.threshold = c.sounded(k)
	}
	k.push(o)
}

// finish ends the open segment because the signal ends.
func (c *cutter) finish(k *Classifier, why Reason) {
	if c.beats != nil {
		c.beats.Finish()
		c.tellBeats(k)
		return
	}
	if c.kind == segment.Activity && len(c.pending) > 0 {
		c.takeHop(k, c.pending)
		c.pending = c.pending[:0]
	}
	if !c.open {
		c.tellMiss(k, why)
		return
	}
	if c.kind == segment.Line || c.kind == segment.Sentence {
		c.closeProse(k, why)
		return
	}
	if c.endless {
		c.mark(k)
		c.close(k, why)
		return
	}
	if c.kind != segment.Activity {
		c.flush(k)
		c.close(k, why)
		return
	}
	if c.active == c.pos {
		c.flush(k)
	}
	c.closeActive(k, why)
}
