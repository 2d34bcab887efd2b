package screen

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"inkling/capture"
	"inkling/model"
	"inkling/stream"
	"inkling/stream/view"
)

const (
	mostTracks = 256  // that a board remembers
	mostTaps   = 64   // streams of which levels and sound are known
	mostNames  = 1000 // labels with an index of their own
	soundRate  = 4000 // from which on a signal of one or two channels is sound
)

// A board knows what the streams of a run do. Its methods may be called at the same time.
type board struct {
	mu     sync.Mutex
	rate   float64 // of the source, where no tap knows it
	names  []string
	tracks map[string]*track
	taps   int
	moves  uint64 // events so far
	sound  sound  // of the newest confirmed segment
}

// A sound is what can be played.
type sound struct {
	label    string
	samples  []float32
	rate     float64
	channels int
}

// A track is what is known of one stream.
type track struct {
	name     string
	moved    uint64 // board.moves at its last event
	format   capture.Format
	now      uint64 // samples
	ribbon   ribbon
	ran      uint64       // sample and
	running  uint64       // segment of the last running event
	answer   stream.Event // the newest running or forecast event; Type "": none
	early    int          // step of the early decision
	sum      float64      // of the squares of the samples since the last shot
	peak     float64
	n        int
	values   []float32 // the newest of each channel
	sound    sound
	tapped   bool // a tap tells of its samples
	closed   bool // the stream has ended
	measured bool // a shot has been taken of its level
	level    float64
	top      float64
}

func newBoard(labels []string, rate float64) *board {
	return &board{names: slices.Clone(labels), rate: rate, tracks: map[string]*track{}}
}

// track returns the track of a stream. Those that have been idle for longest make room.
func (b *board) track(name string) *track {
	t := b.tracks[name]
	if t != nil {
		return t
	}
	if len(b.tracks) >= mostTracks {
		var oldest *track
		for _, t := range b.tracks {
			if oldest == nil || t.moved < oldest.moved {
				oldest = t
			}
		}
		delete(b.tracks, oldest.name)
	}
	t = &track{name: name, format: capture.Format{Rate: b.rate}}
	t.ribbon.scale(b.rate)
	b.tracks[name] = t
	return t
}

// index returns the index of a label among the names.
func (b *board) index(label string) int {
	i := slices.Index(b.names, label)
	if i < 0 && len(b.names) < mostNames {
		i, b.names = len(b.names), append(b.names, label)
	}
	return max(i, 0)
}

// event takes an event.
func (b *board) event(e *stream.Event) {
	if e.Aside || e.Type == stream.Status || e.Type == stream.Summary || e.Type == stream.Detector {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.track(e.Stream)
	b.moves++
	t.moved = b.moves
	if !t.tapped {
		t.now = e.Sample
	}
	t.ribbon.reach(e.Sample)
	switch e.Type {
	case stream.Running, stream.Forecast:
		b.answer(t, e)
	case stream.Early:
		t.early = e.Step
	case stream.Confirmed, stream.Dropped:
		t.answer, t.early = stream.Event{}, 0
		b.outcome(t, e)
	}
}

// answer keeps what the network says of the open segment.
func (b *board) answer(t *track, e *stream.Event) {
	t.answer = e.Clone()
	if e.Type == stream.Forecast || !e.Warm {
		return
	}
	from := t.ran
	if e.Segment != t.running || from >= e.Sample {
		from = e.Sample - min(e.Sample, 1)
	}
	t.ran, t.running = e.Sample, e.Segment
	if e.Label != "" {
		t.ribbon.mark(from, e.Sample, provisional, b.index(e.Label))
	}
}

// outcome keeps what became of a segment.
func (b *board) outcome(t *track, e *stream.Event) {
	if e.Segment == t.running {
		t.ribbon.wipe(e.End) // of the silence that ended it
	}
	switch {
	case e.Type == stream.Dropped && e.Segment == 0: // nothing has opened
	case e.Type == stream.Dropped || e.Rejected:
		t.ribbon.mark(e.Start, e.End, left, 0)
	case e.Running != "" && !e.Agrees:
		t.ribbon.mark(e.Start, e.End, overturned, b.index(e.Label))
	default:
		t.ribbon.mark(e.Start, e.End, confirmed, b.index(e.Label))
	}
}

// tap returns the stream.Tap of a stream; nil of one too many.
func (b *board) tap(name string) stream.Tap {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.taps >= mostTaps {
		return nil
	}
	b.taps++
	delete(b.tracks, name) // what a stream of this name was before
	b.track(name).tapped = true
	return &tap{b, name}
}

type tap struct {
	board *board
	name  string
}

// Block hears the level.
func (p *tap) Block(blk *capture.Block, _ uint64) {
	b := p.board
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.track(p.name)
	t.tapped, t.format = true, blk.Format
	t.ribbon.scale(cmp.Or(blk.Format.Rate, b.rate))
	t.now = blk.Offset + uint64(blk.Len())
	channels := max(blk.Format.Channels, 1)
	if len(blk.Samples) >= channels {
		t.values = append(t.values[:0], blk.Samples[len(blk.Samples)-channels:]...)
	}
	if !isSound(blk.Format) {
		t.ribbon.reach(t.now)
		return
	}
	size := int(t.ribbon.size) * channels
	for at := 0; at < len(blk.Samples); at += size {
		t.hear(blk.Samples[at:min(at+size, len(blk.Samples))], blk.Offset+uint64(at/channels))
	}
}

// hear takes at most as many samples as a column has, the first of which is sample at.
func (t *track) hear(x []float32, at uint64) {
	peak := 0.0
	for _, v := range x {
		f := float64(v)
		t.sum += f * f
		peak = max(peak, math.Abs(f))
	}
	t.n += len(x)
	t.peak = max(t.peak, peak)
	t.ribbon.hear(at, uint8(math.Round(8*view.Loudness(peak))))
}

func (p *tap) Event(*stream.Event, *model.Model) {}

// Segment keeps the sound of a segment, to be played.
func (p *tap) Segment(e *stream.Event, _ *model.Model, format capture.Format, signal []float32) {
	if !isSound(format) || len(signal) == 0 {
		return
	}
	b := p.board
	b.mu.Lock()
	defer b.mu.Unlock()
	t := b.track(p.name)
	label := e.Label
	if label == "" && len(e.Top) > 0 {
		label = e.Top[0].Label
	}
	t.sound = sound{label, signal, format.Rate, format.Channels}
	b.sound = t.sound
}

// Close says that the stream has ended. Events of it may still come.
func (p *tap) Close() {
	b := p.board
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taps--
	b.track(p.name).closed = true
}

func isSound(f capture.Format) bool { return f.Rate >= soundRate && f.Channels <= 2 }
