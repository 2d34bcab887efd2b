package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/cell"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
)

// One seed gives one file, whatever the number of processors; another seed
// gives another.
func TestSameModelOnAnyNumberOfProcessors(t *testing.T) {
	for name, v := range variety() {
		t.Run(name, func(t *testing.T) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			want, rows := fitBytes(t, v.set, v.o, Hooks{}, nil)
			for _, n := range []int{2, 3} {
				runtime.GOMAXPROCS(n)
				got, gotRows := fitBytes(t, v.set, v.o, Hooks{}, nil)
				if !bytes.Equal(got, want) || !equalRows(rows, gotRows) {
					t.Errorf("another model on %d processors", n)
				}
			}
			v.o.Seed++
			if other, _ := fitBytes(t, v.set, v.o, Hooks{}, nil); bytes.Equal(other, want) {
				t.Error("another seed gives the same model")
			}
		})
	}
}

// A training that is interrupted again and again at random updates and resumed
// each time ends in the file of one that was left alone.
func TestResumedTrainingEndsInTheSameModel(t *testing.T) {
	t.Parallel()
	for name, v := range variety() {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(5, 5)) // its own: a map has no order
			want, rows := fitBytes(t, v.set, v.o, Hooks{}, nil)
			var checkpoint []byte
			interrupted := 0
			for {
				ctx, cancel := context.WithCancel(t.Context())
				left := rng.IntN(3)
				hooks := Hooks{
					Progress: func(Progress) {
						if left--; left < 0 {
							cancel()
						}
					},
					Checkpoint: func(write func() []byte) error {
						if ctx.Err() != nil {
							checkpoint = write()
						}
						return nil
					},
				}
				r, err := Fit(ctx, v.set, nil, v.o, hooks, checkpoint)
				cancel()
				if err == nil {
					for i := range r.Rows {
						r.Rows[i].Seconds = 0
					}
					if !bytes.Equal(r.Model.Bytes(), want) || !equalRows(r.Rows, rows) {
						t.Errorf("another model after %d interruptions", interrupted)
					}
					break
				}
				if !errors.Is(err, ErrInterrupted) {
					t.Fatal(err)
				}
				interrupted++
			}
			if interrupted < 2 {
				t.Errorf("interrupted %d times only", interrupted)
			}
		})
	}
}

// The best so far comes back with ErrInterrupted.
func TestInterruptionKeepsTheBest(t *testing.T) {
	o := toyOptions()
	o.Epochs = 50
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Fit(ctx, toySet(70, 1), nil, o, Hooks{Epoch: func(r Row) {
		if r.Epoch == 3 {
			cancel()
		}
	}}, nil)
	if !errors.Is(err, ErrInterrupted) || r == nil || len(r.Rows) != 3 || r.Best < 1 {
		t.Fatalf("%v, %v", r, err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	if r, err := Fit(ctx, toySet(70, 1), nil, o, Hooks{}, nil); r != nil || !errors.Is(err, ErrInterrupted) {
		t.Errorf("%v, %v", r, err)
	}
}

func TestCheckpointOfAnotherTrainingIsRefused(t *testing.T) {
	o := toyOptions()
	var checkpoint []byte
	keep := Hooks{Checkpoint: func(write func() []byte) error { checkpoint = write(); return nil }}
	fitBytes(t, toySet(70, 1), o, keep, nil)
	for want, change := range map[string]func(set *dataset.Set, o *Options){
		"lr":            func(_ *dataset.Set, o *Options) { o.LR = 0.02 },
		"seed":          func(_ *dataset.Set, o *Options) { o.Seed++ },
		"noise":         func(_ *dataset.Set, o *Options) { o.Noise = 0 },
		"hidden":        func(_ *dataset.Set, o *Options) { o.Hidden++ },
		"front end":     func(_ *dataset.Set, o *Options) { o.Front.Deltas = 1 },
		"training data": func(s *dataset.Set, _ *Options) { s.Hash = "other" },
	} {
		set, changed := toySet(70, 1), o
		change(set, &changed)
		_, err := Fit(t.Context(), set, nil, changed, Hooks{}, checkpoint)
		if err == nil || !strings.Contains(err.Error(), "checkpoint") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s changed: %v", want, err)
		}
	}
	if _, err := Fit(t.Context(), toySet(70, 1), toySet(30, 2), o, keep, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Fit(t.Context(), toySet(70, 1), toySet(30, 3), o, Hooks{}, checkpoint); err == nil || !strings.Contains(err.Error(), "validation data") {
		t.Errorf("another validation set: %v", err)
	}
	if _, err := Fit(t.Context(), toySet(70, 1), nil, o, Hooks{}, checkpoint[:len(checkpoint)/2]); err == nil {
		t.Error("half a checkpoint is taken")
	}
}

func TestCheckpointErrorEndsTheTraining(t *testing.T) {
	full := errors.New("no space left")
	_, err := Fit(t.Context(), toySet(70, 1), nil, toyOptions(), Hooks{Checkpoint: func(func() []byte) error { return full }}, nil)
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
}

// A validation example's outcome is Predict's, to the bit: no padding, no
// neighbour in the batch changes it.
func TestValidationEqualsPredict(t *testing.T) {
	t.Parallel()
	for name, v := range variety() {
		t.Run(name, func(t *testing.T) {
			o := v.o
			if o.Next != nil {
				t.Skip("it has no labels: see TestForecastLossIsThatOfTheModel")
			}
			o.Epochs = 1
			tr, err := prepare(v.set, nil, o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tr.epoch(t.Context(), &Hooks{}); err != nil {
				t.Fatal(err)
			}
			judged := tr.train
			e := tr.evaluate(tr.params, judged)
			m, err := model.New(*tr.config, tr.params.Clone(tr.config))
			if err != nil {
				t.Fatal(err)
			}
			for i, ex := range judged.set.Examples {
				x, err := m.Front()
				if err != nil {
					t.Fatal(err)
				}
				p := m.Predict(x.Flush(x.Push(nil, ex.Samples)))
				if !equalBits(p.Confirm, e.finals[i].Probs) || !equalBits(p.Running, e.finals[i].Running) {
					t.Fatalf("example %d: %v in the batch, %v alone", i, e.finals[i].Probs, p.Confirm)
				}
			}
		})
	}
}

func TestUnusableDataAreRefused(t *testing.T) {
	nan := toySet(70, 1)
	nan.Examples[4].Samples[7] = float32(math.NaN())
	one := toySet(70, 1)
	for i := range one.Examples {
		one.Examples[i].Label = 1
	}
	short := toySet(70, 1)
	short.Examples[9].Samples = nil
	negative := toyOptions()
	negative.LR = -1
	nothing := toyOptions()
	nothing.Running, nothing.NoConfirm = model.RunningNone, true
	mel := toyOptions()
	mel.Front = feature.Config{Kind: feature.KindLogMel}
	for _, c := range []struct {
		set  *dataset.Set
		o    Options
		want []string
	}{
		{nan, toyOptions(), []string{"toy:4", "feature 1", "step 4", "NaN", "remove or repair"}},
		{one, toyOptions(), []string{"mid", "at least two labels"}},
		{toySet(5, 1), toyOptions(), []string{"5 examples of 3 labels", "at least two"}},
		{&dataset.Set{Labels: []string{"a", "b"}}, toyOptions(), []string{"no examples"}},
		{short, toyOptions(), []string{"toy:9", "too short", "leave it out"}},
		{toySet(70, 1), negative, []string{"train.Options.LR is -1: give 1e-09 to 10"}},
		{toySet(70, 1), nothing, []string{"neither a running nor a confirm head"}},
		{toySet(70, 1), mel, []string{"logmel", "rate"}},
	} {
		_, err := Fit(t.Context(), c.set, nil, c.o, Hooks{}, nil)
		if err == nil {
			t.Errorf("want an error with %q", c.want)
			continue
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%v: no word of %q", err, w)
			}
		}
	}
	other := toySet(30, 2)
	other.Labels = []string{"fast", "mid", "slower"}
	rate := toySet(30, 2)
	rate.Rate = 50
	for _, valid := range []*dataset.Set{other, rate} {
		if _, err := Fit(t.Context(), toySet(70, 1), valid, toyOptions(), Hooks{}, nil); err == nil || !strings.Contains(err.Error(), "validation set") {
			t.Errorf("%v", err)
		}
	}
}

// Divergence stops the training, with advice, and the best so far is kept.
func TestDivergenceKeepsTheBest(t *testing.T) {
	o := toyOptions()
	o.Epochs = 30
	o.Validation = 0.2
	set := toySet(70, 1)
	tr, err := prepare(set, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	var checkpoint []byte
	r, err := Fit(t.Context(), set, nil, o, Hooks{Checkpoint: func(write func() []byte) error {
		checkpoint = write()
		return nil
	}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.restore(checkpoint); err != nil {
		t.Fatal(err)
	}
	tr.params.ConfirmW[0] = float32(math.Inf(1))
	if _, err := tr.epoch(t.Context(), &Hooks{}); !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "Options.LR") {
		t.Errorf("%v", err)
	}
	kept, err := tr.stopped(ErrDiverged, &Hooks{})
	if !errors.Is(err, ErrDiverged) || !bytes.Equal(kept.Model.Bytes(), r.Model.Bytes()) {
		t.Errorf("the best before the divergence is lost: %v", err)
	}
}

func TestPatienceEndsTheTraining(t *testing.T) {
	o := toyOptions()
	o.Epochs, o.Patience, o.LR, o.Schedule = 500, 2, 0.05, Constant
	r, err := Fit(t.Context(), toySet(70, 1), nil, o, Hooks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) == 500 || len(r.Rows) != r.Best+2 {
		t.Errorf("%d epochs, the best is %d", len(r.Rows), r.Best)
	}
	for i, row := range r.Rows {
		if row.ValidLoss < r.Rows[r.Best-1].ValidLoss {
			t.Errorf("epoch %d is better than the one kept", i+1)
		}
	}
}

// What the model file says of its origin: no time, host or path.
func TestModelKeepsItsOrigin(t *testing.T) {
	t.Parallel()
	set := toyAudio(60, 1)
	o, _, _ := Defaults(set, "")
	o.Hidden, o.Epochs, o.Folds, o.Seed = 8, 1, 2, 42
	r, err := Fit(t.Context(), set, nil, o, Hooks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := r.Model.Config
	if g := c.Origin; g.Seed != 42 || len(g.Examples) != 60 || g.Data == "" || g.Options["hidden"] != "8" || g.Measured["validation_examples"] == 0 {
		t.Errorf("origin: %+v", g)
	}
	if c.Decision.Background != "background" || c.Segment.Kind != segment.Label || c.Decision.Threshold < 0.3 || c.Detector == nil {
		t.Errorf("%+v, %+v", c.Decision, c.Segment)
	}
	back, err := model.Load(bytes.NewReader(r.Model.Bytes()))
	if err != nil || !reflect.DeepEqual(back.Config, c) {
		t.Errorf("the file does not come back: %v", err)
	}
}

// However little memory the activations get, the model is the same to the bit.
func TestActivationBudgetChangesNoBit(t *testing.T) {
	t.Parallel()
	kinds := variety()
	long := toySet(24, 2)
	for i := range long.Examples {
		e := &long.Examples[i]
		for len(e.Samples) < 600+i*20 {
			e.Samples = append(e.Samples, e.Samples...)
		}
	}
	o := toyOptions()
	o.Epochs, o.Layers = 2, 2
	kinds["long"] = struct {
		set *dataset.Set
		o   Options
	}{long, o}
	for name, k := range kinds {
		t.Run(name, func(t *testing.T) {
			want, rows := fitBytes(t, k.set, k.o, Hooks{}, nil)
			k.o.ActivationBudget = 1
			if name == "long" {
				tr, err := prepare(k.set, nil, k.o)
				if err != nil {
					t.Fatal(err)
				}
				if longest, _ := tr.train.steps(); tr.window(2) > longest/10 {
					t.Fatalf("a window of %d of %d timesteps", tr.window(2), longest)
				}
			}
			got, again := fitBytes(t, k.set, k.o, Hooks{}, nil)
			if !bytes.Equal(got, want) || !equalRows(rows, again) {
				t.Error("another model")
			}
		})
	}
}

// Windows cover every timestep once and end where they may.
func TestWindowsCoverEveryStepOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		active := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 400).Draw(t, "active")
		slices.Sort(active)
		slices.Reverse(active)
		s := span{rapid.IntRange(1, 500).Draw(t, "truncate"), rapid.IntRange(1, 500).Draw(t, "window")}
		ws := cut(nil, active, s)
		at, row := 0, 0
		for i, w := range ws {
			if w.from != at || w.row != row || w.to <= w.from || w.cut != (w.from%s.truncate == 0) {
				t.Fatalf("window %d is %+v after timestep %d, row %d", i, w, at, row)
			}
			for _, n := range active[w.from:w.to] {
				row += n
			}
			if at = w.to; w.end != row {
				t.Fatalf("window %d ends at row %d, want %d", i, w.end, row)
			}
			if i > 0 && !w.cut && !cell.Boundary(w.base, active[w.from-1]) {
				t.Fatalf("window %d begins where no sum ends", i)
			}
			if most := s.window + 128; w.to-w.from > most {
				t.Fatalf("window %d has %d timesteps, at most %d", i, w.to-w.from, most)
			}
		}
		if at != len(active) {
			t.Fatalf("%d of %d timesteps", at, len(active))
		}
	})
}
