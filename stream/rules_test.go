package stream

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// everyRule has every rule on, for the first of the labels with numbers of its own.
func everyRule(labels ...string) *decide.Config {
	return &decide.Config{Warm: 1, EarlyP: 0.4, EarlySteps: 2, State: "reset", Gap: "reset", Background: labels[1], Threshold: 0.34,
		On: map[string]float64{labels[0]: 0.4}, RunningOn: map[string]float64{labels[0]: 0.35}, RunningOff: map[string]float64{labels[0]: 0.33},
		Smooth: 2, Hold: 3, CUSUMLimit: 1, CUSUMDrift: -0.7}
}

// drawRules makes the head sure of itself now and then and gives it rules.
func (s *setting) drawRules(t *rapid.T) {
	if !rapid.Bool().Draw(t, "rules") {
		return
	}
	labels := s.m.Config.Labels
	p := func(name string) float64 { return rapid.Float64Range(0, 0.7).Draw(t, name) }
	d := s.m.Config.Decision
	d.Background = rapid.SampledFrom([]string{"", "b"}).Draw(t, "background")
	d.Threshold, d.On = p("threshold"), map[string]float64{labels[0]: p("on")}
	d.RunningOn, d.RunningOff = map[string]float64{}, map[string]float64{}
	for _, l := range labels[:2] {
		d.RunningOn[l] = p("running_on")
		d.RunningOff[l] = d.RunningOn[l] * rapid.Float64Range(0, 1).Draw(t, "share")
	}
	d.Smooth, d.Hold = rapid.SampledFrom([]float64{0, 0.5, 4}).Draw(t, "smooth"), rapid.IntRange(0, 8).Draw(t, "hold")
	if rapid.Bool().Draw(t, "cusum") {
		d.CUSUMLimit, d.CUSUMDrift = rapid.Float64Range(0.1, 3).Draw(t, "limit"), rapid.Float64Range(-1, 1).Draw(t, "drift")
	}
	s.m = decisive(t, s.m)
	if rapid.Bool().Draw(t, "learned") {
		d.EarlyP, d.EarlySteps = 0, 0
		d.Early = &decide.Early{Weights: []float64{0, 1, 0, 0.1, 0, 0, 0}, Threshold: rapid.Float64Range(-1, 3).Draw(t, "score")}
	}
	if s.o.Decision, s.o.Why = &d, rapid.Bool().Draw(t, "why"); s.o.Why {
		s.swell(rapid.Uint64().Draw(t, "swells"))
	}
}

// decisive is m with running and confirm heads twelve times as sure, and a usual length of 20 steps.
func decisive(t interface{ Fatal(...any) }, m *model.Model) *model.Model {
	p := m.Params.Clone(&m.Config)
	for _, w := range [][]float32{p.RunningW, p.ConfirmW} {
		for i := range w {
			w[i] *= 12
		}
	}
	c := m.Config
	c.Calibration = &model.Calibration{Steps: 20}
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// page computes Page's statistic by its definition: at each step the greatest sum of the
// last n values of z over all n, where n = 0 sums to 0.
func page(z []float64) (g []float64) {
	for t := range z {
		best, sum := 0.0, 0.0
		for i := t; i >= 0; i-- {
			sum += z[i]
			best = max(best, sum)
		}
		g = append(g, best)
	}
	return g
}

// A segment is rejected when Page's statistic of the greatest log-odds but the
// background's never reaches the limit; the running label goes when that of the
// negative does and comes back with the other, each counted from where the other one
// fired.
func TestCUSUMIsPagesStatistic(t *testing.T) {
	rejected, lost, back := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		m := decisive(t, randomModel(t, rapid.Uint64().Draw(t, "model"), feature.Config{Kind: feature.KindRaw}, 100, 1, 1, model.RunningSoftmax, true))
		d := m.Config.Decision
		d.Warm, d.Background = rapid.IntRange(0, 2).Draw(t, "warm"), rapid.SampledFrom([]string{"", "b"}).Draw(t, "background")
		d.CUSUMLimit = rapid.SampledFrom([]float64{0.5, 2.5, 20, 35}).Draw(t, "limit") * rapid.Float64Range(0.5, 1).Draw(t, "share")
		d.CUSUMDrift = rapid.SampledFrom([]float64{-1, 0, 1, 3, 6, 6}).Draw(t, "least drift") + rapid.Float64Range(0, 0.9).Draw(t, "drift")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "samples"), 1))
		x := make([]float32, 40)
		level := 0.0
		for i := range x {
			level = 0.9*level + rng.NormFloat64()
			x[i] = float32(level)
		}
		es := scriptWith(t, m, &Options{Decision: &d, Background: true}, capture.Block{Format: capture.Format{Rate: 100, Channels: 1}, Samples: x})
		p, classes := m.Predict(x), m.Classes()
		var z []float64
		for step := d.Warm; step < p.Steps; step++ {
			best := 0.0
			for i, l := range m.Config.Labels {
				if l != d.Background {
					best = max(best, float64(p.Running[step*classes+i]))
				}
			}
			best = min(max(best, 1-decide.SureP), decide.SureP)
			z = append(z, math.Log(best/(1-best))-d.CUSUMDrift)
		}
		near := func(a float64) bool { return math.Abs(a-d.CUSUMLimit) < 1e-9 }
		g := page(z)
		if slices.ContainsFunc(g, near) {
			return
		}
		last := es[len(es)-1]
		if want := slices.Max(g) < d.CUSUMLimit && last.Top[0].Label != d.Background; last.Rejected != want {
			t.Fatalf("rejected %v; the statistic reached %v of %v", last.Rejected, slices.Max(g), d.CUSUMLimit)
		}
		if last.Rejected {
			rejected++
			if last.Rule != decide.CUSUM || last.Threshold != d.CUSUMLimit || math.Abs(last.Value-slices.Max(g)) > 1e-9 {
				t.Fatalf("%+v, the statistic reached %v", last, slices.Max(g))
			}
		}
		gone, sum := false, 0.0
		for _, e := range es {
			if e.Type != Running || !e.Warm {
				continue
			}
			was, by := gone, z[e.Step-1-d.Warm]
			if !gone {
				by = -by
			}
			if sum = max(sum+by, 0); near(sum) {
				return
			}
			if sum >= d.CUSUMLimit {
				gone, sum = !gone, 0
			}
			if gone != (e.Label == "") {
				t.Fatalf("step %d: label %q; gone %v, sum %v of %v", e.Step, e.Label, gone, sum, d.CUSUMLimit)
			}
			if gone != was {
				lost++
				if was {
					back++
				}
			}
		}
	})
	if min(rejected, lost, back) < 3 {
		t.Errorf("%d rejected, %d times a label went or came, %d came: too few to prove anything", rejected, lost, back)
	}
}

func scriptWith(t *rapid.T, m *model.Model, o *Options, b capture.Block) (events []Event) {
	c, err := NewClassifier(m, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Feed(&b); err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Advance(nil) {
		events = append(events, e.Clone())
	}
	return append(events, c.End(nil, segment.ByEOF)...)
}

// What is held back does not become final, and steps for which it was do not count.
func TestHeldBackLabelIsNotEarly(t *testing.T) {
	d := decide.Config{EarlyP: 0.55, EarlySteps: 2}
	x := block(0, -1, 1, 1, 1, 1, 1, 1, 1)
	quiet := &Options{Emit: Emit{Change: true}}
	expect(t, "free", script(t, signModel(t, d), quiet, x), "run:low, run:high, early:high, conf:high eof")
	d.Hold = 4
	es := script(t, signModel(t, d), quiet, x)
	expect(t, "held", es, "run:low, run:high, early:high, conf:high eof")
	if es[1].Step != 5 || es[2].Step != 6 {
		t.Errorf("with hold 4 from step 1 on another label came at step %d, early at %d", es[1].Step, es[2].Step)
	}
	es = script(t, signModel(t, d), quiet, block(0, -1, 1, -1, -1, -1, -1, -1))
	expect(t, "held in between", es, "run:low, early:low, conf:low eof")
	if es[1].Step != 4 {
		t.Errorf("low, high held back, low, low: early at step %d", es[1].Step)
	}
	d.Hold, d.RunningOn = 0, map[string]float64{"high": 1}
	expect(t, "under running_on", script(t, signModel(t, d), quiet, block(0, 1, 1, 1, 1)), "run:, conf:high eof")
}

// With state carry a label and its hold continue into the next segment.
func TestCarryKeepsLabelAndHold(t *testing.T) {
	d := decide.Config{Warm: 1, Hold: 3}
	o := &Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 3, MaxDuration: 99}}
	x := block(0, 1, 1, 1, -1, -1, -1)
	expect(t, "reset", script(t, signModel(t, d), o, x), "cold, run:high, run:high, conf:high fixed, cold, run:low, run:low, conf:low fixed")
	d.State, d.Hold = "carry", 5
	expect(t, "carry", script(t, signModel(t, d), o, x), "cold, run:high, run:high, conf:high fixed, cold, run:high, run:high, conf:low fixed")
}

func TestLabelThresholdOverridesCommonOne(t *testing.T) {
	d := decide.Config{Threshold: 1, On: map[string]float64{"low": 0.1}}
	expect(t, "its own", script(t, signModel(t, d), nil, block(0, -1)), "run:low, conf:low eof")
	es := script(t, signModel(t, d), nil, block(0, 1))
	expect(t, "everyone's", es, "run:high, conf: eof")
	if e := es[1]; e.Rule != decide.Threshold || e.Threshold != 1 || e.Value != float64(e.P) {
		t.Errorf("%+v", e)
	}
	expect(t, "one for all", script(t, signModel(t, d), &Options{Threshold: 0.2}, block(0, 1)), "run:high, conf:high eof")
	if _, err := NewClassifier(signModel(t, d), &Options{Decision: &decide.Config{State: "reset", Gap: "reset", On: map[string]float64{"cat": 1}}}); err == nil {
		t.Error("a threshold of no label was taken")
	}
}
