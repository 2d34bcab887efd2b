package model

import (
	"math"
	"strings"
	"testing"

	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// ruled is a configuration with every rule on, as good as it can be: 10 ms steps.
func ruled() Config {
	return Config{Version: 1, Labels: []string{"cat", "dog", "noise"}, Rate: 16000, Channels: 1, Front: feature.Config{Kind: feature.KindLogMel},
		Hidden: 3, Layers: 1, Running: RunningSoftmax, Confirm: true, Segment: segment.Config{Kind: segment.Activity, MaxDuration: 2},
		Decision: decide.Config{Warm: 3, Background: "noise", Threshold: 0.5, EarlyP: 0.9, EarlySteps: 3, State: "reset", Gap: "reset",
			On: map[string]float64{"cat": 0.7}, RunningOn: map[string]float64{"cat": 0.6}, RunningOff: map[string]float64{"cat": 0.4},
			Smooth: 5, Hold: 10, CUSUMLimit: 4, CUSUMDrift: 0.5}}
}

// The message names the field, both values and the remedy.
func TestImpossibleConfigurationsAreRefused(t *testing.T) {
	good := ruled()
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	one := func(label string, p float64) map[string]float64 { return map[string]float64{label: p} }
	none := func(c *Config) {
		c.Running, c.Decision = RunningNone, decide.Config{State: "reset", Gap: "reset"}
	}
	for _, c := range []struct {
		want  []string // in the message
		spoil func(*Config)
	}{
		{[]string{"on:", `"cow"`, "cat"}, func(c *Config) { c.Decision.On = one("cow", 0.5) }},
		{[]string{"on:", "1.5", `"cat"`, "0 to 1"}, func(c *Config) { c.Decision.On = one("cat", 1.5) }},
		{[]string{"running_on:", "NaN", "0 to 1"}, func(c *Config) { c.Decision.RunningOn = one("cat", math.NaN()) }},
		{[]string{"running_off:", "-0.1", "0 to 1"}, func(c *Config) { c.Decision.RunningOff = one("dog", -0.1) }},
		{[]string{"running_off (0.8)", "running_on (0.6)", `"cat"`, "lower"}, func(c *Config) { c.Decision.RunningOff = one("cat", 0.8) }},
		{[]string{"running_off (0.2)", "running_on (0)", `"dog"`}, func(c *Config) { c.Decision.RunningOff = one("dog", 0.2) }},
		{[]string{"threshold:", "2", "0 to 1"}, func(c *Config) { c.Decision.Threshold = 2 }},
		{[]string{"background:", `"hiss"`}, func(c *Config) { c.Decision.Background = "hiss" }},
		{[]string{"smooth:", "-1"}, func(c *Config) { c.Decision.Smooth = -1 }},
		{[]string{"smooth:", "NaN"}, func(c *Config) { c.Decision.Smooth = math.NaN() }},
		{[]string{"hold:", "-2"}, func(c *Config) { c.Decision.Hold = -2 }},
		{[]string{"hold (500 steps)", "segment.maximum", "199 steps", "lower"}, func(c *Config) { c.Decision.Hold = 500 }},
		{[]string{"hold (20 steps)", "segment.steps", "9 steps"}, func(c *Config) { c.Decision.Hold, c.Segment = 20, segment.Config{Kind: segment.Fixed, Steps: 9} }},
		{[]string{"cusum_limit:", "-1"}, func(c *Config) { c.Decision.CUSUMLimit = -1 }},
		{[]string{"cusum_limit (2000", "segment.maximum", "1256 nats", "196 steps", "lower"}, func(c *Config) { c.Decision.CUSUMLimit = 2000 }},
		{[]string{"cusum_drift (0.5)", "cusum_limit (0)"}, func(c *Config) { c.Decision.CUSUMLimit = 0 }},
		{[]string{"cusum_drift:", "7 nats", "6.91"}, func(c *Config) { c.Decision.CUSUMDrift = 7 }},
		{[]string{"cusum_drift:", "Inf"}, func(c *Config) { c.Decision.CUSUMDrift = math.Inf(1) }},
		{[]string{`"carry"`, `"evidence"`, "reset", "softmax"}, func(c *Config) { c.Running, c.Decision.State = RunningEvidence, "carry" }},
		{[]string{"warm (9 steps)", "segment.steps (9)", "raise"}, func(c *Config) { c.Decision.Warm, c.Segment = 9, segment.Config{Kind: segment.Fixed, Steps: 9} }},
		{[]string{"running_on", `"none"`}, func(c *Config) { none(c); c.Decision.RunningOn = one("cat", 0.5) }},
		{[]string{"running_on", `"none"`}, func(c *Config) {
			none(c)
			c.Decision.RunningOn, c.Decision.RunningOff = one("cat", 0.5), one("cat", 0.5)
		}},
		{[]string{"smooth (4)", `"none"`}, func(c *Config) { none(c); c.Decision.Smooth = 4 }},
		{[]string{"hold (4)", `"none"`}, func(c *Config) { none(c); c.Decision.Hold = 4 }},
		{[]string{"cusum_limit (4)", `"none"`}, func(c *Config) { none(c); c.Decision.CUSUMLimit = 4 }},
		{[]string{"early_steps (4)", `"none"`}, func(c *Config) { none(c); c.Decision.EarlySteps = 4 }},
		{[]string{"off (20 dB)", "on (12 dB)", "lower"}, func(c *Config) { c.Segment.OffDB = 20 }},
		{[]string{"off (6 dB)", "on (3 dB)", "lower"}, func(c *Config) { c.Segment.OnDB = 3 }},
		{[]string{"maximum (2 s)", "minimum (3 s)", "raise"}, func(c *Config) { c.Segment.MinDuration = 3 }},
		{[]string{"maximum (2 s)", "pre_roll (2 s)", "raise"}, func(c *Config) { c.Segment.PreRoll = 2 }},
		{[]string{"hold (3 s)", "maximum (2 s)", "lower"}, func(c *Config) { c.Segment.Hold = 3 }},
	} {
		bad := ruled()
		c.spoil(&bad)
		err := bad.Check()
		if err == nil {
			t.Errorf("%q was taken", c.want)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q says nothing of %q", err, w)
			}
		}
	}
}
