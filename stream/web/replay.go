package web

import (
	"context"
	"encoding/json"
	"net/http"

	"inkling/capture"
	"inkling/model"
	"inkling/stream"
)

// A replayed is what the last minutes of a stream give with other rules.
type replayed struct {
	From   uint64            `json:"from"` // [From, To), samples of the source
	To     uint64            `json:"to"`
	Whole  bool              `json:"whole"`  // from the stream's first sample on, so that the events are those of a run
	Events []json.RawMessage `json:"events"` // confirmed, dropped and gap
}

// replay serves POST /api/replay.
func (p *Page) replay(ctx context.Context, q *request) (any, error) {
	if q.Rules == nil {
		return nil, refuse(http.StatusBadRequest, "give rules")
	}
	signal, m, o, err := p.remembered(q)
	if err != nil {
		return nil, err
	}
	if o, err = q.Rules.apply(m, o); err != nil {
		return nil, err
	}
	out := replayed{Events: []json.RawMessage{}}
	if n := len(signal); n > 0 {
		last := signal[n-1]
		out.From, out.To, out.Whole = signal[0].offset, last.offset+uint64(len(last.values)/max(last.format.Channels, 1)), signal[0].offset == 0
	}
	err = p.again(ctx, signal, m, o, func(e *stream.Event) bool {
		switch e.Type {
		case stream.Confirmed, stream.Dropped, stream.Gap:
			out.Events = append(out.Events, stream.AppendJSON(nil, e))
		}
		return true
	})
	return out, err
}

// remembered returns the signal of a stream, and what labels it.
func (p *Page) remembered(q *request) ([]stretch, *model.Model, *stream.Options, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, s, err := p.find(q)
	if err != nil {
		return nil, nil, nil, err
	}
	m, o := l.setup.Now()
	opts := *o
	opts.Session, opts.Stream = s.session, s.name
	return s.stretches(0, ^uint64(0)), m, &opts, nil
}

// again labels a signal as a run does, until yield returns false. One signal at a time is
// labelled, so that no number of browsers takes more than one processor.
func (p *Page) again(ctx context.Context, signal []stretch, m *model.Model, o *stream.Options, yield func(*stream.Event) bool) error {
	select {
	case p.busy <- struct{}{}:
		defer func() { <-p.busy }()
	case <-ctx.Done():
		return ctx.Err()
	case <-p.ended:
		return refuse(http.StatusServiceUnavailable, "the program is ending")
	}
	opts := *o
	opts.Emit, opts.Probs = stream.Emit{Confirmed: true}, false
	c, err := stream.NewClassifier(m, &opts)
	if err != nil {
		return err
	}
	var events []stream.Event
	for _, s := range signal {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b := capture.Block{Stream: opts.Stream, Format: s.format, Offset: s.offset, Time: s.time, Samples: s.values, Mark: s.mark}
		if err := c.Feed(&b); err != nil {
			return err
		}
		events = c.Advance(events[:0])
		for i := range events {
			if !yield(&events[i]) {
				return nil
			}
		}
	}
	return nil
}
