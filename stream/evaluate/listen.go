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
)

// A Recording is an annotated stream, as long as it may be.
type Recording struct {
	Name        string
	Annotations []dataset.Annotation // by start
	Seconds     float64              // of it, for Progress; 0: unknown
	Open        func() (capture.Source, error)
}

// A Take is one recording as the network heard it: everything that decisions are
// made from. Positions are samples a channel of the recording.
type Take struct {
	Name       string
	Rate       float64
	Samples    uint64
	Events     []Span // the annotations but those of background, by start
	Clips      []Clip // what the network says of each event's cut
	Candidates []Candidate
}

// A Span is a part of a recording that has a label; −1: none.
type Span struct {
	Start, End uint64
	Label      int
}

// A Clip is what the network says of the samples of one annotation by themselves.
type Clip struct {
	Judged    bool // not of points, of what is too short for a step, and of what is longer than five minutes
	Confirmed int
	Running   int // at the end; −1: none
}

// A Candidate is a segment before any rule has decided on it. Labels are indices, −1
// where there is none.
type Candidate struct {
	Start, End uint64
	Told       uint64 // where the stream was when the segment was known to have ended
	EndedBy    segment.Ending
	Dropped    decide.Rule // why the segmenter made it none; there is no Confirm then
	Confirm    []float32   // C probabilities
	Counted    int         // of Steps, those that count: not those of the trailing silence
	Steps      []Step      // of the running head
	Probs      []float32   // len(Steps)×C of it, with StreamOptions.Running

	// What follows, and the labels of Steps, is by the rules of the model, or by those
	// of the last Replay.
	Running int     // the running label at the last step that counts
	Peak    float64 // the greatest evidence up to there
	Early   int
	EarlyAt uint64
}

// A Step is what the running head said at a step.
type Step struct {
	Sample uint64  // where its frame ends
	Label  int32   // −1: none, while it warms up or because a rule holds it back
	P      float32 // of the label, or of the best; 0 while it warms up
}

// StreamOptions of Listen and Stream.
type StreamOptions struct {
	Segment       *segment.Config           // nil: the model's
	Tolerance     float64                   // seconds between the begins of an event and of the segment that tells of it; 0: DefaultTolerance
	IgnoreUnknown bool                      // annotations with labels that the model has not are none
	Running       bool                      // keep Candidate.Probs, for Replay
	Each          func(*StreamRow) error    // after the evaluation, once an event and once a false alarm
	Progress      func(done, total float64) // seconds; total is 0 where unknown. Not concurrently
}

// Listen runs each recording through a stream.Classifier as `run` would, but with
// all that its decisions would hold back, and keeps what the network said. Blocks of
// 10 ms are fed, whatever the source's are.
func Listen(ctx context.Context, m *model.Model, recordings []Recording, o StreamOptions) ([]*Take, error) {
	if len(recordings) == 0 {
		return nil, errors.New("there are no recordings to evaluate")
	}
	if s := segmenter(m, &o); s.Kind == segment.Message {
		return nil, errors.New("the segmenter message needs a source that marks its messages, a recording has none: choose another with --segment")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := newProgress(recordings, o.Progress)
	takes := make([]*Take, len(recordings))
	errs := parallel.ForEach(len(takes), false, nil, func(i int) (err error) {
		if takes[i], err = listen(ctx, m, &recordings[i], &o, p); err != nil {
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
	return takes, canceled
}

func segmenter(m *model.Model, o *StreamOptions) *segment.Config {
	if o.Segment != nil {
		return o.Segment
	}
	return &m.Config.Segment
}

// A listener hears one recording.
type listener struct {
	m      *model.Model
	o      *StreamOptions
	r      *Recording
	take   *Take
	index  map[string]int
	c      *stream.Classifier
	decide *decide.Decider
	cuts   cuts
	block  capture.Block
	buf    []float32 // of the next block
	events []stream.Event
	now    Candidate // of the open segment
}

// blocksASecond is how many are fed.
const blocksASecond = 100

func listen(ctx context.Context, m *model.Model, r *Recording, o *StreamOptions, p *progress) (*Take, error) {
	src, err := r.Open()
	if err != nil {
		return nil, err
	}
	defer src.Close()
	l := &listener{m: m, o: o, r: r, take: &Take{Name: r.Name}, index: map[string]int{}}
	for i, label := range m.Config.Labels {
		l.index[label] = i
	}
	d := &m.Config.Decision
	l.decide = decide.NewDecider(d, m.Config.Labels, m.Config.UsualSteps())
	l.c, err = stream.NewClassifier(m, &stream.Options{Segment: o.Segment, Background: true, Top: m.Classes(),
		Decision: &decide.Config{Background: d.Background, State: d.State, Gap: d.Gap}})
	if err != nil {
		return nil, err
	}
	l.forget()
	for {
		var b capture.Block
		err := src.Read(ctx, &b)
		if err == io.EOF {
			return l.take, l.finish()
		}
		if err == nil {
			err = l.hear(&b)
		}
		if err != nil {
			return nil, err
		}
		if b.Format.Rate > 0 {
			p.add(float64(b.Len()) / b.Format.Rate)
		}
	}
}

// hear collects the source's samples and feeds them in blocks.
func (l *listener) hear(b *capture.Block) error {
	if l.take.Rate == 0 {
		if err := l.begin(b.Format); err != nil {
			return err
		}
	}
	width := cap(l.buf)
	for x := b.Samples; len(x) > 0; {
		n := min(width-len(l.buf), len(x))
		l.buf, x = append(l.buf, x[:n]...), x[n:]
		if len(l.buf) == width {
			if err := l.feed(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *listener) begin(f capture.Format) error {
	if !(f.Rate > 0) {
		return fmt.Errorf("%s: its sampling rate is unknown: give audio", l.r.Name)
	}
	l.take.Rate = f.Rate
	l.block = capture.Block{Stream: l.r.Name, Format: f}
	l.buf = make([]float32, 0, max(int(f.Rate/blocksASecond), 1)*max(f.Channels, 1))
	if err := l.findEvents(); err != nil {
		return err
	}
	return l.cuts.begin(l.m, l.take, f)
}

// findEvents turns annotations into events.
func (l *listener) findEvents() error {
	at := func(seconds float64) uint64 { return uint64(math.Round(seconds * l.take.Rate)) }
	for _, a := range l.r.Annotations {
		label, known := l.index[a.Label]
		switch {
		case a.Label == l.m.Config.Decision.Background, a.Label == dataset.Background && !known:
		case known:
			l.take.Events = append(l.take.Events, Span{at(a.Start), at(a.End), label})
		case !l.o.IgnoreUnknown:
			return fmt.Errorf("%s: the label %q is none of the model's (%s): rename it, train a model with it, or leave such annotations out with --ignore-unknown",
				a.Where, a.Label, list(l.m.Config.Labels))
		}
	}
	slices.SortStableFunc(l.take.Events, compareSpans)
	l.take.Clips = make([]Clip, len(l.take.Events))
	return nil
}

func (l *listener) feed() error {
	b := &l.block
	b.Samples = l.buf
	if err := l.c.Feed(b); err != nil {
		return fmt.Errorf("%s: %w", l.r.Name, err)
	}
	l.take.Samples += uint64(b.Len())
	l.events = l.c.Advance(l.events[:0])
	l.keep()
	l.cuts.hear(b)
	b.Offset += uint64(b.Len())
	l.buf = l.buf[:0]
	return nil
}

func (l *listener) finish() error {
	if l.take.Rate > 0 {
		if err := l.feed(); err != nil {
			return err
		}
	}
	if l.take.Samples == 0 {
		return fmt.Errorf("%s: it holds no samples: leave it out", l.r.Name)
	}
	l.events = l.c.End(l.events[:0], segment.ByEOF)
	l.keep()
	if err := dataset.CheckWithin(l.r.Annotations, float64(l.take.Samples)/l.take.Rate); err != nil {
		return err
	}
	l.cuts.finish()
	return nil
}

// keep makes candidates of events.
func (l *listener) keep() {
	c := &l.now
	for i := range l.events {
		switch e := &l.events[i]; e.Type {
		case stream.Running:
			l.step(e)
		case stream.Confirmed, stream.Dropped:
			if c.Start, c.End, c.EndedBy, c.Told = e.Start, e.End, e.EndedBy, l.take.Samples; e.Type == stream.Dropped {
				c.Dropped = e.Rule
			} else {
				c.Confirm, c.Counted = l.probs(make([]float32, 0, l.m.Classes()), e.Top), e.Steps
			}
			c.replay(l.decide)
			if !l.o.Running {
				c.Probs = nil
			}
			l.take.Candidates = append(l.take.Candidates, *c)
			l.forget()
		}
	}
}

func (l *listener) forget() { l.now = Candidate{Running: -1, Early: -1} }

func (l *listener) step(e *stream.Event) {
	l.now.Steps = append(l.now.Steps, Step{Sample: e.Sample})
	l.now.Probs = l.probs(l.now.Probs, e.Top)
}

// probs appends the probability of each label.
func (l *listener) probs(dst []float32, top []stream.Score) []float32 {
	from := len(dst)
	dst = append(dst, make([]float32, l.m.Classes())...)
	for _, s := range top {
		dst[from+l.index[s.Label]] = s.P
	}
	return dst
}

// progress adds up what several recordings have done.
type progress struct {
	mu          sync.Mutex
	done, total float64
	tell        func(done, total float64)
}

func newProgress(recordings []Recording, tell func(done, total float64)) *progress {
	p := &progress{tell: tell}
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
	if p.tell == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done += seconds
	p.tell(p.done, p.total)
}
