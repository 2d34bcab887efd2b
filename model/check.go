package model

import (
	"fmt"
	"math"
	"slices"

	"inkling/model/feature"
)

// Limits that keep a corrupt file from requesting more memory than a machine has.
const (
	maxHidden = 1 << 14
	maxLabels = 1 << 14
	maxLayers = 16
	maxDim    = 1 << 20
)

// Check returns an error for the first invalid field, which says what is valid.
func (c *Config) Check() error {
	switch {
	case c.Version != 1:
		return fmt.Errorf("model: version: %d, but this program reads version 1: use a newer inkling", c.Version)
	case c.Next == nil && (len(c.Labels) < 2 || len(c.Labels) > maxLabels):
		return fmt.Errorf("model: labels: %d labels, want 2 to %d", len(c.Labels), maxLabels)
	case math.IsNaN(c.Rate) || c.Rate < 0 || c.Rate > 1e7:
		return fmt.Errorf("model: rate: %v samples per second, want 0 (unknown) to 1e7", c.Rate)
	case c.Channels < 1 || c.Channels > 4096:
		return fmt.Errorf("model: channels: %d, want 1 to 4096", c.Channels)
	case len(c.Names) > 0 && len(c.Names) != c.Channels || len(c.Units) > 0 && len(c.Units) != c.Channels:
		return fmt.Errorf("model: channel_names: %d names and units: %d units for %d channels, want one per channel, or none", len(c.Names), len(c.Units), c.Channels)
	case c.Hidden < 1 || c.Hidden > maxHidden:
		return fmt.Errorf("model: hidden: %d, want 1 to %d", c.Hidden, maxHidden)
	case c.Layers < 1 || c.Layers > maxLayers:
		return fmt.Errorf("model: layers: %d, want 1 to %d", c.Layers, maxLayers)
	case !slices.Contains([]RunningHead{RunningNone, RunningSoftmax, RunningEvidence}, c.Running):
		return fmt.Errorf("model: running: %q, want %s, %s or %s", c.Running, RunningSoftmax, RunningEvidence, RunningNone)
	case c.Precision != Float32 && c.Precision != Int8:
		return fmt.Errorf("model: precision: %q, want %s, or none for float32", c.Precision, Int8)
	case c.Running == RunningNone && !c.Confirm && c.Next == nil:
		return fmt.Errorf("model: running and confirm: the model has neither head, so it has no output: give at least one")
	case c.ConfirmEvidence && (c.Running == RunningNone || !c.Confirm):
		return fmt.Errorf("model: confirm_evidence needs a running and a confirm head: leave it out, or give both")
	}
	seen := map[string]bool{}
	for _, l := range c.Labels {
		if l == "" || seen[l] {
			return fmt.Errorf("model: labels: %q is empty or occurs twice", l)
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
		return fmt.Errorf("model: front: %d features per frame, want 1 to %d", d, maxDim)
	}
	if err := c.checkStem(); err != nil {
		return err
	}
	if err := c.checkDetector(); err != nil {
		return err
	}
	if c.Next != nil {
		if err := c.checkNext(); err != nil {
			return err
		}
	}
	return c.CheckDecision()
}

// checkStem requires the stem's Config to be complete, as Normalize returns it.
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

// dim returns the number of features per frame of the front end, of a Config that
// passed Check.
func (c *Config) dim() int {
	x, err := feature.New(c.Front, c.Rate, c.Channels)
	if err != nil {
		panic(err)
	}
	return x.Dim()
}
