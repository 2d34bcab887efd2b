package stream

import (
	"fmt"
	"time"

	"inkling/capture"
	"inkling/internal/f32"
	"inkling/internal/resample"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// Feed takes the stream's next block: it resamples the samples, segments them, extracts
// frames, and queues all of it for Advance. An error is about the block's format and
// leaves the stream as it was. The samples are not kept.
func (c *Classifier) Feed(b *capture.Block) error {
	if c.switched != nil {
		if err := c.turn(); err != nil {
			return err
		}
		c.feeding = b
	}
	if b.Fault != nil {
		fault := *b.Fault
		c.push(op{kind: opStatus, fault: &fault, sample: c.input.next, time: b.Time, clock: b.Clock})
		return nil
	}
	channels := max(b.Format.Channels, 1)
	if len(b.Samples)%channels != 0 {
		return fmt.Errorf("stream %s: the block has %d values, which %d channels do not divide", b.Stream, len(b.Samples), channels)
	}
	if err := c.checkFormat(b.Format); err != nil {
		return err
	}
	c.snapshot(b)
	if f32.AllFinite(b.Samples) {
		c.feed(b)
	} else {
		c.feedFinite(b, channels)
	}
	return nil
}

// checkFormat returns an error if the model cannot take samples of format f.
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
		return resample.Check(f.Rate, c.m.Config.Rate)
	}
	return nil
}

// gapCause says why samples are missing.
type gapCause uint8

const (
	gapLost      gapCause = iota // the source lost them
	gapFormat                    // the source changed its format
	gapNotNumber                 // they were NaN or infinite
	gapRestarted                 // the source began anew
	gapAway                      // the program was not there
	gapForgotten                 // the stream was silent, and forgotten
)

func (g gapCause) String() string {
	return [...]string{"", "format", "not a number", "restarted", "away", "forgotten"}[g]
}

// feedFinite feeds the stretches of b that are finite. The others make a hole, which is
// reported as a gap where it ends, maybe in a later block.
func (c *Classifier) feedFinite(b *capture.Block, channels int) {
	in, n := &c.input, b.Len()
	finite := func(i int) bool { return f32.AllFinite(b.Samples[i*channels : (i+1)*channels]) }
	for from := 0; from < n; {
		to := from + 1
		for to < n && finite(to) == finite(from) {
			to++
		}
		if finite(from) {
			c.feed(part(b, from, to))
			from = to
			continue
		}
		if from == 0 && (b.Mark&capture.MarkBegin != 0 || !in.known || in.format != b.Format || b.Offset != in.next+in.hole) {
			c.feed(part(b, 0, 0))
		}
		in.hole += uint64(to - from)
		c.reportHole(uint64(max(b.Format.Rate, longestHole)))
		if to == n && b.Mark&capture.MarkEnd != 0 {
			c.feed(part(b, n, n))
		}
		from = to
	}
}

// part returns samples [from, to) of b, with its marks where they are at that end.
func part(b *capture.Block, from, to int) *capture.Block {
	p, channels := *b, max(b.Format.Channels, 1)
	p.Samples, p.Offset, p.Mark = b.Samples[from*channels:to*channels], b.Offset+uint64(from), 0
	if from == 0 {
		p.Mark |= b.Mark & capture.MarkBegin
	}
	if to == b.Len() {
		p.Mark |= b.Mark & capture.MarkEnd
	}
	if !b.Time.IsZero() && b.Format.Rate > 0 {
		p.Time = b.Time.Add(time.Duration(float64(from) / b.Format.Rate * 1e9))
	}
	return &p
}

// longestHole is the number of samples after which a hole is reported before it has
// ended: a second, or at slow rates this many samples.
const longestHole = 1000

// reportHole turns each whole piece of the hole into a gap.
func (c *Classifier) reportHole(piece uint64) {
	for in := &c.input; in.hole > 0 && in.hole >= piece; {
		rest, to := in.hole-piece, in.next+piece
		c.lose(&capture.Block{Format: in.format, Offset: to, Time: in.time(to), Clock: in.clock})
		in.hole = rest
	}
}

// feed takes a block of finite samples.
func (c *Classifier) feed(b *capture.Block) {
	in := &c.input
	c.hearOut()
	if b.Offset < in.next+in.hole {
		c.reportHole(in.hole) // the block steps back
		in.told = time.Time{}
	}
	if !in.known || in.format != b.Format {
		c.changeFormat(b)
	} else if b.Offset != in.next {
		c.lose(b)
	}
	c.away = false
	in.setAnchor(b.Offset, b.Time, b.Clock)
	marked, _ := c.segmenter.(segment.Marked)
	if b.Mark&capture.MarkBegin != 0 && marked != nil {
		c.endSegment(segment.ByMessage)
		c.restart(b.Offset)
		marked.Begin(&c.busy().found)
		c.queueFound()
	}
	c.listen(b.Offset, b.Samples)
	in.next = b.Offset + uint64(b.Len())
	if b.Mark&capture.MarkEnd != 0 && marked != nil {
		c.endSegment(segment.ByMessage)
		c.restart(in.next)
	}
}

// changeFormat begins the stream, or begins it anew in the format of b.
func (c *Classifier) changeFormat(b *capture.Block) {
	in := &c.input
	lost := uint64(0)
	if b.Offset > in.next {
		lost = b.Offset - in.next
	}
	switch {
	case in.known:
		c.endSegment(segment.ByGap)
		c.push(op{kind: opGap, sample: b.Offset, lost: lost, cause: gapFormat, time: b.Time, clock: b.Clock})
	case in.back && (b.Offset != in.next || c.remembers()):
		c.push(op{kind: opGap, sample: b.Offset, lost: lost, cause: gapForgotten, time: b.Time, clock: b.Clock})
	}
	in.format, in.known, in.back = b.Format, true, false
	in.res = nil
	if c.ear != nil {
		c.ear.begun = false
	}
	if rate := c.m.Config.Rate; b.Format.Rate > 0 && rate > 0 && b.Format.Rate != rate {
		in.res, _ = c.resampler(c.plan, b.Format.Rate)
		if off := in.res.Off(); off > 0 {
			c.push(op{kind: opStatus, sample: b.Offset, time: b.Time, clock: b.Clock, fault: &capture.Fault{State: capture.Up,
				Reason: fmt.Sprintf("%v Hz and the model's %v are no small fraction of each other: resampled by the nearest one, %.1g off", b.Format.Rate, rate, off)}})
		}
	}
	if why := c.m.Config.Unlike(b.Format.Rate); why != "" {
		c.push(op{kind: opStatus, sample: b.Offset, time: b.Time, fault: &capture.Fault{State: capture.Doubtful, Reason: why}})
	}
	c.segmenter.Forget()
	c.restart(b.Offset)
	in.next, in.hole = b.Offset, 0
}

// remembers reports whether more than the open segment says how the stream goes on: what the
// segmenter has learned of the signal, or a carried state of the network.
func (c *Classifier) remembers() bool {
	switch c.plan.segment.Kind {
	case segment.Activity, segment.Label, segment.Beat:
		return true
	}
	return c.dec.State == decide.Carry || c.m.HasNext()
}

// GapFill fills gaps of up to fillLimit seconds and maxFilled samples. Without a rate
// there are no seconds, and it fills none.
const (
	fillLimit = 0.05
	maxFilled = 1 << 16
)

// lose handles a block that does not begin where the last one ended.
func (c *Classifier) lose(b *capture.Block) {
	c.hearOut()
	in := &c.input
	g := op{kind: opGap, sample: b.Offset, time: b.Time, clock: b.Clock}
	if in.hole > 0 {
		g.cause = gapNotNumber
	}
	if b.Offset < in.next {
		g.cause = gapRestarted
	} else {
		g.lost = b.Offset - in.next
	}
	if c.away {
		g.cause = gapAway
		if c.ear != nil {
			c.ear.begun = false
		}
	}
	short := float64(g.lost) <= min(fillLimit*in.format.Rate, maxFilled)
	switch {
	case g.lost > 0 && c.dec.Gap == decide.GapHold:
		in.splice(g.lost)
		c.push(g)
	case g.lost > 0 && c.dec.Gap == decide.GapFill && short && len(in.last) > 0:
		c.push(g)
		for range g.lost {
			c.segmentSamples(in.last)
		}
	default:
		c.endSegment(segment.ByGap)
		c.push(g)
		c.restart(b.Offset)
	}
	in.next, in.hole = b.Offset, 0
}

// restart makes offset the first sample of the resampler and the segmenter.
func (c *Classifier) restart(offset uint64) {
	in := &c.input
	in.base, in.shift, in.splices = offset, 0, in.splices[:0]
	if c.ear != nil {
		c.ear.goesOn = false
	}
	if in.res != nil {
		in.res.Reset()
	}
	c.segmenter.Restart()
	if c.signal != nil {
		c.signal.Restart()
	}
}

// segmentSamples mixes and resamples interleaved samples of the source, gives them to
// the segmenter and queues what it finds.
func (c *Classifier) segmentSamples(samples []float32) {
	if len(samples) == 0 {
		return
	}
	in, b := &c.input, c.busy()
	channels := max(in.format.Channels, 1)
	in.last = append(in.last[:0], samples[len(samples)-channels:]...)
	samples = b.mix(samples, channels, c.m.Config.Channels)
	if in.res != nil {
		b.samples = in.res.Push(b.samples[:0], samples)
		samples = b.samples
	}
	c.hear(samples)
	if !c.waits {
		c.queueFound()
	}
}

// hear gives the segmenter samples at the model's rate.
func (c *Classifier) hear(samples []float32) {
	if c.signal != nil {
		c.signal.Push(samples)
	}
	if c.waits {
		c.segmenter.(segment.Waiter).Wait(&c.busy().found, samples)
		return
	}
	c.segmenter.Push(&c.busy().found, samples)
}

// endSegment flushes the resampler and ends the open segment, if there is one.
func (c *Classifier) endSegment(why segment.Ending) {
	in, b := &c.input, c.busy()
	if in.res != nil {
		b.samples = in.res.Flush(b.samples[:0])
		c.hear(b.samples)
	}
	c.segmenter.Finish(&b.found, why)
	c.queueFound()
}
