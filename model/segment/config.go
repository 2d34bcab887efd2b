package segment

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"inkling/internal/qrs"
)

// Kind names a segmenter: the rule by which segments begin and end.
type Kind string

const (
	Activity Kind = "activity" // opens on sound above the noise floor, ends with silence
	Label    Kind = "label"    // opens when the model's detector hears one of the labels, ends when it no longer does
	Fixed    Kind = "fixed"    // a fixed number of steps, one segment after another
	Message  Kind = "message"  // from a block marked as a beginning to one marked as an end
	Whole    Kind = "whole"    // the whole signal
	Line     Kind = "line"     // text: ends at the end of a line
	Sentence Kind = "sentence" // text: ends at the end of a sentence or at an empty line
	Beat     Kind = "beat"     // electrocardiogram: a segment round each R peak
)

// Kinds lists all segmenters.
func Kinds() []Kind { return []Kind{Activity, Label, Fixed, Message, Whole, Line, Sentence, Beat} }

// ReadsText reports whether the segmenter needs a signal of characters.
func (k Kind) ReadsText() bool { return k == Line || k == Sentence }

// Config says where segments begin and end. Times are in seconds of the signal; for a
// model of unknown rate a second is one sample. A zero field takes the default in
// brackets.
type Config struct {
	Kind        Kind    `json:"kind"`
	MaxDuration float64 `json:"maximum,omitempty"` // a segment this long is confirmed, whatever happens [60]
	Steps       int     `json:"steps,omitempty"`   // Fixed: steps a segment [100]
	// Activity
	OnDB        float64 `json:"on,omitempty"`       // opens this far above the noise floor [12]
	OffDB       float64 `json:"off,omitempty"`      // stays active down to this far above the noise floor [6]
	LevelDBFS   float64 `json:"level,omitempty"`    // never opens below this level, in dB of full scale [-60]
	MinDuration float64 `json:"minimum,omitempty"`  // shorter segments are dropped [0.05]
	PreRoll     float64 `json:"pre_roll,omitempty"` // signal kept from before the opening [0.02]
	Hold        float64 `json:"hold,omitempty"`     // silence that ends a segment [0.2]
	// Label; MinDuration [0.02], PreRoll [0.12] and Hold [0.15] are of Activity and Label
	DetectOn  float64 `json:"detect_on,omitempty"`  // opens at this probability of the detector [0.8]
	DetectOff float64 `json:"detect_off,omitempty"` // stays open down to this probability [0.5]
	// Beat
	Before float64 `json:"before,omitempty"` // signal before the R peak [0.3]
	After  float64 `json:"after,omitempty"`  // signal after the R peak [0.4]
	Wait   float64 `json:"wait,omitempty"`   // longest wait for the next R peak, so that the interval after is known [0: none]
}

// Check reports the first field that cannot be, with its remedy.
func (c *Config) Check() error {
	if !slices.Contains(Kinds(), c.Kind) {
		names := make([]string, 0, len(Kinds()))
		for _, k := range Kinds() {
			names = append(names, string(k))
		}
		return fmt.Errorf("segment: kind %q, want one of %s", c.Kind, strings.Join(names, ", "))
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"maximum", c.MaxDuration}, {"minimum", c.MinDuration}, {"pre_roll", c.PreRoll}, {"hold", c.Hold},
		{"before", c.Before}, {"after", c.After}, {"wait", c.Wait}} {
		if math.IsNaN(f.value) || f.value < 0 || f.value > 86400 {
			return fmt.Errorf("segment: %s: %v seconds, want 0 to 86400", f.name, f.value)
		}
	}
	if c.Steps < 0 || c.Steps > 1<<24 {
		return fmt.Errorf("segment: steps: %d, want 0 to %d", c.Steps, 1<<24)
	}
	for _, v := range []float64{c.OnDB, c.OffDB, c.LevelDBFS} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("segment: on, off and level must be finite")
		}
	}
	for _, p := range []float64{c.DetectOn, c.DetectOff} {
		if math.IsNaN(p) || p < 0 || p > 1 {
			return fmt.Errorf("segment: detect_on and detect_off are probabilities: %v, want 0 to 1", p)
		}
	}
	d := c.Defaults()
	switch {
	case d.Kind == Label && d.DetectOff > d.DetectOn:
		return fmt.Errorf("segment: detect_off (%v) is above detect_on (%v): the segment would close at once; lower detect_off", d.DetectOff, d.DetectOn)
	case d.OffDB > d.OnDB:
		return fmt.Errorf("segment: off (%v dB) is above on (%v dB): the segment would close at once; lower off", d.OffDB, d.OnDB)
	case d.MaxDuration < d.MinDuration:
		return fmt.Errorf("segment: maximum (%v s) is under minimum (%v s): nothing could be reported; raise maximum", d.MaxDuration, d.MinDuration)
	case d.MaxDuration <= d.PreRoll:
		return fmt.Errorf("segment: maximum (%v s) is within pre_roll (%v s): raise maximum", d.MaxDuration, d.PreRoll)
	case (d.Kind == Activity || d.Kind == Label) && d.Hold > d.MaxDuration:
		return fmt.Errorf("segment: hold (%v s) is longer than maximum (%v s): no silence could end a segment; lower hold", d.Hold, d.MaxDuration)
	}
	return nil
}

// Defaults returns c with its zero fields filled in.
func (c Config) Defaults() Config {
	if c.Kind == Label {
		c.labelDefaults()
	}
	for _, f := range []struct {
		field *float64
		value float64
	}{{&c.MaxDuration, 60}, {&c.OnDB, 12}, {&c.OffDB, 6}, {&c.LevelDBFS, -60}, {&c.MinDuration, 0.05},
		{&c.PreRoll, 0.02}, {&c.Hold, 0.2}, {&c.Before, 0.3}, {&c.After, 0.4}} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	if c.Steps == 0 {
		c.Steps = 100
	}
	return c
}

func (c *Config) labelDefaults() {
	for _, f := range []struct {
		field *float64
		value float64
	}{{&c.DetectOn, 0.8}, {&c.DetectOff, 0.5}, {&c.MinDuration, 0.02}, {&c.PreRoll, 0.12}, {&c.Hold, 0.15}, {&c.MaxDuration, 30}} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
}

// CheckBeats reports why the segmenter Beat cannot find heartbeats in a signal of the
// given rate and number of channels.
func (c Config) CheckBeats(rate float64, channels int) error {
	b := c.beats(rate, channels)
	return b.Check()
}

func (c Config) beats(rate float64, channels int) qrs.Config {
	c = c.Defaults()
	return qrs.Config{Rate: rate, Channels: channels, Before: c.Before, After: c.After, Wait: c.Wait}
}
