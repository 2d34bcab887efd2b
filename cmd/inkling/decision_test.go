package main

import (
	"maps"
	"strings"
	"testing"

	"inkling/model"
	"inkling/model/decide"
)

func TestDecisionFlags(t *testing.T) {
	m, err := openModel("bundled:notes")
	if err != nil {
		t.Fatal(err)
	}
	stored := model.Model{Config: m.Config}
	stored.Config.Decision.Threshold, stored.Config.Decision.On = 0.5, map[string]float64{"flute": 0.9}
	stored.Config.Decision.CUSUMLimit, stored.Config.Decision.CUSUMDrift = 3, 1
	for _, c := range []struct {
		flags     decisionFlags
		threshold float64
		on        map[string]float64
	}{
		{decisionFlags{}, 0.5, map[string]float64{"flute": 0.9}},
		{decisionFlags{Threshold: []string{"0"}}, 0, nil},
		{decisionFlags{Threshold: []string{"piano=0.25"}}, 0.5, map[string]float64{"flute": 0.9, "piano": 0.25}},
		{decisionFlags{Threshold: []string{"piano=0.25", "0.75"}}, 0.75, map[string]float64{"piano": 0.25}},
	} {
		d, err := c.flags.decide(&stored)
		if err != nil || d.Threshold != c.threshold || !maps.Equal(d.On, c.on) {
			t.Errorf("%+v: %+v, %v", c.flags, d, err)
		}
	}
	zero, hold := 0.0, 4
	f := decisionFlags{RunningOn: []string{"0.5", "flute=0.6"}, RunningOff: []string{"flute=0.4"}, LabelHold: &hold, CUSUMLimit: &zero}
	d, err := f.decide(&stored)
	want := map[string]float64{"flute": 0.6, "piano": 0.5, "trumpet": 0.5}
	if err != nil || !maps.Equal(d.RunningOn, want) || len(d.RunningOff) != 1 || d.Hold != 4 || d.CUSUMLimit != 0 || d.CUSUMDrift != 0 {
		t.Errorf("%+v, %v", d, err)
	}
	if on := stored.Config.Decision.On; len(on) != 1 {
		t.Errorf("the model's own became %v", on)
	}
}

// FuzzThresholds: whatever is given is refused, or a probability of a label or of all.
func FuzzThresholds(f *testing.F) {
	for _, s := range []string{"0.5", "a=0.25", "a=b=1", "=", "a=", "NaN", "2", "0x1p-2", "é=1e-9"} {
		f.Add(s)
	}
	labels := []string{"a", "a=b", "é"}
	f.Fuzz(func(t *testing.T, s string) {
		all, each, err := thresholds([]string{s}, labels)
		if err != nil {
			return
		}
		c := decide.Config{On: each}
		if all != nil {
			c.Threshold = *all
		}
		if (all == nil) == (len(each) == 0) || !(c.Threshold >= 0 && c.Threshold <= 1) {
			t.Fatalf("%q: %v, %v", s, all, each)
		}
		for label, p := range each {
			if !strings.HasPrefix(s, label+"=") || !(p >= 0 && p <= 1) {
				t.Fatalf("%q: %v", s, each)
			}
		}
	})
}
