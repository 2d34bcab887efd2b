package model

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/testkit"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

func randomNext(t interface{ Fatal(...any) }, seed uint64, n Next, channels, samples, hidden, layers int) *Model {
	c := Config{Version: 1, Labels: []string{}, Channels: channels, Hidden: hidden, Layers: layers, Running: RunningNone, Next: &n,
		Front:   feature.Config{Kind: feature.KindRaw, Samples: samples, Decimate: 1},
		Segment: segment.Config{Kind: segment.Whole}, Decision: decide.Config{State: "reset", Gap: "reset"}}
	p := NewParams(&c, channels*samples)
	rng := rand.New(rand.NewPCG(seed, 1))
	p.Init(rng)
	for _, x := range [][]float32{p.NextW, p.NextB, p.Mean} {
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
	}
	for i := range p.Scale {
		p.Scale[i], p.NextScale[i] = 0.5+rng.Float32(), 0.1+rng.Float32()
	}
	m, err := New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func drawNext(t *rapid.T) *Model {
	n := Next{Loss: LossSquared, Residual: rapid.Bool().Draw(t, "residual")}
	if q := rapid.SampledFrom([][]float64{nil, {0.5}, {0.1, 0.5, 0.9}}).Draw(t, "quantiles"); q != nil {
		n.Loss, n.Quantiles = LossQuantile, q
	}
	return randomNext(t, rapid.Uint64().Draw(t, "seed"), n, rapid.IntRange(1, 3).Draw(t, "channels"),
		rapid.IntRange(1, 3).Draw(t, "samples"), rapid.IntRange(1, 9).Draw(t, "hidden"), rapid.IntRange(1, 3).Draw(t, "layers"))
}

// A model forecasts the same to the bit offline, step by step, in batches with other streams,
// and after its state was saved and restored.
func TestNextEqualsForecasts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawNext(t)
		if back, err := Load(bytes.NewReader(m.Bytes())); err != nil || !bytes.Equal(back.Bytes(), m.Bytes()) {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "frames"), 2))
		frames := make([]float32, m.Dim()*rapid.IntRange(1, 40).Draw(t, "T"))
		for i := range frames {
			frames[i] = float32(rng.NormFloat64())
		}
		want := m.Forecasts(frames)
		s, other, b, out := m.NewState(), m.NewState(), m.NewBatch(2), make([]float32, m.Outputs())
		cut := rapid.IntRange(0, 40).Draw(t, "cut")
		for i := 0; i*m.Dim() < len(frames); i++ {
			x := frames[i*m.Dim():][:m.Dim()]
			if i%2 == 0 {
				m.Step(nil, s, x)
			} else {
				m.StepBatch(b, [][]float32{nil, nil}, []*State{other, s}, [][]float32{frames[:m.Dim()], x})
			}
			if i == cut {
				moved := m.NewState()
				if rest, err := moved.Restore(s.AppendState(nil)); err != nil || len(rest) != 0 {
					t.Fatal(err, len(rest))
				}
				s = moved
			}
			m.Next(out, s)
			testkit.SameBits(t, "forecast", out, want[i*len(out):][:len(out)])
			for j := range m.Dim() {
				for k := j + m.Dim(); k < len(out); k += m.Dim() {
					if out[k] < out[k-m.Dim()] {
						t.Fatalf("quantiles cross: %v", out)
					}
				}
			}
		}
		ahead, fed := make([]float32, 3*m.Dim()), append(slices.Clone(frames), m.Point(want[len(want)-len(out):])...)
		m.ForecastAhead(ahead, s, other, out)
		for k := range 3 {
			testkit.SameBits(t, "ahead", ahead[k*m.Dim():][:m.Dim()], fed[len(frames)+k*m.Dim():])
			all := m.Forecasts(fed)
			fed = append(fed, m.Point(all[len(all)-len(out):])...)
		}
	})
}

func TestNextAllocatesNothing(t *testing.T) {
	m := randomNext(t, 1, Next{Loss: LossQuantile, Quantiles: []float64{0.1, 0.5, 0.9}, Residual: true}, 2, 3, 30, 2)
	s, scratch, x := m.NewState(), m.NewState(), make([]float32, m.Dim())
	out, ahead := make([]float32, m.Outputs()), make([]float32, 10*m.Dim())
	if n := testing.AllocsPerRun(20, func() { m.Step(nil, s, x); m.Next(out, s); m.ForecastAhead(ahead, s, scratch, out) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// If the weights of the head are zero, a residual model repeats the last sample of each channel.
func TestUntrainedResidualIsNaive(t *testing.T) {
	m := randomNext(t, 2, Next{Loss: LossSquared, Residual: true}, 2, 2, 4, 1)
	clear(m.Params.NextW)
	clear(m.Params.NextB)
	for j := range m.Params.Mean {
		m.Params.Mean[j], m.Params.Scale[j] = float32(j%2), 2
	}
	for j, v := range m.Forecasts([]float32{1, 2, 3, 4}) {
		if want := float64(3 + j%2); math.Abs(float64(v)-want) > 1e-6 {
			t.Errorf("value %d is %v, want %v", j, v, want)
		}
	}
}

// Next excludes every part of a classifier, and quantiles must be valid.
func TestNextRefusesPartsOfClassifiers(t *testing.T) {
	good := randomNext(t, 3, Next{Loss: LossSquared}, 1, 1, 2, 1).Config
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"labels", func(c *Config) { c.Labels = []string{"a", "b"} }, `model: next: a network that predicts the next frame has no labels, running or confirm head, or calibration: leave them out`},
		{"confirm head", func(c *Config) { c.Confirm = true }, `model: next: a network that predicts the next frame has no labels, running or confirm head, or calibration: leave them out`},
		{"deltas", func(c *Config) { c.Front.Deltas = 1 }, `model: next: front end raw with deltas 1: a forecast needs the front end raw without deltas`},
		{"segmenter", func(c *Config) { c.Segment.Kind = segment.Fixed }, `model: next: segmenter fixed: a forecast covers the whole signal, want the segmenter whole and none of its fields`},
		{"decision", func(c *Config) { c.Decision.Threshold = 0.5 }, `model: next: there is no label to decide on: leave the decision's rules out`},
		{"unknown loss", func(c *Config) { c.Next = &Next{Loss: "absolute"} }, `model: next: loss "absolute": want squared or quantile, or entropy for text`},
		{"quantiles of squared loss", func(c *Config) { c.Next = &Next{Loss: LossSquared, Quantiles: []float64{0.5}} }, `model: next: quantiles [0.5] with the loss squared: use the loss quantile, or leave them out`},
		{"equal quantiles", func(c *Config) { c.Next = &Next{Loss: LossQuantile, Quantiles: []float64{0.5, 0.5}} }, `model: next: quantiles [0.5 0.5]: want ascending numbers between 0 and 1`},
		{"no median", func(c *Config) { c.Next = &Next{Loss: LossQuantile, Quantiles: []float64{0.4}} }, `model: next: quantiles [0.4]: 0.5, the forecast itself, must be one of them`},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := good
			c.change(&bad)
			if err := bad.Check(); err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
	p := NewParams(&good, 1)
	p.Scale[0] = 0
	if _, err := New(good, p); err == nil {
		t.Error("a scale of 0 was accepted")
	}
}

// A model of text gives the same probabilities step by step and offline, also after saving and
// loading, and Draw never returns code 0.
func TestNextOfTextGivesProbabilities(t *testing.T) {
	c := Config{Version: 1, Labels: []string{}, Channels: 1, Hidden: 7, Layers: 2, Running: RunningNone, Next: &Next{Loss: LossEntropy},
		Front: feature.Config{Kind: feature.KindChars, Alphabet: " abc"}, Segment: segment.Config{Kind: segment.Whole}, Decision: decide.Config{State: "reset", Gap: "reset"}}
	p, rng := NewParams(&c, 1), rand.New(rand.NewPCG(1, 6))
	p.Init(rng)
	for i := range p.NextW {
		p.NextW[i] = float32(rng.NormFloat64())
	}
	m, err := New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := Load(bytes.NewReader(m.Bytes())); err != nil || !bytes.Equal(back.Bytes(), m.Bytes()) {
		t.Fatal(err)
	}
	codes := []float32{1, 2, 0, 4, 4, 3}
	want, s, probs := m.Forecasts(codes), m.NewState(), make([]float32, 5)
	for i := range codes {
		m.Step(nil, s, codes[i:i+1])
		m.Next(probs, s)
		testkit.SameBits(t, "probabilities", probs, want[i*5:][:5])
		sum := 0.0
		for _, v := range probs {
			sum += float64(v)
		}
		if math.Abs(sum-1) > 1e-5 {
			t.Errorf("they sum up to %v", sum)
		}
	}
	count := [4]int{}
	for range 4000 {
		count[Draw([]float32{0.9, 0.01, 0.03, 0.06}, 1, rng)]++
	}
	if count[0] != 0 || math.Abs(float64(count[3])/4000-0.6) > 0.04 || math.Abs(float64(count[1])/4000-0.1) > 0.03 {
		t.Errorf("drawn %v", count)
	}
	if k := Draw([]float32{0.9, 0.01, 0.06, 0.03}, 0, rng); k != 2 {
		t.Errorf("the most probable is 2, not %d", k)
	}
	c.Next.Residual = true
	if err := c.Check(); err == nil {
		t.Error("residual characters")
	}
	c.Next = &Next{Loss: LossSquared}
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), "entropy") {
		t.Error(err)
	}
}

// Generate draws what Next and Draw give step by step, and leaves the state after the last
// character.
func TestGenerateEqualsNextDrawStep(t *testing.T) {
	c := Config{Version: 1, Labels: []string{}, Channels: 1, Hidden: 4, Layers: 1, Running: RunningNone, Next: &Next{Loss: LossEntropy},
		Front:    feature.Config{Kind: feature.KindChars, Alphabet: " abc"},
		Segment:  segment.Config{Kind: segment.Whole},
		Decision: decide.Config{State: decide.Reset, Gap: decide.GapReset}}
	p := NewParams(&c, 1)
	p.Init(rand.New(rand.NewPCG(1, 1)))
	m, err := New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	s, rng := m.NewState(), rand.New(rand.NewPCG(7, 0))
	var want []rune
	probs := make([]float32, m.Outputs())
	for range 20 {
		m.Next(probs, s)
		k := Draw(probs, 1, rng)
		want = append(want, []rune(c.Front.Alphabet)[k-1])
		m.Step(nil, s, []float32{float32(k)})
	}
	after := m.NewState()
	got := slices.Collect(m.Generate(after, 20, 1, rand.New(rand.NewPCG(7, 0))))
	if !slices.Equal(got, want) || !slices.Equal(after.Top(), s.Top()) {
		t.Errorf("%q, want %q", string(got), string(want))
	}
	for range m.Generate(after, 20, 1, rng) {
		break
	}
}
