package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
)

// toySteps holds n recordings at 20 Hz of two channels, whose label changes every few
// seconds: still, a slow wave, a fast one; now and then there is none.
func toySteps(n int, seed uint64) *dataset.Set {
	rng := rand.New(rand.NewPCG(seed, 9))
	s := &dataset.Set{Kind: dataset.Series, Labels: []string{"fast", "slow", "still"}, Channels: 2, Rate: 20, Hash: fmt.Sprint("steps ", n, seed)}
	for i := range n {
		e := dataset.Example{Name: fmt.Sprint("wearer", i), Group: fmt.Sprint("g", i), Rate: 20, Hash: fmt.Sprintf("%08x", rng.Uint32())}
		level := 10 * rng.NormFloat64()
		for _, label := range slices.Concat(rng.Perm(3), rng.Perm(3), []int{-1}) {
			turn := []float64{0, 1.5, 0.4, 0}[label+1]
			for t := range 60 + rng.IntN(60) {
				a := 0.0
				if turn > 0 {
					a = 3 * math.Sin(turn*float64(t))
				}
				e.Samples = append(e.Samples, float32(level+a+0.2*rng.NormFloat64()), float32(a/2-level+0.2*rng.NormFloat64()))
				e.Steps = append(e.Steps, int32(label))
			}
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}

// toyStepOptions are small, for toySteps.
func toyStepOptions() Options {
	o := toyOptions()
	o.Front = feature.Config{Kind: feature.KindStats, Samples: 10, Lags: 3}
	o.NoConfirm, o.Hidden, o.Window, o.Folds, o.Crop = true, 8, 4, 0, 0.3
	o.Validation = 0
	return o
}

// A frame has the label of its last sample.
func TestFrameHasTheLabelOfItsLastSample(t *testing.T) {
	x, err := feature.New(feature.Config{Kind: feature.KindRaw, Samples: 3}, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if l := stepLabels(x, 3, []int32{0, 0, 1, 1, 1, -1, 2}); !slices.Equal(l, []int32{1, -1, 2}) {
		t.Errorf("%v", l)
	}
}

// Whatever is joined, every step has the label of the example that it comes from, and
// pauses come from the background alone.
func TestJoinedStepsKeepTheirLabels(t *testing.T) {
	set := &dataset.Set{Kind: dataset.Series, Labels: []string{"a", "background", "c"}, Channels: 1}
	for i := range 9 {
		e := dataset.Example{Name: fmt.Sprint(i), Label: i % 3}
		for range 5 + i {
			e.Samples = append(e.Samples, float32(10*(i+1)))
			if i == 0 {
				e.Steps = append(e.Steps, int32(len(e.Steps)%3)-1)
			}
		}
		set.Examples = append(set.Examples, e)
	}
	c, err := newCorpus(set, feature.Config{Kind: feature.KindRaw, Samples: 1, Decimate: 1}, &corpus{mean: []float32{0}, scale: []float32{1}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.background, []int{1, 4, 7}) {
		t.Fatalf("background: %v", c.background)
	}
	o := Options{Crop: 0.5}
	pauses, others := 0, 0
	for seed := range 200 {
		s := c.streamed(3, &o, random(uint64(seed), forExample, 0, 0))
		if s.steps != len(s.x) || s.x[0] != 40 || len(s.labels) != s.steps {
			t.Fatalf("%d steps of %d, beginning with %v", s.steps, len(s.x), s.x[0])
		}
		for k, v := range s.x {
			i := int(v)/10 - 1
			if l := s.labels[k]; i > 0 && int(l) != i%3 {
				t.Fatalf("step %d is of example %d and has label %d", k, i, l)
			}
			if k > 0 && v != s.x[k-1] {
				if i%3 == 1 {
					pauses++
				} else {
					others++
				}
			}
		}
	}
	if share := float64(pauses) / float64(pauses+others); share < 0.5 || share > 0.8 {
		t.Errorf("%.2f of what is joined is background", share)
	}
}

func TestLearnsSteps(t *testing.T) {
	t.Parallel()
	for _, runs := range []RunsMode{RunsCut, RunsWhole} {
		set := toySteps(6, 1)
		o, notes, err := Defaults(set, "")
		if err != nil || !strings.Contains(strings.Join(notes, " "), "powers by scale") || !o.NoConfirm || o.Carry != 1 {
			t.Fatalf("%+v, %q, %v", o, notes, err)
		}
		o.Hidden, o.MinUpdates, o.Seed, o.Runs, o.Folds, o.Batch = 12, 80, 1, runs, 3, 16
		if runs == RunsWhole {
			o.Carry = 0
		}
		r, err := Fit(t.Context(), set, nil, o, Hooks{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := r.Model.Config
		if c.Decision.State != "carry" || c.Segment.Kind != segment.Whole || c.Calibration == nil || c.Decision.Early != nil || len(r.Held) != 6 {
			t.Errorf("%s: %+v, %+v, %d held out", runs, c.Decision, c.Segment, len(r.Held))
		}
		if v := c.Origin.Measured["validation_running"]; v < 0.85 {
			t.Errorf("%s: %v of the held-out steps are right", runs, v)
		}
		if len(c.Origin.Examples) != 6 || c.Origin.Data != set.Hash {
			t.Errorf("%s: the model remembers %q of %s", runs, c.Origin.Examples, c.Origin.Data)
		}
	}
}

func TestImpossibleStepOptionsAreRefused(t *testing.T) {
	for want, edit := range map[string]func(*Options){
		"would add up":                    func(o *Options) { o.Running = model.RunningEvidence },
		"give cut or":                     func(o *Options) { o.Runs = "both" },
		"several":                         func(o *Options) { o.Runs, o.NoConfirm = RunsWhole, false },
		"give 0 to 1":                     func(o *Options) { o.Carry = 2 },
		"at least the length of a sample": func(o *Options) { o.Window = 1e-9 },
	} {
		o := toyStepOptions()
		edit(&o)
		if _, err := Fit(t.Context(), toySteps(2, 1), nil, o, Hooks{}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	o := toyOptions()
	o.Carry = 1
	if _, err := Fit(t.Context(), toySet(30, 1), nil, o, Hooks{}, nil); err == nil || !strings.Contains(err.Error(), "0.5") {
		t.Errorf("a confirm head that learns nothing: %v", err)
	}
	o.Carry, o.Running = 0.5, model.RunningEvidence
	if _, err := Fit(t.Context(), toySet(30, 1), nil, o, Hooks{}, nil); err == nil || !strings.Contains(err.Error(), "forgets") {
		t.Errorf("an endless stream with evidence: %v", err)
	}
}

// A network trained on joined examples is right soon after a change in the middle of
// an endless stream; one that has only seen examples by themselves is not.
func TestCarriedTrainingIsRightAfterAChange(t *testing.T) {
	t.Parallel()
	var right [2]float64
	for i, stream := range []float64{0, 0.5} {
		o := toyOptions()
		o.Hidden, o.Epochs, o.MinUpdates, o.Carry, o.Folds, o.Validation = 16, 0, 200, stream, 0, 0
		r, err := Fit(t.Context(), toySet(120, 1), nil, o, Hooks{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if state := r.Model.Config.Decision.State; (state == "carry") != (stream > 0) {
			t.Errorf("stream %v: state %s", stream, state)
		}
		right[i] = afterChange(t, r.Model, toySet(300, 2), 0.5)
	}
	t.Logf("right in the middle of an example: %.3f without, %.3f with", right[0], right[1])
	if right[1] < right[0]+0.2 || right[1] < 0.7 {
		t.Errorf("%.3f right without joined examples, %.3f with", right[0], right[1])
	}
}

// afterChange is how often the running label is right when so much of an example has
// been heard, one following another and the state carried on.
func afterChange(t *testing.T, m *model.Model, set *dataset.Set, part float64) float64 {
	s, probs, right := m.NewState(), make([]float32, m.Classes()), 0
	rng := rand.New(rand.NewPCG(1, 1))
	for _, i := range rng.Perm(len(set.Examples)) {
		x, err := m.Front()
		if err != nil {
			t.Fatal(err)
		}
		frames := x.Flush(x.Push(nil, set.Examples[i].Samples))
		steps := len(frames) / m.Dim()
		for k := range steps {
			m.Step(probs, s, frames[k*m.Dim():(k+1)*m.Dim()])
			if k+1 == int(math.Ceil(part*float64(steps))) && f32.Argmax(probs) == set.Examples[i].Label {
				right++
			}
		}
	}
	return float64(right) / float64(len(set.Examples))
}
