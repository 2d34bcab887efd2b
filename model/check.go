package model

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"inkling/internal/f32"
	"inkling/internal/qrs"
	"inkling/model/feature"
)

// Limits that keep a lying file from asking for more than a machine has.
const (
	maxHidden = 1 << 14
	maxLabels = 1 << 14
	maxLayers = 16
	maxDim    = 1 << 20
)

// Check reports the first field that cannot be, with its remedy.
func (c *Config) Check() error {
	switch {
	case c.Version != 1:
		return fmt.Errorf("model: version %d is not known to this inkling (it reads 1): use a newer program", c.Version)
	case c.Next == nil && (len(c.Labels) < 2 || len(c.Labels) > maxLabels):
		return fmt.Errorf("model: labels: %d of them, want 2 to %d", len(c.Labels), maxLabels)
	case math.IsNaN(c.Rate) || c.Rate < 0 || c.Rate > 1e7:
		return fmt.Errorf("model: rate: %v samples/s cannot be", c.Rate)
	case c.Channels < 1 || c.Channels > 4096:
		return fmt.Errorf("model: channels: %d, want 1 to 4096", c.Channels)
	case len(c.Names) > 0 && len(c.Names) != c.Channels || len(c.Units) > 0 && len(c.Units) != c.Channels:
		return fmt.Errorf("model: channel_names: %d, units: %d, want one of each for the %d channels, or none", len(c.Names), len(c.Units), c.Channels)
	case c.Hidden < 1 || c.Hidden > maxHidden:
		return fmt.Errorf("model: hidden: %d, want 1 to %d", c.Hidden, maxHidden)
	case c.Layers < 1 || c.Layers > maxLayers:
		return fmt.Errorf("model: layers: %d, want 1 to %d", c.Layers, maxLayers)
	case !slices.Contains([]string{RunningNone, RunningSoftmax, RunningEvidence}, c.Running):
		return fmt.Errorf("model: running: %q, want %s, %s or %s", c.Running, RunningSoftmax, RunningEvidence, RunningNone)
	case c.Running == RunningNone && !c.Confirm && c.Next == nil:
		return fmt.Errorf("model: neither a running nor a confirm head: nothing to say")
	case c.ConfirmEvidence && (c.Running == RunningNone || !c.Confirm):
		return fmt.Errorf("model: confirm_evidence takes a running and a confirm head: leave it out, or give both")
	}
	seen := map[string]bool{}
	for _, l := range c.Labels {
		if l == "" || seen[l] {
			return fmt.Errorf("model: labels: %q is empty or there twice", l)
		}
		seen[l] = true
	}
	if c.Calibration != nil {
		if err := c.Calibration.check(c); err != nil {
			return err
		}
	}
	x, err := feature.New(c.Front, c.Rate, c.Channels)
	if err != nil {
		return fmt.Errorf("model: front: %w", err)
	}
	if d := x.Dim(); d < 1 || d > maxDim {
		return fmt.Errorf("model: front: %d features a frame, want 1 to %d", d, maxDim)
	}
	if err := c.checkStem(); err != nil {
		return err
	}
	if c.Next != nil {
		if err := c.checkNext(); err != nil {
			return err
		}
	}
	return c.CheckDecision()
}

// checkStem wants a complete Config, as Normalize leaves it.
func (c *Config) checkStem() error {
	s, err := c.Stem.Normalize(c.Front, c.Rate, c.Channels)
	switch {
	case err != nil:
		return fmt.Errorf("model: %w", err)
	case s.String() != c.Stem.String() || s.LowHz != c.Stem.LowHz || s.HighHz != c.Stem.HighHz || s.Floor != c.Stem.Floor:
		return fmt.Errorf("model: stem %s: a field is missing", c.Stem.Kind)
	}
	return nil
}

// dim is the front end's features a frame, of a Config that passed Check.
func (c *Config) dim() int {
	x, err := feature.New(c.Front, c.Rate, c.Channels)
	if err != nil {
		panic(err)
	}
	return x.Dim()
}

// Check reports the first field of a segmenter that cannot be.
func (s *Segment) Check() error {
	if kinds := SegmentKinds(); !slices.Contains(kinds, s.Kind) {
		return fmt.Errorf("segment: kind %q, want one of %s", s.Kind, strings.Join(kinds, ", "))
	}
	for name, v := range map[string]float64{"maximum": s.Maximum, "minimum": s.Minimum, "pre_roll": s.PreRoll, "hold": s.Hold,
		"before": s.Before, "after": s.After, "wait": s.Wait} {
		if math.IsNaN(v) || v < 0 || v > 86400 {
			return fmt.Errorf("segment: %s: %v seconds, want 0 to 86400", name, v)
		}
	}
	if s.Steps < 0 || s.Steps > 1<<24 {
		return fmt.Errorf("segment: steps: %d, want 0 to %d", s.Steps, 1<<24)
	}
	if !f32.Finite(s.On) || !f32.Finite(s.Off) || !f32.Finite(s.Level) {
		return fmt.Errorf("segment: on, off and level must be finite")
	}
	d := s.Defaults()
	switch {
	case d.Off > d.On:
		return fmt.Errorf("segment: off (%v dB) is above on (%v dB): the segment would close at once; lower off", d.Off, d.On)
	case d.Maximum < d.Minimum:
		return fmt.Errorf("segment: maximum (%v s) is under minimum (%v s): nothing could be reported; raise maximum", d.Maximum, d.Minimum)
	case d.Maximum <= d.PreRoll:
		return fmt.Errorf("segment: maximum (%v s) is within pre_roll (%v s): raise maximum", d.Maximum, d.PreRoll)
	case d.Kind == SegmentActivity && d.Hold > d.Maximum:
		return fmt.Errorf("segment: hold (%v s) is longer than maximum (%v s): no silence could end a segment; lower hold", d.Hold, d.Maximum)
	}
	return nil
}

// Defaults returns s with its zero fields filled in.
func (s Segment) Defaults() Segment {
	def := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	def(&s.Maximum, 60)
	if s.Steps == 0 {
		s.Steps = 100
	}
	def(&s.On, 12)
	def(&s.Off, 6)
	def(&s.Level, -60)
	def(&s.Minimum, 0.05)
	def(&s.PreRoll, 0.02)
	def(&s.Hold, 0.2)
	def(&s.Before, 0.3)
	def(&s.After, 0.4)
	return s
}

// Beats is what the segmenter beat takes for a signal of so many samples a second and
// channels.
func (s Segment) Beats(rate float64, channels int) qrs.Config {
	s = s.Defaults()
	return qrs.Config{Rate: rate, Channels: channels, Before: s.Before, After: s.After, Wait: s.Wait}
}

// checkBeats holds segmenter and front end together: a beat has a context, which
// nothing else has.
func (c *Config) checkBeats() error {
	switch b := c.Segment.Beats(c.Rate, c.Channels); {
	case c.Segment.Kind != SegmentBeat && c.Front.Context > 0:
		return fmt.Errorf("segment: kind %q: the model wants %d values of context a segment, which only %s gives: take that", c.Segment.Kind, c.Front.Context, SegmentBeat)
	case c.Segment.Kind != SegmentBeat:
		return nil
	case c.Front.Context != 0 && c.Front.Context != qrs.Features:
		return fmt.Errorf("front: context: %d values, a heartbeat has %d: train the model anew", c.Front.Context, qrs.Features)
	default:
		if err := b.Check(); err != nil {
			return fmt.Errorf("segment: beat: %w", err)
		}
	}
	return nil
}

func (d *Decision) check(c *Config) error {
	switch {
	case d.Warm < 0:
		return fmt.Errorf("decision: warm: %d steps, want 0 or more", d.Warm)
	case d.Background != "" && !slices.Contains(c.Labels, d.Background):
		return fmt.Errorf("decision: background: no label %q in the model", d.Background)
	case !(d.Threshold >= 0 && d.Threshold <= 1):
		return fmt.Errorf("decision: threshold: %v, want 0 to 1", d.Threshold)
	case !(d.EarlyP >= 0 && d.EarlyP <= 1):
		return fmt.Errorf("decision: early_p: %v, want 0 to 1", d.EarlyP)
	case d.EarlySteps < 0:
		return fmt.Errorf("decision: early_steps: %d, want 0 or more", d.EarlySteps)
	case d.Early != nil && (c.Calibration == nil || c.Running == RunningNone):
		return fmt.Errorf("decision: early: a learned rule takes a running head and its calibration: leave it out, or give both")
	case d.Early != nil && d.EarlySteps > 0:
		return fmt.Errorf("decision: early: a learned rule and early_steps exclude each other: leave one of them out")
	case d.Early != nil && !d.Early.valid():
		return fmt.Errorf("decision: early: want %d finite weights and a finite threshold", ScoreFeatures)
	case d.State != "reset" && d.State != "carry":
		return fmt.Errorf("decision: state: %q, want reset or carry", d.State)
	case d.Gap != "reset" && d.Gap != "hold" && d.Gap != "fill":
		return fmt.Errorf("decision: gap: %q, want reset, hold or fill", d.Gap)
	}
	return nil
}

// checkSegment finds a segmenter that the model's signal has nothing for.
func (c *Config) checkSegment() error {
	if k := c.Segment.Kind; (k == SegmentLine || k == SegmentSentence) && !c.Text() {
		return fmt.Errorf("segment: kind %s takes a model of text, this one has the front end %s: give %s, %s, %s or %s", k, c.Front.Kind,
			SegmentActivity, SegmentFixed, SegmentMessage, SegmentWhole)
	}
	return c.Segment.Check()
}
