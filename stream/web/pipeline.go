package web

import (
	"container/list"
	"context"
	"slices"
	"time"

	"inkling/capture"
	"inkling/model"
	"inkling/stream"
)

var (
	_ stream.Sink  = (*Pipeline)(nil)
	_ stream.Meter = (*Pipeline)(nil)
)

// A Pipeline is what a stream.Run tells the page, one Run at a time.
type Pipeline struct {
	page   *Page
	name   string
	setup  Setup
	lanes  map[string]*lane
	recent list.List // of *lane, the one that had an event last at the back
	load   func() stream.Load
	next   stream.Meter
	work   work
}

// work is what the meter has counted.
type work struct {
	since   time.Time
	busy    time.Duration
	steps   int
	seconds float64       // of signal
	worst   time.Duration // longest wait of a block
	before  rates
}

// rates are those of a whole second.
type rates struct {
	Busy    float64 `json:"busy"`    // of all workers
	Steps   float64 `json:"steps"`   // a second
	Signal  float64 `json:"signal"`  // seconds a second
	Latency float64 `json:"latency"` // longest, in milliseconds
}

// lanesMost bounds the streams that are remembered.
const lanesMost = 20000

// A lane is one stream.
type lane struct {
	pipeline *Pipeline
	name     string
	at       *list.Element
	epoch    int // times that the source has begun anew
	format   capture.Format
	signal   []*piece
	mark     capture.Mark // of a beginning without samples so far
	log      []*piece
	seq      uint64 // of the last entry of the log

	session   string
	state     capture.Health
	reason    string
	label     string
	p         float32
	warm      bool
	open      bool
	segments  int
	gaps      int
	lost      uint64
	latency   float64
	lastBlock time.Time
	lastEvent time.Time
}

// lane returns the stream of a name, which it begins.
func (l *Pipeline) lane(name string) *lane {
	if s := l.lanes[name]; s != nil {
		return s
	}
	if len(l.lanes) >= lanesMost {
		old := l.recent.Front().Value.(*lane)
		old.forget()
		l.recent.Remove(old.at)
		delete(l.lanes, old.name)
	}
	s := &lane{pipeline: l, name: name}
	s.at = l.recent.PushBack(s)
	l.lanes[name] = s
	return s
}

// Tap returns what follows a stream of the Run, for RunOptions.Taps. Options.Probs and
// Options.Aside have it see all probabilities, whatever Emit leaves out.
func (l *Pipeline) Tap(name string) stream.Tap { return &tap{l, name} }

// A tap remembers the samples of a stream, and the events that there are many of. The other
// ones come to Write, annotated.
type tap struct {
	pipeline *Pipeline
	name     string
}

func (t *tap) Block(b *capture.Block, _ uint64) {
	t.pipeline.page.mu.Lock()
	defer t.pipeline.page.mu.Unlock()
	s := t.pipeline.lane(t.name)
	s.lastBlock = time.Now()
	s.hear(b)
}

func (t *tap) Event(e *stream.Event, _ *model.Model) {
	if e.Type == stream.Running || e.Type == stream.Detector {
		t.pipeline.take(t.name, e)
	}
}

func (t *tap) Close() {}

// Write implements stream.Sink: it remembers an event.
func (l *Pipeline) Write(_ context.Context, e *stream.Event) error {
	if e.Type != stream.Running && e.Type != stream.Detector && e.Type != stream.Forecast && e.Type != stream.Summary {
		l.take(e.Stream, e)
	}
	return nil
}

// take remembers an event. One of no stream is about all of them: the health of the source.
func (l *Pipeline) take(name string, e *stream.Event) {
	l.page.mu.Lock()
	defer l.page.mu.Unlock()
	if name == "" {
		for _, s := range l.lanes {
			if time.Since(s.lastBlock) < time.Minute {
				s.note(e)
				s.add(e)
			}
		}
		return
	}
	s := l.lane(name)
	if e.Session != "" && e.Session != s.session {
		if s.session != "" {
			s.forget()
			s.epoch++
		}
		s.session = e.Session
	}
	s.note(e)
	s.add(e)
}

// Flush implements stream.Sink.
func (l *Pipeline) Flush(context.Context) error { return nil }

// Close implements stream.Sink. What is remembered stays.
func (l *Pipeline) Close() error { return nil }

// note keeps what the list shows of a stream.
func (s *lane) note(e *stream.Event) {
	s.lastEvent = time.Now()
	switch e.Type {
	case stream.Running:
		s.label, s.p, s.warm, s.open = e.Label, e.P, e.Warm, true
	case stream.Confirmed:
		s.segments++
		s.label, s.p, s.warm, s.open, s.latency = e.Label, e.P, true, false, e.LatencyMS
	case stream.Dropped:
		s.open = s.open && e.Segment == 0
	case stream.Gap:
		s.gaps++
		s.lost += e.Lost
	case stream.Status:
		s.state, s.reason = e.State, e.Reason
		return
	case stream.Detector:
		return
	}
	s.pipeline.recent.MoveToBack(s.at)
}

// Metered has next told everything that the pipeline is told as a Meter, and returns l.
func (l *Pipeline) Metered(next stream.Meter) *Pipeline {
	l.page.mu.Lock()
	defer l.page.mu.Unlock()
	l.next = next
	return l
}

// Begin implements stream.Meter.
func (l *Pipeline) Begin(load func() stream.Load) {
	l.page.mu.Lock()
	l.load, l.work = load, work{since: time.Now()}
	l.page.mu.Unlock()
	if l.next != nil {
		l.next.Begin(load)
	}
}

// Event implements stream.Meter.
func (l *Pipeline) Event(e *stream.Event) {
	if l.next != nil {
		l.next.Event(e)
	}
}

// Block implements stream.Meter.
func (l *Pipeline) Block(samples int, rate float64, waited time.Duration) {
	l.page.mu.Lock()
	if rate > 0 {
		l.work.seconds += float64(samples) / rate
	}
	l.work.worst = max(l.work.worst, waited)
	l.page.mu.Unlock()
	if l.next != nil {
		l.next.Block(samples, rate, waited)
	}
}

// Turn implements stream.Meter.
func (l *Pipeline) Turn(steps int, busy time.Duration) {
	l.page.mu.Lock()
	l.work.steps += steps
	l.work.busy += busy
	l.page.mu.Unlock()
	if l.next != nil {
		l.next.Turn(steps, busy)
	}
}

// rates returns those of the last whole second or more.
func (l *Pipeline) rates(now time.Time) rates {
	w := &l.work
	if d := now.Sub(w.since).Seconds(); d >= 1 {
		w.before = rates{w.busy.Seconds() / d, float64(w.steps) / d, w.seconds / d, float64(w.worst.Microseconds()) / 1000}
		*w = work{since: now, before: w.before}
	}
	return w.before
}

// names returns the labels of the model that runs now.
func (l *Pipeline) names() []string {
	if m, _ := l.setup.Now(); m != nil {
		return m.Config.Labels
	}
	return nil
}

// index returns that of a label, or −1.
func (l *Pipeline) index(label string) int {
	if label == "" {
		return -1
	}
	return slices.Index(l.names(), label)
}
