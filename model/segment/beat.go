package segment

import (
	"inkling/internal/codec"
	"inkling/internal/qrs"
)

// beat makes a segment round each R peak of an electrocardiogram. A segment opens and
// closes at once, when all of it has come, since it may overlap the one before: none is
// ever open between two calls.
type beat struct {
	base
	beats   *qrs.Segmenter
	found   qrs.Beat
	context bool // frames have one
}

func newBeat(b base, c *Config, s Setup) *beat {
	return &beat{base: b, context: s.Context, beats: qrs.New(c.beats(s.Rate, s.Channels))}
}

func (b *beat) Push(f *Found, samples []float32) {
	for ; len(samples) > 0; samples = samples[b.channels:] {
		b.beats.Push(samples[:b.channels])
		b.pos++
		b.report(f)
	}
}

// report adds the segments of the beats that are complete.
func (b *beat) report(f *Found) {
	pos := b.pos
	for b.beats.Next(&b.found) {
		b.begin(f, b.found.Start)
		if b.context {
			b.front.SetContext(b.found.Context[:])
		}
		b.pos = b.found.Start
		b.extract(f, b.found.Samples)
		b.flush(f)
		b.close(f, Event{Ending: ByBeat, Peak: b.found.Peak})
	}
	b.pos = pos
}

func (b *beat) Finish(f *Found, _ Ending) {
	b.beats.Finish()
	b.report(f)
}

func (b *beat) Restart() {
	b.base.Restart()
	b.beats.Reset()
}

func (b *beat) Reach() uint64 { return uint64(b.beats.Reach()) }

func (b *beat) Forget() { b.beats.Forget() }

func (b *beat) AppendState(dst []byte) []byte { return b.beats.AppendState(b.base.AppendState(dst)) }

func (b *beat) Restore(data []byte) ([]byte, error) {
	k := codec.Reader(data)
	b.visit(k)
	k.Part(b.beats.AppendState, b.beats.Restore)
	if b.check(k, b.limit); b.open {
		k.Fail()
	}
	return k.Rest()
}
