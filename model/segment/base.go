package segment

import (
	"math"

	"inkling/internal/codec"
	"inkling/model/feature"
)

// base is what all segmenters share: the count of samples, the open segment and its
// frames.
type base struct {
	front    feature.Extractor
	memo     *feature.Memo // nil: it shares no frames
	channels int
	dim      int
	limit    uint64 // samples of the longest segment
	text     bool

	pos     uint64 // of the next sample
	open    bool
	start   uint64
	frames  uint64 // of the open segment
	counted uint64 // those of them that count
	end     uint64 // where the counted ones end
	words   words  // text: what has been read of the open segment

	soFar, least float64 // Value and Threshold of the frames to come
}

func newBase(c *Config, s Setup) base {
	return base{front: s.Front, channels: s.Channels, dim: s.Front.Dim(), limit: max(samples(c.MaxDuration, s.Rate), 1), text: s.Text}
}

// samples returns the samples of t seconds; without a rate a second is one sample.
func samples(t, rate float64) uint64 {
	if rate == 0 {
		rate = 1
	}
	return uint64(math.Round(t * rate))
}

func (b *base) Restart() {
	b.pos, b.open = 0, false
	b.start, b.end, b.frames, b.counted = 0, 0, 0, 0
	b.front.Reset()
}

func (b *base) Forget() {}

func (b *base) Open() (open bool, frames, counted int) {
	return b.open, int(min(b.frames, math.MaxInt)), int(min(b.counted, math.MaxInt))
}

func (b *base) SetFront(front feature.Extractor) {
	b.front, b.dim = front, front.Dim()
	b.Share(b.memo)
}

func (b *base) Share(m *feature.Memo) {
	b.memo = m
	feature.Share(b.front, m)
}

func (b *base) Pos() uint64 { return b.pos }

func (b *base) Reach() uint64 { return 0 }

// begin opens a segment at position at.
func (b *base) begin(f *Found, at uint64) {
	b.open, b.start, b.frames, b.counted, b.end, b.words = true, at, 0, 0, at, words{blank: true}
	b.front.Reset()
	f.add(Event{Kind: Opened, Start: at})
}

// extract moves on by samples of the open segment and adds their frames.
func (b *base) extract(f *Found, samples []float32) {
	b.pos += uint64(len(samples) / b.channels)
	before := len(f.Frames)
	f.Frames = b.front.Push(f.Frames, samples)
	for i := range (len(f.Frames) - before) / b.dim {
		b.frames++
		e := Event{Kind: FrameReady, End: b.start + endOf(b.front, b.frames), Value: b.soFar, Threshold: b.least}
		if b.text { // a character is a frame
			blank := b.words.blank
			b.words.read(rune(samples[i]))
			e.Word = b.words.blank && !blank
		}
		f.add(e)
	}
}

// extractUpTo is extract for segmenters that do not depend on the samples: one segment
// follows another, and each ends by why when it reaches the limit.
func (b *base) extractUpTo(f *Found, samples []float32, limit uint64, why Ending) {
	for len(samples) > 0 {
		if !b.open {
			b.begin(f, b.pos)
		}
		n := int(min(limit-(b.pos-b.start), uint64(len(samples)/b.channels)))
		b.extract(f, samples[:n*b.channels])
		samples = samples[n*b.channels:]
		if b.pos-b.start == limit {
			b.count(f)
			b.close(f, Event{Ending: why})
		}
	}
}

// count makes every frame so far count.
func (b *base) count(f *Found) {
	if b.counted != b.frames {
		b.counted = b.frames
		b.end = b.start + endOf(b.front, b.frames)
		f.add(Event{Kind: Counted})
	}
}

// flush makes a last frame, which counts, of the samples that no frame covers.
func (b *base) flush(f *Found) {
	before := len(f.Frames)
	f.Frames = b.front.Flush(f.Frames)
	if len(f.Frames) == before {
		b.count(f)
		return
	}
	b.frames++
	f.add(Event{Kind: FrameReady, End: b.pos, Value: b.soFar, Threshold: b.least})
	b.counted, b.end = b.frames, b.pos
	f.add(Event{Kind: Counted})
}

// close ends the open segment at the last frame that counts. e has its Ending and what
// else the segmenter says of it.
func (b *base) close(f *Found, e Event) {
	b.open = false
	b.front.Reset() // it holds nothing between segments
	if b.counted == 0 {
		f.add(Event{Kind: Dropped, Start: b.start, End: b.pos, Ending: e.Ending, Reason: NoStep, Threshold: 1})
		return
	}
	e.Kind, e.Start, e.End = Closed, b.start, b.end
	f.add(e)
}

// finish ends the open segment with all its samples.
func (b *base) finish(f *Found, why Ending) {
	if b.open {
		b.flush(f)
		b.close(f, Event{Ending: why})
	}
}

func (b *base) visit(k *codec.Codec) {
	k.Uint64(&b.pos)
	k.Bool(&b.open)
	k.Uint64(&b.start)
	k.Uint64(&b.frames)
	k.Uint64(&b.counted)
	k.Uint64(&b.end)
	b.words.visit(k)
	k.Part(b.front.AppendState, b.front.Restore)
}

// check makes a state bad whose fields do not fit together. longest is the number of
// samples at which a segment ends by itself.
func (b *base) check(k *codec.Codec, longest uint64) {
	if b.start > b.pos || b.frames > b.pos-b.start+1 || b.counted > b.frames || b.open && b.pos-b.start >= longest {
		k.Fail()
	}
}

// AppendState and Restore serve the segmenters whose state is the base's.
func (b *base) AppendState(dst []byte) []byte {
	k := codec.Writer(dst)
	b.visit(k)
	return k.Bytes()
}

func (b *base) Restore(data []byte) ([]byte, error) {
	k := codec.Reader(data)
	b.visit(k)
	b.check(k, b.limit)
	return k.Rest()
}

// settled is a number of frames from which on every front end has a frame every so many
// samples.
const settled = 1 << 16

// endOf returns where frame n of a front end ends, in samples. A stream may go on for longer
// than an int of 32 bits can count: 37 hours at 16 kHz.
func endOf(front feature.Extractor, n uint64) uint64 {
	if n <= settled {
		return uint64(front.End(int(n)))
	}
	last := uint64(front.End(settled))
	return last + (n-settled)*(last-uint64(front.End(settled-1)))
}
