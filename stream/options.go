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

// Options are those of one stream. The zero value takes everything from the model.
type Options struct {
	Session string // of every event
	Stream  string // of every event

	Segment    *segment.Config // nil: the model's
	Decision   *decide.Config  // nil: the model's; Threshold, Gap and State override it
	Threshold  float64         // of every label; 0: the model's, negative: nothing is rejected
	Gap        decide.Gap      // "": the model's
	State      decide.State    // "": the model's
	Background bool            // report segments of the background label too
	Emit       Emit
	Why        bool // set Event.Why, and report sound that opened no segment as dropped
	Probs      bool // set Event.Probs
	Aside      bool // also make the running and detector events that Emit leaves out, as Event.Aside; Run gives them to taps alone
	Top        int  // length of the top lists of events [3]
	Ahead      int  // steps that a forecast reaches ahead, up to MaxAhead [1]

	// Listen has a stream only listen for as long at its beginning, after a restored state
	// and in another format: no segment opens, and a status event says what was heard (level,
	// clipping, the detector's probability). Afterwards status events say what keeps the
	// stream from working: clipping, nothing loud enough for a minute, segments that reach
	// the maximum. 0: neither. It is for the segmenters activity and label; a source without a
	// rate is not listened to.
	Listen time.Duration

	// Resumable allows AppendState without frames. It costs a copy of the state for
	// each block that comes while no segment is open.
	Resumable bool
}

// Emit thins out running events and forecasts, and no others; Detector adds events. The zero
// value emits every step.
type Emit struct {
	Change    bool          `json:"change"`    // only when the label changes
	Every     time.Duration `json:"every"`     // at most one in this much of the signal
	Confirmed bool          `json:"confirmed"` // none at all
	Word      bool          `json:"word"`      // for text: only after a word, at the white space that follows
	Detector  bool          `json:"detector"`  // also a detector event for every frame that the detector hears
}

// ParseEmit returns the Emit of a text: step, change, word, every=100ms or confirmed, and
// with detector, as in "change,detector", detector events as well.
func ParseEmit(s string) (e Emit, err error) {
	var rest []string
	for _, part := range strings.Split(s, ",") {
		if part == "detector" {
			e.Detector = true
		} else {
			rest = append(rest, part)
		}
	}
	detector := e.Detector
	e, err = parseRunning(strings.Join(rest, ","))
	e.Detector = detector
	return e, err
}

func parseRunning(s string) (Emit, error) {
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
	return Emit{}, fmt.Errorf("emit %q: want step, change, word (for text), every=DURATION such as every=100ms, or confirmed; detector may be added: change,detector", s)
}

// settle returns the segmenter and the decision that o and the model's configuration
// make together.
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
	if err == nil && o.Listen > 0 && s.Kind != segment.Activity && s.Kind != segment.Label {
		err = fmt.Errorf("listen: it is for the segmenters %s and %s, this is %s: leave listen out", segment.Activity, segment.Label, s.Kind)
	}
	if err == nil && o.Emit.Word && !m.Config.Text() {
		err = fmt.Errorf("emit word needs a model of text, this one has the front end %s: use step, change, every=DURATION or confirmed", m.Config.Front.Kind)
	}
	if err == nil && o.Emit.Detector && cfg.Segment.Kind != segment.Label {
		err = fmt.Errorf("emit detector needs the segmenter %s, this is %s: leave detector out, or take a model with a detector", segment.Label, cfg.Segment.Kind)
	}
	return cfg.Segmenter(), *d, err
}

// MaxAhead bounds Options.Ahead.
const MaxAhead = 10000

// checkNext refuses options that m, a network of labels or one that forecasts, has no use
// for.
func (o *Options) checkNext(m *model.Model) error {
	switch {
	case o.Listen < 0:
		return fmt.Errorf("listen: %v, want 0 or more", o.Listen)
	case o.Listen > 0 && m.HasNext():
		return errors.New("listen: the model forecasts and opens no segments: leave listen out")
	case o.Ahead < 0 || o.Ahead > MaxAhead:
		return fmt.Errorf("ahead: %d steps, want 1 to %d", o.Ahead, MaxAhead)
	case o.Ahead > 0 && !m.HasNext():
		return errors.New("ahead: the model gives labels, not forecasts: leave ahead out")
	case o.Ahead > 1 && m.Config.Text():
		return errors.New("ahead: the model forecasts one character: leave ahead out, and ask for a continuation of the text instead")
	case !m.HasNext():
		return nil
	case o.Segment != nil && *o.Segment != m.Config.Segment:
		return errors.New("segment: the model forecasts as long as the signal goes on: leave the segmenter out")
	case o.State == decide.Carry || o.Decision != nil && o.Decision.State == decide.Carry, o.Threshold != 0, o.Emit.Change, o.Emit.Word, o.Emit.Confirmed:
		return errors.New("the model forecasts and has no labels: leave state, threshold and the emit modes about labels out")
	}
	return nil
}
