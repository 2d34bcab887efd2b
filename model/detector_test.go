package model

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

func heardModel(t *testing.T) *Model {
	c := Config{Version: 1, Labels: []string{"a", "b"}, Rate: 1000, Channels: 1, Hidden: 4, Layers: 1, Running: RunningSoftmax, Confirm: true,
		Detector: &DetectorConfig{Hidden: 7}, Segment: segment.Config{Kind: segment.Label}, Decision: decide.Config{State: "reset", Gap: "reset"}}
	c.Front = feature.Config{Kind: feature.KindRaw, Samples: 5}
	var err error
	if c.Front, err = c.Front.Normalize(c.Rate, 1); err != nil {
		t.Fatal(err)
	}
	p := NewParams(&c, 5)
	p.Init(rand.New(rand.NewPCG(1, 2)))
	m, err := New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Many detectors in one pass say what each says by itself, to the bit, and go on from a
// saved state.
func TestDetectorsInABatch(t *testing.T) {
	m := heardModel(t)
	const n, steps = 21, 30
	rng := rand.New(rand.NewPCG(3, 4))
	var alone, together []*Detector
	for range n {
		alone, together = append(alone, m.NewDetector()), append(together, m.NewDetector())
	}
	b, ps := &DetectorBatch{}, make([]float32, n)
	for step := range steps {
		frames := make([][]float32, n)
		for i := range frames {
			frames[i] = make([]float32, 5)
			for k := range frames[i] {
				frames[i][k] = float32(rng.NormFloat64())
			}
		}
		m.HearBatch(b, ps, together, frames)
		for i, d := range alone {
			if p := d.Hear(frames[i]); math.Float32bits(p) != math.Float32bits(ps[i]) || !(p > 0 && p < 1) {
				t.Fatalf("step %d, stream %d: %v in the batch, %v alone", step, i, ps[i], p)
			}
			state := d.AppendState(nil)
			if !bytes.Equal(state, together[i].AppendState(nil)) {
				t.Fatalf("step %d, stream %d: other states", step, i)
			}
			alone[i] = m.NewDetector()
			if rest, err := alone[i].Restore(append(state, 1, 2)); err != nil || len(rest) != 2 {
				t.Fatal(rest, err)
			}
		}
	}
	if _, err := alone[0].Restore(make([]byte, 55)); err == nil {
		t.Error("a state that is cut off was taken")
	}
	if x := make([]float32, 5); testing.AllocsPerRun(50, func() { alone[0].Hear(x) }) > 0 {
		t.Error("hearing allocates")
	}
}

// A detector belongs to labels of signals; the segmenter label needs one.
func TestDetectorIsChecked(t *testing.T) {
	for what, change := range map[string]func(*Config){
		"no detector":   func(c *Config) { c.Detector = nil },
		"no units":      func(c *Config) { c.Detector.Hidden = 0 },
		"off above on":  func(c *Config) { c.Segment.DetectOn, c.Segment.DetectOff = 0.2, 0.5 },
		"on above one":  func(c *Config) { c.Segment.DetectOn = 1.5 },
		"hold too long": func(c *Config) { c.Segment.Hold = 40 },
	} {
		c := heardModel(t).Config
		d := *c.Detector
		c.Detector = &d
		if change(&c); c.Check() == nil {
			t.Errorf("%s: the configuration was accepted", what)
		}
	}
}

// A step of a detector of 32 units beside one of the network, over 40 features.
func BenchmarkDetector(b *testing.B) {
	c := Config{Version: 1, Labels: []string{"a", "b", "c"}, Rate: 16000, Channels: 1, Hidden: 100, Layers: 1, Running: RunningSoftmax, Confirm: true,
		Detector: &DetectorConfig{Hidden: 32}, Segment: segment.Config{Kind: segment.Label}, Decision: decide.Config{State: "reset", Gap: "reset"}}
	c.Front, _ = feature.Config{Kind: feature.KindLogMel, WindowMS: 25, HopMS: 10, Bands: 40}.Normalize(c.Rate, 1)
	p := NewParams(&c, 40)
	p.Init(rand.New(rand.NewPCG(1, 2)))
	m, err := New(c, p)
	if err != nil {
		b.Fatal(err)
	}
	x, probs := make([]float32, 40), make([]float32, 3)
	for i := range x {
		x[i] = float32(i) / 40
	}
	b.Run("hear", func(b *testing.B) {
		for d := m.NewDetector(); b.Loop(); {
			d.Hear(x)
		}
	})
	b.Run("step", func(b *testing.B) {
		for s := m.NewState(); b.Loop(); {
			m.Step(probs, s, x)
		}
	})
}
