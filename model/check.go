package model

import (
	"fmt"
	"math"
	"slices"

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
	case !slices.Contains([]RunningHead{RunningNone, RunningSoftmax, RunningEvidence}, c.Running):
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
