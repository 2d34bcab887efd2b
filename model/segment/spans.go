package segment

import "math"

// A Span is [Start, End), in samples of a channel.
type Span struct{ Start, End int }

// Spans are those that a stream of samples, channels interleaved, has under a
// segmenter whose fields are filled in: each from its pre-roll to the end of its last
// active hop. Too short ones are left out.
func Spans(s *Config, rate float64, channels int, samples []float32) []Span {
	if rate == 0 {
		rate = 1
	}
	f := finder{level: NewLevel(s, rate), channels: channels, samples: samples, limit: max(int(math.Round(s.MaxDuration*rate)), 1)}
	for total := len(samples) / channels; f.pos < total; {
		f.hop(min(f.pos+f.level.Hop, total))
	}
	if f.open {
		f.close()
	}
	return f.found
}

// finder goes through a signal as the live stream's segmenter does.
type finder struct {
	level    Level
	channels int
	samples  []float32
	limit    int

	pos, since    int // since: what a pre-roll may begin at
	open          bool
	start, opened int // opened: after the pre-roll
	active        int // end of the last active hop
	found         []Span
}

// hop takes the samples up to another position.
func (f *finder) hop(to int) {
	level := f.level.Measure(f.samples[f.pos*f.channels:to*f.channels], f.channels, f.open)
	if !f.open {
		if level < f.level.Opening() {
			f.pos = to
			return
		}
		f.open, f.opened, f.active = true, f.pos, f.pos
		f.start = max(f.pos-int(f.level.PreRoll), f.since)
	}
	f.pos = to
	if f.level.Sounds(level) {
		f.active = to
	}
	switch {
	case f.pos-f.start >= f.limit:
		sounding := f.active == f.pos
		f.close()
		if sounding {
			f.open, f.start, f.opened, f.active = true, f.pos, f.pos, f.pos
		}
	case f.pos-f.active >= int(f.level.Hold):
		f.close()
	}
}

func (f *finder) close() {
	if f.active-f.opened >= int(f.level.Minimum) && f.active > f.start {
		f.found = append(f.found, Span{f.start, f.active})
	}
	f.open, f.since = false, f.pos
}

// Longest is the longest of spans, the first of equals; the zero Span if there is none.
func Longest(spans []Span) (best Span) {
	for _, s := range spans {
		if s.End-s.Start > best.End-best.Start {
			best = s
		}
	}
	return best
}
