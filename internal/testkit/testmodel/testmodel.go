// Package testmodel makes small models for tests: what they say means nothing, but must
// be the same however it is computed.
package testmodel

import (
	"math/rand/v2"

	"inkling/internal/testkit"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// Labels returns the configuration of a model of labels: one sample a step, a running and
// a confirm head, whole segments. Edit what the test is about, then call New.
func Labels(rate float64, channels int, labels ...string) model.Config {
	return model.Config{Version: 1, Labels: labels, Rate: rate, Channels: channels, Hidden: 5, Layers: 1,
		Front:   feature.Config{Kind: feature.KindRaw, Samples: 1},
		Running: model.RunningSoftmax, Confirm: true, Segment: segment.Config{Kind: segment.Whole},
		Decision: decide.Config{State: decide.Reset, Gap: decide.GapReset}}
}

// Next returns the configuration of a model of what comes next: the mean, or quantiles if
// there are any.
func Next(rate float64, channels, samples int, quantiles []float64) model.Config {
	n := model.Next{Loss: model.LossSquared, Residual: true}
	if quantiles != nil {
		n.Loss, n.Quantiles = model.LossQuantile, quantiles
	}
	return model.Config{Version: 1, Labels: []string{}, Rate: rate, Channels: channels, Hidden: 5, Layers: 1, Running: model.RunningNone, Next: &n,
		Front:   feature.Config{Kind: feature.KindRaw, Samples: samples, Decimate: 1},
		Segment: segment.Config{Kind: segment.Whole}, Decision: decide.Config{State: decide.Reset, Gap: decide.GapReset}}
}

// New completes the front end and the stem of c and returns a model of random weights.
func New(t testkit.TB, c model.Config, rng *rand.Rand) *model.Model {
	t.Helper()
	return Edited(t, c, rng, nil)
}

// Edited is New with weights that edit changes; edit may be nil.
func Edited(t testkit.TB, c model.Config, rng *rand.Rand, edit func(*model.Params)) *model.Model {
	t.Helper()
	var err error
	if c.Front, err = c.Front.Normalize(c.Rate, c.Channels); err != nil {
		t.Fatal(err)
	}
	front, err := feature.New(c.Front, c.Rate, c.Channels)
	if err != nil {
		t.Fatal(err)
	}
	if c.HasStem() {
		if c.Stem, err = c.Stem.Normalize(c.Front, c.Rate, c.Channels); err != nil {
			t.Fatal(err)
		}
	}
	p := model.NewParams(&c, front.Dim())
	p.Init(rng)
	if edit != nil {
		edit(p)
	}
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
