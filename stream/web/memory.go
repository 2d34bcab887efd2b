package web

import (
	"container/list"
	"time"

	"inkling/capture"
)

// A piece is a part of what is remembered of a stream: samples, or entries of its log.
// All pieces of a page stand in one queue, and the oldest go first, whosever they are.
type piece struct {
	lane  *lane
	at    *list.Element
	bytes int

	// samples that follow one another in one format
	format capture.Format
	offset uint64
	time   time.Time // of the first sample; zero: unknown
	values []float32
	mark   capture.Mark // before the first sample, and after the last one, to which none are added then

	// or entries
	entries []entry
	probs   []float32
}

// keep remembers a piece, and forgets the oldest ones if there is no room for it.
func (p *Page) keep(c *piece) {
	c.at = p.held.PushBack(c)
	p.grow(c, c.bytes)
}

// grow notes that a piece takes n bytes more.
func (p *Page) grow(c *piece, n int) {
	p.bytes += n
	for p.bytes > p.o.Memory && p.held.Len() > 1 {
		old := p.held.Front().Value.(*piece)
		if old == c {
			return
		}
		old.lane.drop(old)
	}
}

// drop forgets a piece, which is the oldest one of its kind of the lane.
func (l *lane) drop(c *piece) {
	p := l.pipeline.page
	p.held.Remove(c.at)
	p.bytes -= c.bytes
	if c.entries != nil {
		l.log = l.log[1:]
	} else {
		l.signal = l.signal[1:]
	}
}

// forget drops everything that is remembered of a lane.
func (l *lane) forget() {
	for len(l.signal) > 0 {
		l.drop(l.signal[0])
	}
	for len(l.log) > 0 {
		l.drop(l.log[0])
	}
}

// end returns the sample after those of a piece.
func (c *piece) end() uint64 { return c.offset + uint64(len(c.values)/max(c.format.Channels, 1)) }

// bounds of a piece of samples, in values.
const (
	smallPiece = 256
	largePiece = 16384
)

// hear remembers the samples of a block.
func (l *lane) hear(b *capture.Block) {
	l.mark |= b.Mark & capture.MarkBegin
	defer func() {
		if c := l.last(); c != nil && b.Mark&capture.MarkEnd != 0 {
			c.mark |= capture.MarkEnd
		}
	}()
	if len(b.Samples) == 0 {
		return
	}
	channels := max(b.Format.Channels, 1)
	if n := len(l.signal); n > 0 && b.Offset < l.signal[n-1].end() {
		l.forget() // the source has begun anew
		l.epoch++
	}
	l.format = b.Format
	for done := 0; done < len(b.Samples); {
		at := b.Offset + uint64(done/channels)
		c := l.last()
		if c == nil || c.format != b.Format || c.end() != at || l.mark != 0 || c.mark&capture.MarkEnd != 0 || cap(c.values)-len(c.values) < channels {
			size := min(max(int(b.Format.Rate)*channels/2, smallPiece), largePiece) / channels * channels
			size = max(size, channels)
			c = &piece{lane: l, format: b.Format, offset: at, values: make([]float32, 0, size), mark: l.mark, bytes: 4*size + 128}
			l.mark = 0
			if !b.Time.IsZero() && b.Format.Rate > 0 {
				c.time = b.Time.Add(time.Duration(float64(done/channels) / b.Format.Rate * 1e9))
			}
			l.signal = append(l.signal, c)
			l.pipeline.page.keep(c)
		}
		n := min(len(b.Samples)-done, (cap(c.values)-len(c.values))/channels*channels)
		c.values = append(c.values, b.Samples[done:done+n]...)
		done += n
	}
	l.trim()
}

func (l *lane) last() *piece {
	if len(l.signal) == 0 {
		return nil
	}
	return l.signal[len(l.signal)-1]
}

// trim forgets the samples that are older than Options.Back.
func (l *lane) trim() {
	rate := l.format.Rate
	if rate <= 0 {
		rate = 1
	}
	back := uint64(l.pipeline.page.o.Back.Seconds() * rate)
	for len(l.signal) > 1 && l.signal[0].end()+back < l.last().end() {
		l.drop(l.signal[0])
	}
}

// A stretch is a run of samples that stays as it is.
type stretch struct {
	format capture.Format
	offset uint64
	time   time.Time
	values []float32
	mark   capture.Mark
}

// stretches returns what is remembered of the samples [from, to).
func (l *lane) stretches(from, to uint64) (all []stretch) {
	for _, c := range l.signal {
		if c.end() <= from || c.offset >= to {
			continue
		}
		channels := uint64(max(c.format.Channels, 1))
		a, b := max(from, c.offset)-c.offset, min(to, c.end())-c.offset
		s := stretch{c.format, c.offset + a, c.time, c.values[a*channels : b*channels : b*channels], c.mark}
		if a > 0 && !s.time.IsZero() && c.format.Rate > 0 {
			s.time = s.time.Add(time.Duration(float64(a) / c.format.Rate * 1e9))
		}
		all = append(all, s)
	}
	return all
}

// samples returns the samples [from, to), or nil if they are not all remembered.
func (l *lane) samples(from, to uint64) []float32 {
	all := l.stretches(from, to)
	var out []float32
	for _, s := range all {
		if s.offset != from || s.format != all[0].format {
			return nil
		}
		out = append(out, s.values...)
		from += uint64(len(s.values) / max(s.format.Channels, 1))
	}
	if from != to {
		return nil
	}
	return out
}
