package export

import (
	"fmt"
	"math"

	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// Settings are what the code labels by: a stream of Model with the segmenter Segment and a
// state that is reset says what the code says.
type Settings struct {
	Model   *model.Model   // without a confirm head if Steps is 0
	Segment segment.Config // has its zero fields filled in
	Steps   int            // of the longest segment that is confirmed; 0: without a confirm head

	counts  segment.Counts
	longest uint64 // samples of a channel, at which a segment ends
	first   int    // samples of the first frame
	hop     int    // from frame to frame
}

// Settle returns the settings of a model with options. What there is no C for is an error.
func Settle(m *model.Model, o Options) (*Settings, error) {
	c := m.Config
	if err := check(&c, &o); err != nil {
		return nil, err
	}
	if o.Segment != "" && o.Segment != c.Segment.Kind {
		c.Segment.Kind = o.Segment
		if o.Segment == segment.Fixed {
			c.Segment.Steps = c.TypicalSteps()
		}
	}
	c.Decision.State = decide.Reset
	s := &Settings{Model: m, Segment: c.Segmenter(), Steps: o.Steps}
	var err error
	if !m.HasConfirm() {
		s.Steps = 0
	} else if o.Steps == 0 {
		if s.Model, err = withoutConfirm(m); err != nil {
			return nil, err
		}
	}
	if err := s.limit(&c); err != nil {
		return nil, err
	}
	c.Segment = s.Segment
	if err := c.CheckDecision(); err != nil {
		if s.longest < s.counts.Maximum {
			return nil, fmt.Errorf("export: with segments of at most %d steps: %w, or raise export.Options.Steps", s.Steps, err)
		}
		return nil, fmt.Errorf("export: %w", err)
	}
	return s, nil
}

// limit shortens the longest segment so that it has no more than Steps steps.
func (s *Settings) limit(c *model.Config) error {
	x, err := s.Model.Front()
	if err != nil {
		return err
	}
	s.counts = s.Segment.Counts(c.Rate)
	s.first, s.hop = x.End(1), x.End(2)-x.End(1)
	s.longest = s.counts.Maximum
	if s.Segment.Kind == segment.Fixed {
		if s.Steps > 0 && s.Segment.Steps > s.Steps {
			return fmt.Errorf("export: the segments have %d steps, and export.Options.Steps is %d: set it to %d", s.Segment.Steps, s.Steps, s.Segment.Steps)
		}
		return nil
	}
	steps := s.Steps
	if steps == 0 {
		steps = math.MaxInt32 // of which the code counts no more
	}
	most := int64(steps) * int64(s.hop) // an incomplete frame is a step
	if c.Front.MixesChannels() {
		most += int64(s.first) - 1
	}
	// A segment may end a whole grid after it has almost reached its length.
	if most += 1 - int64(s.grid()); most < 1 {
		return fmt.Errorf("export.Options.Steps is %d, and a segment is measured every %d samples: give more", s.Steps, s.grid())
	}
	if uint64(most) < s.longest {
		s.longest = uint64(most)
		rate := c.Rate
		if rate == 0 {
			rate = 1
		}
		s.Segment.MaxDuration = float64(most) / rate
	}
	return nil
}

// sounds reports whether sound opens a segment.
func (s *Settings) sounds() bool {
	return s.Segment.Kind == segment.Activity || s.Segment.Kind == segment.Label
}

// grid returns the samples between the places where a segment may end.
func (s *Settings) grid() int {
	switch s.Segment.Kind {
	case segment.Activity:
		return int(s.counts.Hop)
	case segment.Label:
		return s.hop
	}
	return 1
}

// withoutConfirm returns m without its backward half.
func withoutConfirm(m *model.Model) (*model.Model, error) {
	c, p := m.Config, *m.Params
	c.Confirm, c.ConfirmEvidence = false, false
	if c.Calibration != nil {
		k := *c.Calibration
		k.Confirm = 0
		c.Calibration = &k
	}
	p.Reverse, p.ConfirmW, p.ConfirmB, p.ConfirmE, p.ConfirmRows = nil, nil, nil, nil, nil
	return model.New(c, &p)
}
