// Package stream turns blocks of samples into events: it finds segments, steps
// the network through them as they arrive, and confirms each at its end; or, with a
// network for it, tells at every step what comes next.
package stream

import (
	"fmt"
	"time"

	"inkling/capture"
	"inkling/internal/resample"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// A Classifier is one stream: no clock, no goroutine, no input or output. Feed
// takes blocks and queues what they hold; Advance steps the network through the
// queue. Events depend neither on how the samples were split into blocks nor on
// when Advance is called. In steady state neither allocates.
type Classifier struct {
	m       *model.Model
	o       Options
	segment segment.Config
	dec     decide.Config

	input     input
	segmenter segment.Segmenter
	found     segment.Found // its frames are those of the queue, in order, Dim values each
	queue     []op
	walked    int // ops of the queue that are worked off
	used      int // values of the frames that are worked off
	follower  follower
	walker    *walker // the follower, if there are labels

	before   []byte // Resumable: the state when no segment was open
	emitted  uint64 // events since before
	skip     uint64 // events not to emit again after a resume
	resumeAt uint64
	id       *identity // of its saved states; nil: not asked for yet
}

// NewClassifier returns the classifier of one stream.
func NewClassifier(m *model.Model, o *Options) (*Classifier, error) {
	if o == nil {
		o = &Options{}
	}
	c := &Classifier{m: m, o: *o}
	var err error
	if c.segment, c.dec, err = o.settle(m); err != nil {
		return nil, err
	}
	front, err := m.Front()
	if err != nil {
		return nil, err
	}
	c.segmenter = segment.New(&c.segment, segment.Setup{Front: front, Rate: m.Config.Rate, Channels: m.Config.Channels,
		Text: m.Config.Text(), Context: m.Config.Front.Context > 0, Missed: o.Why, Endless: m.HasNext()})
	if m.HasNext() {
		if c.follower = newForecaster(c); m.Config.Text() {
			c.follower = newTextForecaster(c)
		}
		return c, nil
	}
	c.walker = &walker{}
	c.walker.init(c)
	c.follower = c.walker
	return c, nil
}

// An op is what Feed found and Advance has to do.
type op struct {
	kind   opKind
	found  segment.Event  // opFound: what the segmenter found; positions are the source's
	sample uint64         // the source's: where a gap ends, where what was found lies
	time   time.Time      // of sample
	lost   uint64         // opGap
	cause  gapCause       // opGap
	fault  *capture.Fault // opStatus
}

type opKind uint8

const (
	opFound  opKind = iota // a segment's frame, beginning or end
	opGap                  // samples were lost before sample
	opStatus               // the source's health has changed
)

// Feed takes the stream's next block: it resamples, segments and extracts frames,
// and queues what Advance will do. An error is about the format and leaves the
// stream as it was.
func (c *Classifier) Feed(b *capture.Block) error {
	if b.Fault != nil {
		fault := *b.Fault
		c.push(op{kind: opStatus, fault: &fault, sample: c.input.next, time: b.Time})
		return nil
	}
	channels := max(b.Format.Channels, 1)
	if len(b.Samples)%channels != 0 {
		return fmt.Errorf("stream %s: a block of %d values is no whole number of samples of %d channels", b.Stream, len(b.Samples), channels)
	}
	if err := c.checkFormat(b.Format); err != nil {
		return err
	}
	c.snapshot(b)
	if notFinite(b.Samples) >= 0 {
		c.feedAround(b, channels)
		return nil
	}
	c.feed(b)
	return nil
}

// gapCause says why samples are missing.
type gapCause uint8

const (
	gapLost      gapCause = iota // the source lost them
	gapFormat                    // the source changed its format
	gapNotNumber                 // they were NaN or infinite
	gapRestarted                 // the source began anew
)

func (g gapCause) String() string {
	return [...]string{"", "format", "not a number", "restarted"}[g]
}

// feedAround feeds what lies around runs of samples that are no numbers: those are
// a hole, which is told as a gap when it ends, in whatever block that is.
func (c *Classifier) feedAround(b *capture.Block, channels int) {
	in, n := &c.input, b.Len()
	part := func(from, to int) *capture.Block {
		p := *b
		p.Samples, p.Offset, p.Mark = b.Samples[from*channels:to*channels], b.Offset+uint64(from), 0
		if from == 0 {
			p.Mark |= b.Mark & capture.MarkBegin
		}
		if to == n {
			p.Mark |= b.Mark & capture.MarkEnd
		}
		if !b.Time.IsZero() && b.Format.Rate > 0 {
			p.Time = b.Time.Add(time.Duration(float64(from) / b.Format.Rate * 1e9))
		}
		return &p
	}
	bad := func(i int) bool { return notFinite(b.Samples[i*channels:(i+1)*channels]) >= 0 }
	for from := 0; from < n; {
		to := from + 1
		for to < n && bad(to) == bad(from) {
			to++
		}
		if !bad(from) {
			c.feed(part(from, to))
			from = to
			continue
		}
		if from == 0 && (b.Mark&capture.MarkBegin != 0 || !in.known || in.format != b.Format || b.Offset != in.next+in.hole) {
			p := part(0, 0)
			c.feed(p)
		}
		in.hole += uint64(to - from)
		c.tellHole(uint64(max(b.Format.Rate, longestHole)))
		if to == n && b.Mark&capture.MarkEnd != 0 {
			c.feed(part(n, n))
		}
		from = to
	}
}

// longestHole is the least number of samples, for sources slower than that a
// second, after which a hole is told although it goes on.
const longestHole = 1000

// tellHole tells whole pieces of the hole as gaps.
func (c *Classifier) tellHole(piece uint64) {
	for in := &c.input; in.hole > 0 && in.hole >= piece; {
		rest, to := in.hole-piece, in.next+piece
		c.lose(&capture.Block{Format: in.format, Offset: to, Time: in.time(to)})
		in.hole = rest
	}
}

func notFinite(x []float32) int {
	for i, v := range x {
		if v-v != 0 {
			return i
		}
	}
	return -1
}

// checkFormat tells whether the model can take the format.
func (c *Classifier) checkFormat(f capture.Format) error {
	in := &c.input
	if in.known && in.format == f {
		return nil
	}
	want := c.m.Config.Channels
	if got := max(f.Channels, 1); got != want && !c.m.Config.Front.MixesChannels() {
		return &feature.ChannelError{Kind: c.m.Config.Front.Kind, Want: want, Got: got}
	}
	if c.m.Config.Text() && f.Rate > 0 {
		return fmt.Errorf("the model takes text, the source has samples at %v Hz: give a text file, or - for standard input", f.Rate)
	}
	if f.Rate > 0 && c.m.Config.Rate > 0 && f.Rate != c.m.Config.Rate {
		_, err := resample.New(f.Rate, c.m.Config.Rate, 1)
		return err
	}
	return nil
}

// feed takes a block of finite samples.
func (c *Classifier) feed(b *capture.Block) {
	in := &c.input
	if b.Offset < in.next+in.hole {
		c.tellHole(in.hole) // what follows is a step back
	}
	if !in.known || in.format != b.Format {
		c.changeFormat(b)
	} else if b.Offset != in.next {
		c.lose(b)
	}
	in.anchor, in.at = b.Time, b.Offset
	marked, _ := c.segmenter.(segment.Marked)
	if b.Mark&capture.MarkBegin != 0 && marked != nil {
		c.endSegment(segment.ByMessage)
		c.restart(b.Offset)
		marked.Begin(&c.found)
		c.queueFound()
	}
	c.take(b.Samples)
	in.next = b.Offset + uint64(b.Len())
	if b.Mark&capture.MarkEnd != 0 && marked != nil {
		c.endSegment(segment.ByMessage)
		c.restart(in.next)
	}
}

// changeFormat begins the stream, or begins it anew with another format.
func (c *Classifier) changeFormat(b *capture.Block) {
	in := &c.input
	if in.known {
		c.endSegment(segment.ByGap)
		lost := uint64(0)
		if b.Offset > in.next {
			lost = b.Offset - in.next
		}
		c.push(op{kind: opGap, sample: b.Offset, lost: lost, cause: gapFormat, time: b.Time})
	}
	in.format, in.known = b.Format, true
	in.res = nil
	if rate := c.m.Config.Rate; b.Format.Rate > 0 && rate > 0 && b.Format.Rate != rate {
		in.res, _ = resample.New(b.Format.Rate, rate, c.m.Config.Channels)
		if off := in.res.Off(); off > 0 {
			c.push(op{kind: opStatus, sample: b.Offset, time: b.Time, fault: &capture.Fault{State: capture.Up,
				Reason: fmt.Sprintf("%v Hz and the model's %v are no small fraction of each other: resampled by the nearest one, %.1g off", b.Format.Rate, rate, off)}})
		}
	}
	c.segmenter.Forget()
	c.restart(b.Offset)
	in.next, in.hole = b.Offset, 0
}

// fillLimit is the longest gap that policy fill fills, in seconds, and mostFilled
// in samples. Without a rate there are no seconds, and nothing is filled.
const (
	fillLimit  = 0.05
	mostFilled = 1 << 16
)

// lose deals with a block that does not begin where the last one ended.
func (c *Classifier) lose(b *capture.Block) {
	in := &c.input
	g := op{kind: opGap, sample: b.Offset, time: b.Time}
	if in.hole > 0 {
		g.cause = gapNotNumber
	}
	if b.Offset < in.next {
		g.cause = gapRestarted
	} else {
		g.lost = b.Offset - in.next
	}
	short := float64(g.lost) <= min(fillLimit*in.format.Rate, mostFilled)
	switch {
	case g.lost > 0 && c.dec.Gap == "hold":
		in.splice(g.lost)
		c.push(g)
	case g.lost > 0 && c.dec.Gap == "fill" && short && len(in.last) > 0:
		c.push(g)
		for range g.lost {
			c.take(in.last)
		}
	default:
		c.endSegment(segment.ByGap)
		c.push(g)
		c.restart(b.Offset)
	}
	in.next, in.hole = b.Offset, 0
}

// restart makes offset the resampler's and the segmenter's first sample.
func (c *Classifier) restart(offset uint64) {
	in := &c.input
	in.base, in.shift, in.splices = offset, 0, in.splices[:0]
	if in.res != nil {
		in.res.Reset()
	}
	c.segmenter.Restart()
}

// take resamples interleaved samples of the source and hands them on.
func (c *Classifier) take(samples []float32) {
	in := &c.input
	if len(samples) == 0 {
		return
	}
	channels := max(in.format.Channels, 1)
	in.last = append(in.last[:0], samples[len(samples)-channels:]...)
	samples = c.mix(samples, channels)
	if in.res != nil {
		in.samples = in.res.Push(in.samples[:0], samples)
		samples = in.samples
	}
	c.segmenter.Push(&c.found, samples)
	c.queueFound()
}

// mix makes the source's channels those of the model: the spectral front ends
// average whatever number to theirs.
func (c *Classifier) mix(samples []float32, channels int) []float32 {
	want := c.m.Config.Channels
	if channels == want {
		return samples
	}
	in := &c.input
	in.mono = in.mono[:0]
	for ; len(samples) > 0; samples = samples[channels:] {
		var sum float32
		for _, v := range samples[:channels] {
			sum += v
		}
		for range want {
			in.mono = append(in.mono, sum/float32(channels))
		}
	}
	return in.mono
}

// endSegment flushes the resampler and ends the open segment, if there is one.
func (c *Classifier) endSegment(why segment.Ending) {
	in := &c.input
	if in.res != nil {
		in.samples = in.res.Flush(in.samples[:0])
		c.segmenter.Push(&c.found, in.samples)
	}
	c.segmenter.Finish(&c.found, why)
	c.queueFound()
}

// End ends the stream's open segment for the reason, works off the queue and
// appends the events. The next block may go on where the last one ended.
func (c *Classifier) End(dst []Event, why segment.Ending) []Event {
	c.feedEnd(why)
	return c.Advance(dst)
}

// feedEnd queues the end of the open segment.
func (c *Classifier) feedEnd(why segment.Ending) {
	if c.input.known {
		c.tellHole(c.input.hole)
		c.endSegment(why)
		c.restart(c.input.next)
	}
}

// Open reports whether a segment is open.
func (c *Classifier) Open() bool {
	open, _, _ := c.segmenter.Open()
	return open || c.follower.where().open
}

func (c *Classifier) push(o op) {
	if o.time.IsZero() && o.kind != opStatus {
		o.time = c.input.time(o.sample)
	}
	c.queue = append(c.queue, o)
}

// queueFound queues what the segmenter has found, its positions mapped to the source's.
// The frames stay where they are.
func (c *Classifier) queueFound() {
	in := &c.input
	for _, e := range c.found.Events {
		o := op{kind: opFound, found: e}
		switch o.found.Start, o.found.Peak = in.begin(e.Start), in.begin(e.Peak); e.Kind {
		case segment.Opened:
			o.sample = o.found.Start
		case segment.Counted:
		default:
			o.sample = in.end(e.End)
			o.found.End = o.sample
		}
		c.push(o)
	}
	c.found.Events = c.found.Events[:0]
}
