package stream

import (
	"sync"

	"inkling/internal/shared"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// A plan is what the streams of one model and one set of options share. What a stream
// needs for a moment, or for as long as a segment is open, it borrows from the pools.
type plan struct {
	m        *model.Model
	o        Options // Session and Stream are the classifiers'
	segment  segment.Config
	dec      decide.Config
	decider  *decide.Decider  // of no stream: New makes those of the streams
	names    []string         // text: of the codes; code 0, a character outside the alphabet, has none
	identity func() *identity // of saved states
	key      func() string    // of the identity

	blocks  shared.Pool[blockMemory]
	walks   shared.Pool[walk]
	ahead   shared.Pool[aheadMemory]
	answers shared.Pool[answers]
}

func newPlan(m *model.Model, o *Options) (*plan, error) {
	p := &plan{m: m}
	if o != nil {
		p.o = *o
	}
	var err error
	if p.segment, p.dec, err = p.o.settle(m); err != nil {
		return nil, err
	}
	p.identity = sync.OnceValue(p.identify)
	p.key = sync.OnceValue(func() string { return p.identity().key() })
	switch {
	case !m.HasNext():
		p.decider = decide.NewDecider(&p.dec, m.Config.Labels, m.Config.TypicalSteps())
	case m.Config.Text():
		p.names = []string{""}
		for _, r := range m.Config.Front.Alphabet {
			p.names = append(p.names, string(r))
		}
	}
	return p, nil
}

// classifier returns that of a stream.
func (p *plan) classifier(session, stream string) (*Classifier, error) {
	front, err := p.m.Front()
	if err != nil {
		return nil, err
	}
	m := p.m
	c := &Classifier{plan: p, session: session, stream: stream}
	setup := segment.Setup{Front: front, Rate: m.Config.Rate, Channels: m.Config.Channels,
		Text: m.Config.Text(), Context: m.Config.Front.Context > 0, Missed: p.o.Why, Endless: m.HasNext(),
		Heard: p.o.Emit.Detector || p.o.Aside || p.o.Listen > 0}
	if p.segment.Kind == segment.Label {
		setup.Detector = m.NewDetector()
	}
	c.segmenter = segment.New(&p.segment, setup)
	if p.o.Listen > 0 {
		c.ear = &ear{}
	}
	switch {
	case !m.HasNext():
		c.follower = newWalker(p)
	case m.Config.Text():
		c.follower = newTextForecaster(p)
	default:
		c.follower = newForecaster(p)
	}
	return c, nil
}

// A blockMemory is borrowed by Feed and given back when the queue is empty.
type blockMemory struct {
	queue   []op
	found   segment.Found // its frames belong to the queue's FrameReady ops, in order, Dim values each
	samples []float32     // resampled
	mono    []float32     // mixed
}

// An answers is what the slices of events point into.
type answers struct {
	scores   []Score
	verdicts []decide.Verdict
	values   []float32
}

// A memo lends a follower memory for its events, until release.
type memo struct {
	plan *plan
	lent *answers
}

func (e *memo) use() *answers {
	if e.lent == nil {
		e.lent = e.plan.answers.Get()
	}
	return e.lent
}

func (e *memo) release() {
	if a := e.lent; a != nil {
		a.scores, a.verdicts, a.values = a.scores[:0], a.verdicts[:0], a.values[:0]
		e.plan.answers.Put(a)
		e.lent = nil
	}
}
