package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// toySet holds n noisy waves of 12 to 30 samples, two channels and three
// labels, which differ in how fast they turn.
func toySet(n int, seed uint64) *dataset.Set {
	rng := rand.New(rand.NewPCG(seed, 7))
	s := &dataset.Set{Kind: dataset.Series, Labels: []string{"fast", "mid", "slow"}, Channels: 2, Hash: fmt.Sprint("toy ", n, seed)}
	for i := range n {
		label, steps, phase := i%3, 12+rng.IntN(19), 2*math.Pi*rng.Float64()
		e := dataset.Example{Name: fmt.Sprint("toy:", i), Group: fmt.Sprint("g", i), Label: label, Hash: fmt.Sprintf("%08x", rng.Uint32())}
		for t := range steps {
			a := phase + float64(t)*[]float64{1.4, 0.7, 0.35}[label]
			e.Samples = append(e.Samples, float32(math.Sin(a)+0.1*rng.NormFloat64()), float32(5+3*math.Cos(a)+0.1*rng.NormFloat64()))
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}

// toyAudio holds n short sounds at 8 kHz of two labels: low and high tones.
func toyAudio(n int, seed uint64) *dataset.Set {
	rng := rand.New(rand.NewPCG(seed, 8))
	s := &dataset.Set{Kind: dataset.Audio, Labels: []string{"background", "tone"}, Channels: 1, Rate: 8000, Hash: fmt.Sprint("audio ", n, seed)}
	for i := range n {
		e := dataset.Example{Name: fmt.Sprint(i, ".wav"), Group: fmt.Sprint("g", i), Label: i % 2, Rate: 8000, Hash: fmt.Sprintf("%08x", rng.Uint32())}
		hz := 300 + 100*rng.Float64() + 900*float64(i%2)
		for t := range 1200 + rng.IntN(800) {
			e.Samples = append(e.Samples, float32(0.3*math.Sin(2*math.Pi*hz*float64(t)/8000)+0.03*rng.NormFloat64()))
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}

// toyOptions train small networks in a moment, with every augmentation on.
func toyOptions() Options {
	o := NewOptions()
	o.Front, o.Hidden, o.Epochs, o.Batch, o.LR, o.Seed = feature.Config{Kind: feature.KindRaw}, 12, 4, 20, 0.01, 3
	return o
}

func TestLearnsAToySet(t *testing.T) {
	t.Parallel()
	o, notes, _ := Defaults(toySet(150, 1), "")
	if len(notes) == 0 {
		t.Error("Defaults does not say what it chose")
	}
	o.Hidden, o.MinUpdates, o.Seed = 24, 300, 1
	var warnings []string
	r, err := Fit(t.Context(), toySet(150, 1), nil, o, Hooks{Warn: func(s string) { warnings = append(warnings, s) }}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 1 || !strings.Contains(warnings[0], "150 held-out sequences cannot show") {
		t.Errorf("warnings: %q", warnings)
	}
	right, running := rightOf(t, r.Model, toySet(90, 2))
	if right < 86 || running < 84 {
		t.Errorf("%d of 90 confirmed right, %d running", right, running)
	}
	if m := r.Model.Config.Origin.Measured; m["validation_confirmed"] < 0.9 || m["validation_examples"] < 10 {
		t.Errorf("measured: %v", m)
	}
	d := r.Model.Config.Decision
	if d.Early == nil || d.Threshold != 0 || r.Model.Config.Calibration == nil {
		t.Errorf("decision: %+v", d)
	}
}

// rightOf counts the examples of set whose label m confirms, and whose running label is
// right at the end.
func rightOf(t *testing.T, m *model.Model, set *dataset.Set) (confirmed, running int) {
	t.Helper()
	n := m.Classes()
	for _, e := range set.Examples {
		x, err := m.Front()
		if err != nil {
			t.Fatal(err)
		}
		p := m.Predict(x.Flush(x.Push(nil, e.Samples)))
		if f32.Argmax(p.Confirm) == e.Label {
			confirmed++
		}
		if f32.Argmax(p.Running[(p.Steps-1)*n:]) == e.Label {
			running++
		}
	}
	return confirmed, running
}
