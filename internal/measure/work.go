package measure

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"inkling/cell"
	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
)

// A Work is a Case with what it does.
type Work struct {
	Case
	Hidden, Input, Streams int
	Flops                  float64 // of the products of one repetition; 0: not counted
	Units                  float64 // what is told of is one of so many that a repetition holds; 0: 1
	close                  func()  // nil where there is nothing to end
}

// End ends what w left running; w must not be run after it.
func (w *Work) End() {
	if w.close != nil {
		w.close()
	}
}

// Classes is how many labels the networks made here tell apart.
const Classes = 3

// Network returns a model of random weights over raw frames of d channels, with
// the running head that running names, and a confirm head or none.
func Network(hidden, d int, running model.RunningHead, confirm bool) (*model.Model, error) {
	c := model.Config{Version: 1, Channels: d, Front: feature.Config{Kind: feature.KindRaw}, Hidden: hidden, Layers: 1,
		Running: running, Confirm: confirm, Segment: segment.Config{Kind: segment.Whole},
		Decision: decide.Config{State: "reset", Gap: "reset"}}
	for i := range Classes {
		c.Labels = append(c.Labels, fmt.Sprint("class ", i+1))
	}
	p := model.NewParams(&c, d)
	p.Init(rand.New(rand.NewPCG(1, uint64(hidden*d))))
	return model.New(c, p)
}

// Noise returns n values of a standard normal distribution, the same ones for the
// same seed.
func Noise(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 2))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// stepFlops counts the products of one LSTM step, heads left out.
func stepFlops(hidden, d int) float64 { return float64(8 * hidden * (d + hidden)) }

// Step is one timestep of one stream with the running head and its softmax.
func Step(m *model.Model) Work {
	h, d := m.Config.Hidden, m.Dim()
	s, probs, x := m.NewState(), make([]float32, m.Classes()), Noise(d, 1)
	return Work{Hidden: h, Input: d, Streams: 1, Flops: stepFlops(h, d),
		Case: Case{Name: "step", Threads: 1, Run: Loop(func() { m.Step(probs, s, x) })}}
}

// Batch is one timestep of n streams of one direction, no head.
func Batch(l *cell.LSTM, n, threads int) Work {
	b, x := l.NewBatch(n), Noise(n*l.In(), 2)
	b.Share(threads)
	return Work{Hidden: l.Hidden(), Input: l.In(), Streams: n, Flops: float64(n) * stepFlops(l.Hidden(), l.In()),
		Case: Case{Name: "batch", Threads: threads, Run: Loop(func() { l.StepBatch(b, x) })}}
}

// Sequence is Predict of so many whole sequences, which share the threads.
func Sequence(m *model.Model, sequences, steps, threads int) Work {
	h, d := m.Config.Hidden, m.Dim()
	frames := make([][]float32, sequences)
	for i := range frames {
		frames[i] = Noise(steps*d, uint64(3+i))
	}
	directions := 1
	if m.HasConfirm() {
		directions = 2
	}
	return Work{Hidden: h, Input: d, Streams: sequences, Flops: float64(sequences*steps*directions) * stepFlops(h, d),
		Case: Case{Name: "sequence", Threads: threads, Run: Loop(func() { m.PredictBatch(frames, threads) })}}
}

// Steps is a segment of so many single steps, Confirm what then remains at its
// end.
func Steps(m *model.Model, steps int) Work {
	d := m.Dim()
	s, probs, x := m.NewState(), make([]float32, m.Classes()), Noise(steps*d, 4)
	w := Step(m)
	w.Name, w.Flops = "steps", float64(steps)*w.Flops
	w.Run = Loop(func() {
		for t := 0; t < len(x); t += d {
			m.Step(probs, s, x[t:t+d])
		}
	})
	return w
}

func Confirm(m *model.Model, steps int) Work {
	d := m.Dim()
	s, probs, x := m.NewState(), make([]float32, m.Classes()), Noise(steps*d, 4)
	for t := 0; t < len(x); t += d {
		m.Step(probs, s, x[t:t+d])
	}
	w := Step(m)
	w.Name, w.Flops = "confirm", float64(steps)*w.Flops
	w.Run = Loop(func() { m.Confirm(probs, s, x) })
	return w
}

// peakRounds is how many rounds of f32.Peak are a repetition.
const peakRounds = 1000

// Peak is multiply-adds in registers on every thread.
func Peak(threads int) Work {
	flops := float64(threads * f32.Peak(1) * peakRounds)
	return Work{Flops: flops, Case: Case{Name: "peak", Threads: threads, Run: func(n int) (time.Duration, error) {
		began := time.Now()
		var wg sync.WaitGroup
		for range threads {
			wg.Go(func() { f32.Peak(n * peakRounds) })
		}
		wg.Wait()
		return time.Since(began), nil
	}}}
}
