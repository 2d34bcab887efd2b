package export

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"inkling/model"
	"inkling/model/decide"
	"inkling/model/segment"
)

// rules writes what decides about the running and the confirmed label.
func (g *generator) rules() {
	c := &g.m.Config
	d := &c.Decision
	newest := float32(1)
	if d.Smooth > 0 {
		newest = float32(1 - math.Exp(-1/d.Smooth))
	}
	g.define("NEWEST", single(newest))
	g.define("WARM", d.Warm)
	g.define("HOLD", d.Hold)
	g.define("BACKGROUND", fmt.Sprintf("(%d)", slices.Index(c.Labels, d.Background)))
	g.flag("CUSUM", d.CUSUMLimit > 0)
	g.define("CUSUM_LIMIT", double(d.CUSUMLimit))
	g.define("CUSUM_DRIFT", negative(d.CUSUMDrift))
	on, off, confirmed := make([]float64, len(c.Labels)), make([]float64, len(c.Labels)), make([]float64, len(c.Labels))
	for i, l := range c.Labels {
		on[i], off[i] = d.RunningOn[l], d.RunningOff[l]
		confirmed[i] = d.Threshold
		if v, ok := d.On[l]; ok {
			confirmed[i] = v
		}
	}
	if g.m.HasRunning() {
		g.doubles("running_on", on)
		g.doubles("running_off", off)
	}
	g.doubles("confirm_on", confirmed)
	g.early(d)
	g.calibration()
	var labels []string
	for _, l := range c.Labels {
		labels = append(labels, quoted(l))
		g.sizes.tables += len(l) + 1 + pointer
	}
	fmt.Fprintf(&g.tables, "const char *const inkling_labels[INKLING_LABELS] = {%s};\n", strings.Join(labels, ", "))
}

// early writes the rule by which the running label becomes final.
func (g *generator) early(d *decide.Config) {
	g.define("EARLY_LEARNED", 1)
	g.define("EARLY_HELD", 2)
	switch {
	case d.Early != nil:
		g.define("EARLY_RULE", "INKLING_EARLY_LEARNED")
		g.define("EARLY_THRESHOLD", negative(d.Early.Threshold))
		g.doubles("early_weights", d.Early.Weights)
	case d.EarlySteps > 0:
		g.define("EARLY_RULE", "INKLING_EARLY_HELD")
		g.define("EARLY_P", double(d.EarlyP))
		g.define("EARLY_STEPS", d.EarlySteps)
	default:
		g.define("EARLY_RULE", 0)
	}
}

// calibration writes the temperatures of the heads.
func (g *generator) calibration() {
	temperatures, confirm, typical := make([]float32, 10), float32(0), 0
	if k := g.m.Config.Calibration; k != nil {
		typical = k.Steps
		for i, t := range k.Running {
			temperatures[i] = float32(1 / t)
		}
		if k.Confirm > 0 {
			confirm = float32(1 / k.Confirm)
		}
	}
	g.define("TYPICAL", typical)
	g.define("CONFIRM_TEMPERATURE", single(confirm))
	if g.m.HasRunning() {
		g.floats("temperatures", temperatures)
	}
}

// segmenters are the segmenters that there is C for.
var segmenters = []segment.Kind{segment.Activity, segment.Label, segment.Fixed, segment.Whole, segment.Message}

// segments writes where segments begin and end.
func (g *generator) segments() {
	s, n, rate := g.settings, g.settings.counts, g.m.Config.Rate
	for i, k := range segmenters {
		g.define("SEGMENTS_"+strings.ToUpper(string(k)), i+1)
	}
	sounds := s.sounds()
	g.define("SEGMENTER", "INKLING_SEGMENTS_"+strings.ToUpper(string(s.Segment.Kind)))
	g.flag("SOUNDS", sounds)
	if rate == 0 {
		rate = 1
	}
	g.define("RATE", double(rate))
	g.define("LOST_PIECE", int64(max(rate, 1000)))
	g.define("MAXIMUM", long(n.Maximum))
	g.define("LONGEST_CONFIRMED", long(s.longest))
	ring := 0
	if sounds {
		ring = int(n.PreRoll)
		g.define("MINIMUM", long(n.Minimum))
		g.define("HOLD_LENGTH", long(n.Hold))
	}
	g.define("RING", ring)
	switch s.Segment.Kind {
	case segment.Activity:
		g.define("HOP_LENGTH", n.Hop)
		g.define("ON_DB", negative(s.Segment.OnDB))
		g.define("OFF_DB", negative(s.Segment.OffDB))
		g.define("LEVEL_DB", negative(s.Segment.LevelDBFS))
	case segment.Label:
		g.define("FRAME_HOP", long(uint64(s.hop)))
		g.define("DETECT_ON", double(s.Segment.DetectOn))
		g.define("DETECT_OFF", double(s.Segment.DetectOff))
	case segment.Fixed:
		g.define("FIXED_LENGTH", long(uint64(s.first+(s.Segment.Steps-1)*s.hop)))
	}
}

// notes returns what a Run of the model with the configuration c does otherwise, and what the
// code leaves to the firmware.
func (g *generator) notes(c *model.Config) (notes []string) {
	s := g.settings
	if s.longest < s.counts.Maximum {
		notes = append(notes, fmt.Sprintf("a segment ends after %.4g s, at most %d steps (export.Options.Steps), where the model says %.4g s: `inkling run --maximum %v` does the same", s.Segment.MaxDuration, s.Steps, float64(s.counts.Maximum)/max(c.Rate, 1), s.Segment.MaxDuration))
	}
	if c.Confirm && s.Steps == 0 {
		notes = append(notes, "the confirm head is left out: the running label after the last step that counts is the confirmed one")
	}
	if c.Decision.Gap != decide.GapReset {
		notes = append(notes, fmt.Sprintf("the gap policy %s is not in the code: inkling_lost ends the open segment, as `inkling run --gap reset` does", c.Decision.Gap))
	}
	switch s.Segment.Kind {
	case segment.Whole:
		notes = append(notes, "a segment is the whole signal: the firmware ends it with inkling_finish; export.Options.Segment of fixed cuts a signal that does not end")
	case segment.Message:
		notes = append(notes, "a segment is a message: the firmware begins and ends it with inkling_begin and inkling_finish")
	}
	return notes
}
