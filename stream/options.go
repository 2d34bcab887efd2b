package stream

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// Options of one stream. The zero value takes everything from the model.
type Options struct {
	Session string // stamped on every event
	Stream  string

	Segment    *segment.Config // nil: the model's
	Decision   *decide.Config  // nil: the model's; what follows is put over it
	Threshold  float64         // of every label; 0: the model's, negative: nothing is rejected
	Gap        decide.Gap      // reset, hold or fill; "": the model's
	State      decide.State    // reset or carry; "": the model's
	Background bool            // report segments of the background label as well
	Emit       Emit
	Why        bool // Event.Why, and dropped for sound that opened no segment
	Top        int  // labels in the top lists of events [3]
	Ahead      int  // steps that a forecast reaches ahead [1]

	// Resumable keeps, while no segment is open, what AppendState without frames
	// needs: a copy of the state a block.
	Resumable bool
}

// Emit thins running events; it never thins the others. The zero value emits
// every step.
type Emit struct {
	Change    bool          `json:"change"`    // only when the label changes
	Every     time.Duration `json:"every"`     // at most one in this much of the signal
	Confirmed bool          `json:"confirmed"` // none at all
	Word      bool          `json:"word"`      // for text: only after a word, at the white space that follows
}

// ParseEmit reads step, change, word, every=100ms or confirmed.
func ParseEmit(s string) (Emit, error) {
	switch s {
	case "", "step":
		return Emit{}, nil
	case "change":
		return Emit{Change: true}, nil
	case "word":
		return Emit{Word: true}, nil
	case "confirmed":
		return Emit{Confirmed: true}, nil
	}
	if v, ok := strings.CutPrefix(s, "every="); ok {
		if d, err := time.ParseDuration(v); err == nil && d > 0 {
			return Emit{Every: d}, nil
		}
	}
	return Emit{}, fmt.Errorf("emit %q: give step, change, word (of text), every=DURATION such as every=100ms, or confirmed", s)
}

// settle merges o with the model's configuration.
func (o *Options) settle(m *model.Model) (segment.Config, decide.Config, error) {
	cfg := m.Config
	s, d := &cfg.Segment, &cfg.Decision
	if err := o.checkNext(m); err != nil {
		return *s, *d, err
	}
	if o.Segment != nil {
		*s = *o.Segment
	}
	if o.Decision != nil {
		*d = *o.Decision
	}
	switch {
	case o.Threshold > 0:
		d.Threshold, d.On = o.Threshold, nil
	case o.Threshold < 0:
		d.Threshold, d.On, d.CUSUMLimit, d.CUSUMDrift = 0, nil, 0, 0
	}
	if o.Gap != "" {
		d.Gap = o.Gap
	}
	if o.State != "" {
		d.State = o.State
	}
	err := cfg.CheckDecision()
	if err == nil && o.Emit.Word && !m.Config.Text() {
		err = fmt.Errorf("emit word takes a model of text, this one has the front end %s: give step, change, every=DURATION or confirmed", m.Config.Front.Kind)
	}
	return cfg.Segmenter(), *d, err
}

// MostAhead bounds Options.Ahead.
const MostAhead = 10000

// checkNext refuses what a network that says what comes next, or one of labels, has no
// use for.
func (o *Options) checkNext(m *model.Model) error {
	switch {
	case o.Ahead < 0 || o.Ahead > MostAhead:
		return fmt.Errorf("forecasts %d steps ahead: give 1 to %d", o.Ahead, MostAhead)
	case o.Ahead > 0 && !m.HasNext():
		return errors.New("this is a model of labels, not of what comes next: leave Options.Ahead at 0")
	case o.Ahead > 1 && m.Config.Text():
		return errors.New("this model says the next character: ask for a continuation instead of steps ahead")
	case !m.HasNext():
		return nil
	case o.Segment != nil && *o.Segment != m.Config.Segment:
		return errors.New("this model says what comes next as long as the signal goes on: leave the segmenter out")
	case o.State == "carry" || o.Decision != nil && o.Decision.State == "carry", o.Threshold != 0, o.Emit.Change, o.Emit.Word, o.Emit.Confirmed:
		return errors.New("this model says what comes next and decides on no label: leave the rules about labels out")
	}
	return nil
}
