//go:build unix

package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"inkling/capture"
	"inkling/internal/testkit/testmodel"
	"inkling/model"
	"inkling/model/feature"
	"inkling/model/segment"
)

// lines returns the events of each stream as JSON.
func lines(t *testing.T, events []Event) map[string]string {
	t.Helper()
	all := map[string]string{}
	for i := range events {
		line, err := json.Marshal(&events[i])
		if err != nil {
			t.Fatal(err)
		}
		all[events[i].Stream] += string(line) + "\n"
	}
	return all
}

// runTogether runs models over one source, and returns the events of each.
func runTogether(t *testing.T, blocks []capture.Block, shared *Shared, models []*model.Model, os []Options, edit func(i int, o *RunOptions, src capture.Source) capture.Source) [][]Event {
	t.Helper()
	tee := capture.NewTee(t.Context(), capture.NewMemory(blocks...))
	outs := make([]kept, len(models))
	errs := make([]error, len(models))
	sources := make([]capture.Source, len(models))
	for i := range sources {
		sources[i] = tee.Reader()
	}
	var all sync.WaitGroup
	for i := range models {
		all.Go(func() {
			o := &RunOptions{Options: os[i], Session: "s", Finite: true, Shared: shared, now: func() time.Time { return time.Unix(1e9, 0) }}
			src := sources[i]
			if edit != nil {
				src = edit(i, o, src)
			}
			errs[i] = Run(t.Context(), src, models[i], o, &outs[i])
			sources[i].Close()
		})
	}
	all.Wait()
	events := make([][]Event, len(models))
	for i := range models {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		events[i] = outs[i].events
	}
	return events
}

// cutAtRandom divides the signals of streams into blocks, with lost and broken samples.
func cutAtRandom(rng *rand.Rand, rate float64, signals ...[]float32) (blocks []capture.Block) {
	at := make([]int, len(signals))
	for left := len(signals); left > 0; {
		i := rng.IntN(len(signals))
		x := signals[i]
		if at[i] == len(x) {
			continue
		}
		n := min(1+rng.IntN(400), len(x)-at[i])
		part := append([]float32(nil), x[at[i]:at[i]+n]...)
		at[i] += n
		done := at[i] == len(x)
		switch rng.IntN(30) {
		case 0:
			part[rng.IntN(n)] = float32(math.NaN())
		case 1:
			if !done {
				continue // lost
			}
		}
		if done {
			left--
		}
		blocks = append(blocks, capture.Block{Stream: fmt.Sprint("s", i), Format: capture.Format{Rate: rate, Channels: 1},
			Offset: uint64(at[i] - n), Samples: part, Done: done})
	}
	return blocks
}

// Runs that share their work have the events that they have alone, to the byte: with front
// ends that are equal, and with others.
func TestSharedRunsEqualThoseAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	mel := listenFront()
	deltas := mel
	deltas.Deltas = 1
	relative := mel
	relative.MeanPrior = 3
	other := mel
	other.Bands = 7
	label, labelled := detectorModel(t, 3)
	label2 := withDetector(t, randomModel(t, 8, listenFront(), listenRate, 1, 1, model.RunningSoftmax, true), 9)
	activity := Options{Segment: &segment.Config{Kind: segment.Activity, MinDuration: 0.01, Hold: 0.05}}
	fixed := Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 7}}
	of := func(seed uint64, f feature.Config) *model.Model {
		return randomModel(t, seed, f, listenRate, 1, 1, model.RunningSoftmax, true)
	}
	cases := []struct {
		name   string
		models []*model.Model
		os     []Options
		shares bool // most frames
	}{
		{"equal", []*model.Model{of(1, mel), of(2, mel)}, []Options{activity, activity}, true},
		{"three", []*model.Model{of(1, mel), of(2, mel), of(3, mel)}, []Options{fixed, fixed, fixed}, true},
		{"deltas", []*model.Model{of(1, mel), of(2, deltas)}, []Options{activity, activity}, true},
		{"relative to the mean", []*model.Model{of(1, mel), of(2, relative)}, []Options{activity, activity}, true},
		{"detectors", []*model.Model{label, label2}, []Options{labelled, labelled}, true},
		{"other segments", []*model.Model{of(1, mel), of(2, mel)}, []Options{activity, fixed}, false},
		{"other bands", []*model.Model{of(1, mel), of(2, other)}, []Options{activity, activity}, false},
		{"stem", []*model.Model{overStem(t, of(1, mel), "conv:3/1x4", 1), of(2, mel)}, []Options{activity, activity}, true},
		{"raw", []*model.Model{of(1, feature.Config{Kind: feature.KindRaw, Samples: 5}), of(2, feature.Config{Kind: feature.KindStats, Samples: 16})}, []Options{fixed, fixed}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, rate := range []float64{listenRate, listenRate * 3 / 2} {
				blocks := cutAtRandom(rng, rate, bursts(rng, 4000, 1, listenRate), bursts(rng, 2500, 1, listenRate))
				shared := &Shared{}
				got := runTogether(t, blocks, shared, c.models, c.os, nil)
				taken, computed := shared.Frames()
				if c.shares && taken <= computed/4 || c.name == "other bands" && taken > 0 {
					t.Errorf("at %v Hz %d frames taken, %d computed", rate, taken, computed)
				}
				for i := range c.models {
					alone := lines(t, runTogether(t, blocks, nil, c.models[i:i+1], c.os[i:i+1], nil)[0])
					for stream, want := range alone {
						if have := lines(t, got[i])[stream]; have != want {
							t.Errorf("at %v Hz model %d, stream %q: %d bytes of events, alone %d", rate, i, stream, len(have), len(want))
						}
					}
				}
			}
		})
	}
}

// before is a source that calls do before each block.
type before struct {
	capture.Source
	do func()
}

func (s *before) Read(ctx context.Context, b *capture.Block) error {
	s.do()
	return s.Source.Read(ctx, b)
}

// One of the models is exchanged while both run: the other has the events that it has alone,
// and of the exchanged one no sample is lost.
func TestSharedRunSwitches(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	first, second := randomModel(t, 1, listenFront(), listenRate, 1, 1, model.RunningSoftmax, true), randomModel(t, 2, listenFront(), listenRate, 1, 1, model.RunningSoftmax, true)
	o := Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 7}, Threshold: -1}
	blocks := cutAtRandom(rng, listenRate, bursts(rng, 6000, 1, listenRate))
	models, os := []*model.Model{first, first}, []Options{o, o}
	alone := lines(t, runTogether(t, blocks, nil, models[:1], os[:1], nil)[0])
	seen := 0
	for range 5 {
		at, n, sw := rng.IntN(len(blocks)), 0, &Switch{}
		got := runTogether(t, blocks, &Shared{}, models, os, func(i int, r *RunOptions, src capture.Source) capture.Source {
			if i == 0 {
				return src
			}
			r.Switch = sw
			return &before{src, func() {
				if n++; n == at {
					if err := sw.To(second, &o); err != nil {
						t.Error(err)
					}
				}
			}}
		})
		if have := lines(t, got[0])["s0"]; have != alone["s0"] {
			t.Error("the run whose model stays has other events than alone")
		}
		var want, have []string
		for _, e := range got[0] {
			if e.Type == Confirmed {
				want = append(want, fmt.Sprint(e.Segment, e.Start, e.End))
			}
		}
		for _, e := range got[1] {
			if e.Type == Confirmed {
				have = append(have, fmt.Sprint(e.Segment, e.Start, e.End))
			}
		}
		if fmt.Sprint(have) != fmt.Sprint(want) {
			t.Errorf("segments after the switch %v, want %v", have, want)
		}
		if lines(t, got[1])["s0"] != alone["s0"] {
			seen++
		}
	}
	if seen == 0 {
		t.Error("no switch changed anything")
	}
}

// A stepCounter counts steps.
type stepCounter struct{ steps atomic.Int64 }

func (*stepCounter) Begin(func() Load)                 {}
func (*stepCounter) Event(*Event)                      {}
func (c *stepCounter) Turn(n int, _ time.Duration)     { c.steps.Add(int64(n)) }
func (*stepCounter) Block(int, float64, time.Duration) {}

// sums returns the processor time of the steps of a model and of confirming them, in segments of
// a hundred: what no other model can save it.
func sums(b *testing.B, m *model.Model, steps int) time.Duration {
	frame, probs := make([]float32, m.Dim()), make([]float32, len(m.Config.Labels))
	tops := make([]float32, 100*m.TopDim())
	state := m.NewState()
	began := processorTime(b)
	for i := range steps {
		if m.Step(probs, state, frame); i%100 == 99 {
			m.Confirm(probs, state, tops)
		}
	}
	return processorTime(b) - began
}

// benchmarkShared compares the processor time of one pipeline with that of two models on the same
// source, in turn: as serve runs them, and with only their source in common.
func benchmarkShared(b *testing.B, front feature.Config, rate, from float64, o Options, edit func(*model.Config)) {
	rng := rand.New(rand.NewPCG(3, 3))
	const seconds = 200
	x := bursts(rng, int(from*seconds), 1, from)
	blocks := capture.Cut("s", capture.Format{Rate: from, Channels: 1}, x, int(from/20))
	var models []*model.Model
	for range 2 {
		c := testmodel.Labels(rate, 1, "a", "b", "c")
		c.Hidden, c.Front = 100, front
		if edit != nil {
			edit(&c)
		}
		models = append(models, testmodel.New(b, c, rng))
	}
	steps := &stepCounter{}
	run := func(n int, shared *Shared) time.Duration {
		began := processorTime(b)
		tee := capture.NewTee(b.Context(), capture.NewMemory(blocks...))
		var all sync.WaitGroup
		for i := range n {
			src := tee.Reader()
			all.Go(func() {
				opts := &RunOptions{Options: o, Finite: true, Shared: shared}
				if n == 1 {
					opts.Meter = steps
				}
				if err := Run(b.Context(), src, models[i], opts); err != nil {
					b.Error(err)
				}
				src.Close()
			})
		}
		all.Wait()
		return processorTime(b) - began
	}
	run(2, &Shared{})
	var one, both, apart, own time.Duration
	var taken, computed uint64
	for range b.N {
		steps.steps.Store(0)
		one += run(1, nil)
		own += sums(b, models[1], int(steps.steps.Load()))
		shared := &Shared{}
		both += run(2, shared)
		t, c := shared.Frames()
		taken, computed = taken+t, computed+c
		apart += run(2, nil)
	}
	percent := func(d time.Duration) float64 { return 100 * float64(d) / float64(one) }
	b.ReportMetric(percent(both-one), "%more")
	b.ReportMetric(percent(apart-one), "%more-unshared")
	b.ReportMetric(percent(own), "%sums")
	b.ReportMetric(100*float64(taken)/float64(taken+computed), "%taken")
}

func BenchmarkSecondModel(b *testing.B) {
	activity := Options{Segment: &segment.Config{Kind: segment.Activity}, Emit: Emit{Change: true}}
	mel := feature.Config{Kind: feature.KindLogMel}
	b.Run("logmel/16kHz", func(b *testing.B) { benchmarkShared(b, mel, 16000, 16000, activity, nil) })
	b.Run("logmel/44kHz", func(b *testing.B) { benchmarkShared(b, mel, 44100, 44100, activity, nil) })
	b.Run("logmel/48to16kHz", func(b *testing.B) { benchmarkShared(b, mel, 16000, 48000, activity, nil) })
	label := Options{Segment: &segment.Config{Kind: segment.Label, DetectOn: 0.99, DetectOff: 0.98}, Emit: Emit{Change: true}}
	b.Run("detector/16kHz", func(b *testing.B) {
		benchmarkShared(b, mel, 16000, 16000, label, func(c *model.Config) { c.Detector = &model.DetectorConfig{Hidden: 32} })
	})
}
