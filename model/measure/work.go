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

// A Work is a Case with a description of its work.
type Work struct {
	Case
	Hidden, Input, Streams int
	Flops                  float64 // floating-point operations of the products per repetition; 0: not counted
	Units                  float64 // units per repetition, where times are reported per unit; 0: 1
	Close                  func()  // nil if there is nothing to end
}

// End releases the resources of w, which must not be run again.
func (w *Work) End() {
	if w.Close != nil {
		w.Close()
	}
}

// Classes is the number of labels of the networks in this package.
const Classes = 3

// Network returns a model with random weights for raw frames of d channels, with the given
// running head and, if confirm is set, a confirm head.
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

// Noise returns n values of a standard normal distribution, which depend on seed alone.
func Noise(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 2))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// stepFlops returns the floating-point operations of one LSTM step without heads.
func stepFlops(hidden, d int) float64 { return float64(8 * hidden * (d + hidden)) }

// Step returns the work of one timestep of one stream, including the running head.
func Step(m *model.Model) Work {
	h, d := m.Config.Hidden, m.Dim()
	s, probs, x := m.NewState(), make([]float32, m.Classes()), Noise(d, 1)
	return Work{Hidden: h, Input: d, Streams: 1, Flops: stepFlops(h, d),
		Case: Case{Name: "step", Threads: 1, Run: Loop(func() { m.Step(probs, s, x) })}}
}

// Batch returns the work of one timestep of n streams in one direction, without heads. Each
// thread has streams of its own, like the workers of stream.Run, and does not wait for the
// others before its next step.
func Batch(l *cell.LSTM, n, threads int) Work {
	x := Noise(n*l.In(), 2)
	steps := make([]func(), threads)
	for i := range steps {
		from, to := n*i/threads, n*(i+1)/threads
		b := l.NewBatch(to - from)
		steps[i] = func() { l.StepBatch(b, x[from*l.In():to*l.In()]) }
	}
	return Work{Hidden: l.Hidden(), Input: l.In(), Streams: n, Flops: float64(n) * stepFlops(l.Hidden(), l.In()),
		Case: Case{Name: "batch", Threads: threads, Run: together(steps)}}
}

// together returns a Case.Run that calls each f n times, all of them concurrently.
func together(fs []func()) func(n int) (time.Duration, error) {
	return func(n int) (time.Duration, error) {
		began := time.Now()
		var others sync.WaitGroup
		for _, f := range fs[1:] {
			others.Go(func() {
				for range n {
					f()
				}
			})
		}
		for range n {
			fs[0]()
		}
		others.Wait()
		return time.Since(began), nil
	}
}

// Sequence returns the work of PredictBatch for a number of sequences.
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

// Steps returns the work of a segment in single steps.
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

// Confirm returns the work that remains at the end of such a segment.
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

// peakRounds is the number of rounds of f32.Peak per repetition.
const peakRounds = 1000

// Peak returns the work of multiply-adds in registers on every thread.
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
