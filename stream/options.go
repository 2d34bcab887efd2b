package stream

import (
	"fmt"
	"strings"
	"time"

	"inkling/model"
)

// Options of one stream. The zero value takes everything from the model.
type Options struct {
	Session string // stamped on every event
	Stream  string

	Segment    *model.Segment // nil: the model's
	Threshold  float64        // rejection; 0: the model's, negative: none
	Gap        string         // reset, hold or fill; "": the model's
	State      string         // reset or carry; "": the model's
	Background bool           // report segments of the background label as well
	Emit       Emit

	// Resumable keeps, while no segment is open, what AppendState without frames
	// needs: a copy of the state a block.
	Resumable bool
}

// Emit thins running events; it never thins the others. The zero value emits
// every step.
type Emit struct {
	Change    bool          // only when the label changes
	Every     time.Duration // at most one in so much of the signal
	Confirmed bool          // none at all
}

// ParseEmit reads step, change, every=100ms or confirmed.
func ParseEmit(s string) (Emit, error) {
	switch s {
	case "", "step":
		return Emit{}, nil
	case "change":
		return Emit{Change: true}, nil
	case "confirmed":
		return Emit{Confirmed: true}, nil
	}
	if v, ok := strings.CutPrefix(s, "every="); ok {
		if d, err := time.ParseDuration(v); err == nil && d > 0 {
			return Emit{Every: d}, nil
		}
	}
	return Emit{}, fmt.Errorf("emit %q: give step, change, every=DURATION such as every=100ms, or confirmed", s)
}

// settle merges o with the model's configuration.
func (o *Options) settle(m *model.Model) (model.Segment, model.Decision, error) {
	s, d := m.Config.Segment, m.Config.Decision
	if o.Segment != nil {
		s = *o.Segment
	}
	if m.Config.Rate == 0 && s.Maximum == 0 {
		s.Maximum = 86400
	}
	if err := s.Check(); err != nil {
		return s, d, err
	}
	s = s.Defaults()
	if o.Threshold != 0 {
		d.Threshold = max(o.Threshold, 0)
	}
	if o.Gap != "" {
		d.Gap = o.Gap
	}
	if o.State != "" {
		d.State = o.State
	}
	if d.Gap != "reset" && d.Gap != "hold" && d.Gap != "fill" {
		return s, d, fmt.Errorf("stream: gap policy %q: give reset, hold or fill", d.Gap)
	}
	if d.State != "reset" && d.State != "carry" {
		return s, d, fmt.Errorf("stream: state policy %q: give reset or carry", d.State)
	}
	return s, d, nil
}
