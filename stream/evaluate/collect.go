package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"

	"inkling/capture"
	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
	"inkling/stream/evaluate/pairing"
)

// StreamOptions are those of Collect and Stream.
type StreamOptions struct {
	Segment       *segment.Config           // nil: the model's
	Tolerance     float64                   // greatest distance, in seconds, between the start of an event and that of its segment [DefaultTolerance]
	IgnoreUnknown bool                      // ignore annotations whose label the model does not have
	Cutouts       bool                      // keep some missed events and false alarms with their signal: StreamReport.Cutouts
	KeepProbs     bool                      // fill Candidate.Probs, which Trace.Replay needs
	Each          func(*StreamRow) error    // called after the evaluation, for every event and every false alarm
	Progress      func(done, total float64) // seconds of signal; total is 0 if unknown. Calls do not overlap
}

// Collect runs the network over each recording as a stream and keeps its answers. No rule
// holds anything back; the rules of the model fill in what depends on them. The source's
// blocks do not matter: blocks of 10 ms are fed.
func Collect(ctx context.Context, m *model.Model, recordings []Recording, o StreamOptions) ([]*Trace, error) {
	if len(recordings) == 0 {
		return nil, errors.New("there are no recordings to evaluate")
	}
	if s := segmenter(m, o.Segment); s.Kind == segment.Message {
		return nil, fmt.Errorf("the segmenter %s needs a source that marks its messages, which a recording does not: choose another in segment.Config.Kind", s.Kind)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := newProgress(recordings, o.Progress)
	traces := make([]*Trace, len(recordings))
	errs := parallel.ForEach(len(traces), false, nil, func(i int) (err error) {
		if traces[i], err = collect(ctx, m, &recordings[i], &o, p); err != nil {
			cancel()
		}
		return err
	})
	var canceled error
	for _, err := range errs {
		switch {
		case errors.Is(err, context.Canceled):
			canceled = err
		case err != nil:
			return nil, err
		}
	}
	return traces, canceled
}

// segmenter returns s, or the model's if s is nil.
func segmenter(m *model.Model, s *segment.Config) *segment.Config {
	if s != nil {
		return s
	}
	return &m.Config.Segment
}

// A collector makes the trace of one recording.
type collector struct {
	m       *model.Model
	o       *StreamOptions
	r       *Recording
	trace   *Trace
	index   map[string]int // of each label
	c       *stream.Classifier
	decider *decide.Decider
	clips   clips
	block   capture.Block
	buf     []float32 // of the next block
	events  []stream.Event
	now     Candidate // the open segment
	sure    bool      // it can no longer be dropped as short
}

// blocksPerSecond is how many blocks of each second are fed.
const blocksPerSecond = 100

func collect(ctx context.Context, m *model.Model, r *Recording, o *StreamOptions, p *progress) (*Trace, error) {
	src, err := r.Open()
	if err != nil {
		return nil, err
	}
	defer src.Close()
	k := &collector{m: m, o: o, r: r, trace: &Trace{Name: r.Name}, index: map[string]int{}}
	for i, label := range m.Config.Labels {
		k.index[label] = i
	}
	d := &m.Config.Decision
	k.decider = decide.NewDecider(d, m.Config.Labels, m.Config.TypicalSteps())
	k.c, err = stream.NewClassifier(m, &stream.Options{Segment: o.Segment, Background: true, Top: m.Classes(),
		Decision: &decide.Config{EarlySteps: 1, State: d.State, Gap: d.Gap}}) // early as soon as the segment is sure
	if err != nil {
		return nil, err
	}
	k.reset()
	for {
		var b capture.Block
		err := src.Read(ctx, &b)
		if err == io.EOF {
			return k.trace, k.finish()
		}
		if err == nil {
			err = k.read(&b)
		}
		if err != nil {
			return nil, err
		}
		if b.Format.Rate > 0 {
			p.add(float64(b.Len()) / b.Format.Rate)
		}
	}
}

// read collects the source's samples and feeds them in blocks.
func (k *collector) read(b *capture.Block) error {
	if k.trace.Rate == 0 {
		if err := k.begin(b.Format); err != nil {
			return err
		}
	}
	width := cap(k.buf)
	for x := b.Samples; len(x) > 0; {
		n := min(width-len(k.buf), len(x))
		k.buf, x = append(k.buf, x[:n]...), x[n:]
		if len(k.buf) == width {
			if err := k.feed(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *collector) begin(f capture.Format) error {
	if !(f.Rate > 0) {
		return fmt.Errorf("%s: its sampling rate is unknown: give audio", k.r.Name)
	}
	k.trace.Rate = f.Rate
	k.block = capture.Block{Stream: k.r.Name, Format: f}
	k.buf = make([]float32, 0, max(int(f.Rate/blocksPerSecond), 1)*max(f.Channels, 1))
	if err := k.findEvents(); err != nil {
		return err
	}
	return k.clips.begin(k.m, k.trace, f)
}

// findEvents turns annotations into events.
func (k *collector) findEvents() error {
	at := func(seconds float64) uint64 { return uint64(math.Round(seconds * k.trace.Rate)) }
	for _, a := range k.r.Annotations {
		label, known := k.index[a.Label]
		switch {
		case a.Label == k.m.Config.Decision.Background, a.Label == dataset.Background && !known:
		case known:
			k.trace.Events = append(k.trace.Events, Span{Start: at(a.Start), End: at(a.End), Label: label})
		case !k.o.IgnoreUnknown:
			return fmt.Errorf("%s: the label %q is none of the model's (%s): rename it, train a model with it, or ignore such annotations with StreamOptions.IgnoreUnknown",
				a.Where, a.Label, list(k.m.Config.Labels))
		}
	}
	slices.SortStableFunc(k.trace.Events, pairing.Compare)
	k.trace.Clips = make([]Clip, len(k.trace.Events))
	return nil
}

func (k *collector) feed() error {
	b := &k.block
	b.Samples = k.buf
	if err := k.c.Feed(b); err != nil {
		return fmt.Errorf("%s: %w", k.r.Name, err)
	}
	k.trace.Samples += uint64(b.Len())
	k.events = k.c.Advance(k.events[:0])
	k.keep()
	k.clips.read(b)
	b.Offset += uint64(b.Len())
	k.buf = k.buf[:0]
	return nil
}

func (k *collector) finish() error {
	if k.trace.Rate > 0 {
		if err := k.feed(); err != nil {
			return err
		}
	}
	if k.trace.Samples == 0 {
		return fmt.Errorf("%s: it holds no samples: leave it out", k.r.Name)
	}
	k.events = k.c.End(k.events[:0], segment.ByEOF)
	k.keep()
	if err := dataset.CheckWithin(k.r.Annotations, k.trace.seconds()); err != nil {
		return err
	}
	k.clips.finish()
	return nil
}

// keep turns events into candidates.
func (k *collector) keep() {
	c := &k.now
	for i := range k.events {
		switch e := &k.events[i]; e.Type {
		case stream.Running:
			c.Steps = append(c.Steps, Step{Sample: e.Sample})
			c.Probs = k.probs(c.Probs, e.Top)
			if !k.sure {
				c.Unsure = len(c.Steps)
			}
		case stream.Early:
			k.sure, c.Unsure = true, len(c.Steps)-1
		case stream.Confirmed, stream.Dropped:
			if c.Start, c.End, c.EndedBy, c.DecidedAt = e.Start, e.End, e.EndedBy, k.trace.Samples; e.Type == stream.Dropped {
				c.Dropped = e.Rule
			} else {
				c.Confirm, c.Counted = k.probs(make([]float32, 0, k.m.Classes()), e.Top), e.Steps
			}
			c.replay(k.decider)
			if !k.o.KeepProbs {
				c.Probs = nil
			}
			k.trace.Candidates = append(k.trace.Candidates, *c)
			k.reset()
		}
	}
}

func (k *collector) reset() { k.now, k.sure = Candidate{Running: -1, Early: -1}, false }

// probs appends the probability of each label.
func (k *collector) probs(dst []float32, top []stream.Score) []float32 {
	from := len(dst)
	dst = append(dst, make([]float32, k.m.Classes())...)
	for _, s := range top {
		dst[from+k.index[s.Label]] = s.P
	}
	return dst
}

// progress adds up the progress of several recordings.
type progress struct {
	mu          sync.Mutex
	done, total float64
	report      func(done, total float64)
}

func newProgress(recordings []Recording, report func(done, total float64)) *progress {
	p := &progress{report: report}
	for _, r := range recordings {
		p.total += r.Seconds
	}
	for _, r := range recordings {
		if r.Seconds == 0 {
			p.total = 0
		}
	}
	return p
}

func (p *progress) add(seconds float64) {
	if p.report == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += seconds
	p.report(p.done, p.total)
}
