package model

import (
	"fmt"
	"runtime"
	"slices"
	"sync"

	"inkling/cell"
)

// A Prediction is the result of Predict for one sequence.
type Prediction struct {
	Running []float32 // T×C probabilities; nil without a running head
	Confirm []float32 // C probabilities; without a confirm head the last row of Running
	Steps   int       // T
}

// minConcurrent is the least number of timesteps for which both halves of the top
// layer run concurrently.
const minConcurrent = 64

// Predict runs the network over a whole sequence of frames (T×D), one layer after
// another. The results equal those of Step for each frame and Confirm, to the bit.
func (m *Model) Predict(frames []float32) *Prediction {
	x := m.normalized(frames)
	steps, hid, c := len(frames)/m.dim, m.Config.Hidden, m.Classes()
	s, w := m.NewState(), m.borrow()
	defer m.scratch.Put(w)
	for i, l := range m.lower {
		h := make([]float32, steps*hid)
		l.Sequence(s.layers[i], h, x)
		x = h
	}
	var reverse sync.WaitGroup
	if m.HasConfirm() {
		w.reverse.Reset()
		run := func() { m.reverse.Reverse(w.reverse, nil, x) }
		if steps >= minConcurrent && runtime.GOMAXPROCS(0) > 1 {
			reverse.Go(run)
		} else {
			run()
		}
	}
	h := make([]float32, steps*hid)
	top := s.layers[len(m.lower)]
	m.forward.Sequence(top, h, x)
	p := m.newPrediction(steps)
	for t := range steps {
		if p.Running != nil {
			m.running(p.Running[t*c:][:c], s, h[t*hid:][:hid])
		}
	}
	reverse.Wait()
	if m.HasConfirm() {
		m.confirmHead(p.Confirm, w, top.H, w.reverse.H, s.evidence)
	}
	return p
}

// normalized returns the inputs of the lowest layer for T×D frames.
func (m *Model) normalized(frames []float32) []float32 {
	if len(frames) == 0 || len(frames)%m.dim != 0 {
		panic(fmt.Sprintf("model: Predict: %d values, want T×%d and at least one frame", len(frames), m.dim))
	}
	x := make([]float32, len(frames))
	for at := 0; at < len(x); at += m.dim {
		m.input(x[at:at+m.dim], frames[at:at+m.dim])
	}
	return x
}

// newPrediction returns a Prediction with room for the results of n steps.
func (m *Model) newPrediction(n int) *Prediction {
	p := &Prediction{Steps: n}
	c := m.Classes()
	if m.HasRunning() {
		p.Running = make([]float32, n*c)
		p.Confirm = p.Running[(n-1)*c:]
	}
	if m.HasConfirm() {
		p.Confirm = make([]float32, c)
	}
	return p
}

// PredictBatch gives for each sequence what Predict gives, to the bit, in one pass
// over the weights. It uses the given number of goroutines, or GOMAXPROCS if workers
// is 0.
func (m *Model) PredictBatch(sequences [][]float32, workers int) []*Prediction {
	order := make([]int, len(sequences)) // longest first
	xs, out := make([][]float32, len(sequences)), make([]*Prediction, len(sequences))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(sequences[b]) - len(sequences[a]) })
	ps := make([]*Prediction, len(sequences))
	for i, from := range order {
		xs[i] = m.normalized(sequences[from])
		ps[i] = m.newPrediction(len(xs[i]) / m.dim)
		out[from] = ps[i]
	}
	if len(xs) == 0 {
		return out
	}
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	for _, l := range m.lower {
		xs = through(l, xs, workers)
	}
	m.top(ps, xs, workers)
	return out
}

// through returns the hidden states of a causal layer for the sequences xs.
func through(l *cell.LSTM, xs [][]float32, workers int) [][]float32 {
	hs := make([][]float32, len(xs))
	for i, x := range xs {
		hs[i] = make([]float32, 0, len(x)/l.In()*l.Hidden())
	}
	b := l.NewBatch(len(xs))
	b.Share(workers)
	l.Sequences(b, xs, false, func(_, n int) {
		for i := range n {
			hs[i] = append(hs[i], b.H(i)...)
		}
	})
	return hs
}

// top runs both halves of the top layer, concurrently if there are several workers,
// and the heads.
func (m *Model) top(ps []*Prediction, xs [][]float32, workers int) {
	fwd := m.forward.NewBatch(len(xs))
	if !m.HasConfirm() {
		fwd.Share(workers)
		m.forwardHalf(fwd, ps, xs)
		return
	}
	var evidence []float32
	rev := m.reverse.NewBatch(len(xs))
	fwd.Share(workers / 2)
	rev.Share(workers - workers/2)
	if workers < 2 {
		m.reverse.Sequences(rev, xs, true, nil)
		evidence = m.forwardHalf(fwd, ps, xs)
	} else {
		var reverse sync.WaitGroup
		reverse.Go(func() { m.reverse.Sequences(rev, xs, true, nil) })
		evidence = m.forwardHalf(fwd, ps, xs)
		reverse.Wait()
	}
	w, c := m.borrow(), m.Classes()
	defer m.scratch.Put(w)
	for i, p := range ps {
		m.confirmHead(p.Confirm, w, fwd.H(i), rev.H(i), evidence[i*c:][:c])
	}
}

// forwardHalf runs the forward half, and the running head after every timestep. It
// returns the running logits at the end of each sequence, or zeros if there is no
// running head.
func (m *Model) forwardHalf(b *cell.Batch, ps []*Prediction, xs [][]float32) []float32 {
	c := m.Classes()
	evidence, w := make([]float32, len(ps)*c), m.borrow()
	defer m.scratch.Put(w)
	if !m.HasRunning() {
		m.forward.Sequences(b, xs, false, nil)
		return evidence
	}
	m.forward.Sequences(b, xs, false, func(t, n int) {
		for i := range n {
			m.runningHead(ps[i].Running[t*c:][:c], evidence[i*c:][:c], w, b.H(i), t+1)
		}
	})
	return evidence
}
