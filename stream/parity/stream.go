package parity

import (
	"slices"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
	"inkling/stream"
)

// A Piece is the next block of a stream and the state that the blocks before it left.
type Piece struct {
	State    []byte // nil at the beginning of a stream
	Rate     float64
	Channels int
	Offset   uint64 // of Samples, per channel
	Samples  []float32
	End      bool // the stream ends with these samples
	Cut      bool // by the model's segmenter, and with what its detector says
}

// An Answer is what a stream said of a Piece, and the state that it left.
type Answer struct {
	State  []byte // nil at the end
	Values []float32
}

// A Continuer continues a stream from its saved state.
type Continuer interface {
	Continue(p *Piece) (Answer, error)
}

// Here returns a Continuer that gives every piece to a new classifier in this process.
func Here(m *model.Model) Continuer { return here{m} }

type here struct{ m *model.Model }

func (h here) Continue(p *Piece) (a Answer, err error) {
	l, err := newLive(h.m, p.Cut)
	if err != nil {
		return a, err
	}
	if p.State != nil {
		if err := l.Restore(p.State); err != nil {
			return a, err
		}
	}
	if a.Values, err = l.take(p); err == nil && !p.End {
		a.State = l.AppendState(nil, true)
	}
	return a, err
}

// live is a live classifier without rules about labels, so that its events carry what the
// network says.
type live struct {
	*stream.Classifier
	m *model.Model
}

func newLive(m *model.Model, cut bool) (*live, error) {
	d := &m.Config.Decision
	o := &stream.Options{Decision: &decide.Config{Warm: d.Warm, State: d.State, Gap: d.Gap}}
	switch {
	case m.HasNext():
		o = nil
	case cut:
		o.Emit.Detector = true
	case beats(m):
		o.Emit.Confirmed = true
	default:
		o.Segment = &segment.Config{Kind: segment.Whole, MaxDuration: 86400}
	}
	c, err := stream.NewClassifier(m, o)
	return &live{c, m}, err
}

// take feeds a piece and returns the values of the events that follow.
func (l *live) take(p *Piece) (values []float32, err error) {
	if len(p.Samples) > 0 {
		b := capture.Block{Format: capture.Format{Rate: p.Rate, Channels: p.Channels}, Offset: p.Offset, Samples: p.Samples}
		if err := l.Feed(&b); err != nil {
			return nil, err
		}
		values = appendValues(values, l.Advance(nil))
	}
	if p.End {
		values = appendValues(values, l.End(nil, segment.ByEOF))
	}
	return values, nil
}

func appendValues(values []float32, events []stream.Event) []float32 {
	for i := range events {
		switch e := &events[i]; {
		case e.Type == stream.Running && e.Warm, e.Type == stream.Confirmed, e.Type == stream.Detector:
			values = append(values, e.P)
		case e.Type != stream.Forecast:
		case e.Text != nil:
			values = append(values, e.Top[0].P)
		case e.Quantiles != nil:
			values = append(values, e.Quantiles...)
		default:
			values = append(values, e.Ahead...)
		}
	}
	return values
}

// signal is what a stream carries.
type signal struct {
	x        []float32
	rate     float64
	channels int
	cut      bool // as of Piece
	enough   int  // the values after which the stream is left; 0: it is run to its end
}

// heard checks a model with a detector on x as a stream of its own: what the detector says
// against a detector that is stepped over the whole signal, and everything in random blocks
// and through saved states against the stream in one block.
func (c *Check) heard(x signal) error {
	whole, err := newLive(c.m, true)
	if err != nil {
		return err
	}
	x.cut = true
	var all []stream.Event
	b := capture.Block{Format: capture.Format{Rate: x.rate, Channels: x.channels}, Samples: x.x}
	if err := whole.Feed(&b); err != nil {
		return err
	}
	keep := func(events []stream.Event) {
		for _, e := range events {
			all = append(all, e.Clone())
		}
	}
	keep(whole.Advance(nil))
	keep(whole.End(nil, segment.ByEOF))
	var said []float32
	for i := range all {
		if all[i].Type == stream.Detector {
			said = append(said, all[i].P)
		}
	}
	d := c.m.NewDetector()
	front, err := d.Front()
	if err != nil {
		return err
	}
	var want []float32
	for frame := range slices.Chunk(front.Push(nil, x.x), front.Dim()) {
		want = append(want, d.Hear(frame))
	}
	c.compare(&c.Result.Stream, said, want)
	return c.streams(appendValues(nil, all), x)
}

// streams runs a signal through the live classifier, once without a break and once from
// saved state to saved state, and compares both with want.
func (c *Check) streams(want []float32, x signal) error {
	l, err := newLive(c.m, x.cut)
	if err != nil {
		return err
	}
	if err := c.stream(&c.Result.Stream, want, x, l.take); err != nil {
		return err
	}
	var state []byte
	turn := []Continuer{Here(c.m), Here(c.m)}
	if c.Elsewhere != nil {
		turn[1] = c.Elsewhere
	}
	return c.stream(&c.Result.Restored, want, x, func(p *Piece) ([]float32, error) {
		p.State = state
		a, err := turn[0].Continue(p)
		turn[0], turn[1] = turn[1], turn[0]
		state = a.State
		return a.Values, err
	})
}

// stream feeds a signal in random blocks and compares the values that come of it.
func (c *Check) stream(worst *float64, want []float32, x signal, take func(*Piece) ([]float32, error)) error {
	var got []float32
	p := Piece{Rate: x.rate, Channels: x.channels, Cut: x.cut}
	for block := range pieces(c.rng, x.x, x.channels, longBlocks) {
		p.Samples = block
		values, err := take(&p)
		if err != nil {
			return err
		}
		p.Offset += uint64(len(block) / x.channels)
		if got = append(got, values...); x.enough > 0 && len(got) >= x.enough {
			c.compare(worst, got[:x.enough], want)
			return nil
		}
	}
	p.Samples, p.End = nil, true
	values, err := take(&p)
	if err != nil {
		return err
	}
	if got = append(got, values...); x.enough > 0 {
		got = got[:min(len(got), x.enough)]
	}
	c.compare(worst, got, want)
	return nil
}
