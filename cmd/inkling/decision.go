package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"inkling/model"
	"inkling/model/decide"
)

// decisionFlags override the model's decision rules. A flag that is nil was not given.
type decisionFlags struct {
	Threshold  []string `help:"Reject confirmed labels below this probability; 0 rejects none. LABEL=P sets it for one label; repeatable [the model's]." placeholder:"P" sep:"none"`
	RunningOn  []string `help:"A label becomes the running label at this probability; or LABEL=P [the model's]." placeholder:"P" sep:"none"`
	RunningOff []string `help:"The running label disappears below this probability; or LABEL=P [the model's]." placeholder:"P" sep:"none"`
	Smooth     *float64 `help:"Average the running probabilities with this time constant, in steps [the model's]." placeholder:"STEPS"`
	LabelHold  *int     `within:"0..16777216" help:"Steps that must pass before another running label may follow one [the model's]." placeholder:"STEPS"`
	CUSUMLimit *float64 `name:"cusum-limit" help:"Evidence that a label needs, in nats; 0 asks for none [the model's]." placeholder:"NATS"`
	CUSUMDrift *float64 `name:"cusum-drift" help:"Subtract this from the evidence of each step, in nats [the model's]." placeholder:"NATS"`
}

// decide returns the model's decision rules, overridden by the flags.
func (f *decisionFlags) decide(m *model.Model) (*decide.Config, error) {
	d, labels := m.Config.Decision, m.Config.Labels
	if len(f.Threshold) > 0 {
		all, each, err := thresholds(f.Threshold, labels)
		if err != nil {
			return nil, usagef("--threshold %w", err)
		}
		if d.On = merged(d.On, each); all != nil {
			d.Threshold, d.On = *all, each
		}
	}
	for _, r := range []struct {
		flag   string
		given  []string
		stored *map[string]float64
	}{{"running-on", f.RunningOn, &d.RunningOn}, {"running-off", f.RunningOff, &d.RunningOff}} {
		all, each, err := thresholds(r.given, labels)
		if err != nil {
			return nil, usagef("--%s %w", r.flag, err)
		}
		if all != nil {
			*r.stored = map[string]float64{}
			for _, l := range labels {
				(*r.stored)[l] = *all
			}
		}
		*r.stored = merged(*r.stored, each)
	}
	set(&d.Smooth, f.Smooth)
	set(&d.Hold, f.LabelHold)
	set(&d.CUSUMDrift, f.CUSUMDrift)
	if set(&d.CUSUMLimit, f.CUSUMLimit); d.CUSUMLimit == 0 && f.CUSUMDrift == nil {
		d.CUSUMDrift = 0
	}
	return &d, nil
}

func set[T any](v, given *T) {
	if given != nil {
		*v = *given
	}
}

func merged(a, b map[string]float64) map[string]float64 {
	if len(b) == 0 {
		return a
	}
	a = maps.Clone(a)
	if a == nil {
		return b
	}
	maps.Copy(a, b)
	return a
}

// thresholds parses P, which is for every label, and LABEL=P, where the label itself may
// contain an =.
func thresholds(given, labels []string) (all *float64, each map[string]float64, err error) {
	for _, s := range given {
		label, number := "", s
		if i := strings.LastIndexByte(s, '='); i >= 0 {
			label, number = s[:i], s[i+1:]
			if !slices.Contains(labels, label) {
				return nil, nil, fmt.Errorf("%s: the model has no label %q: give one of %s", s, label, strings.Join(labels, ", "))
			}
		}
		p, err := strconv.ParseFloat(number, 64)
		if err != nil || !(p >= 0 && p <= 1) {
			return nil, nil, fmt.Errorf("%s: give a probability from 0 to 1, or LABEL=P", s)
		}
		if label == "" {
			all = &p
			continue
		}
		if each == nil {
			each = map[string]float64{}
		}
		each[label] = p
	}
	return all, each, nil
}
