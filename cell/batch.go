package cell

import (
	"fmt"
	"runtime"
	"sync/atomic"

	"inkling/internal/f32"
)

// A Batch is the states of N streams that StepBatch moves on together. Streams
// that live elsewhere are brought in by Load and taken out by Store.
type Batch struct {
	n, in, hidden int
	features      int       // as of the LSTM
	starts        int       // values of a row of sums, where each stream starts from its code's; else 0
	h, c          []float32 // N×H
	gathered      []float32 // a timestep's inputs of Sequences

	// The task under way, for the workers that share its rows.
	l       *LSTM
	x       []float32
	rows    int          // streams that move on
	some    int          // of which a worker takes so many at once
	next    atomic.Int64 // the first that no worker has taken
	left    atomic.Int32 // helpers that are not done
	workers []*worker    // the first is the caller
}

// A worker is scratch for some rows; all but the first are helpers, each with a
// goroutine while there is work.
type worker struct {
	xh, z  []float32
	starts []float32 // rows of sums
	state  atomic.Int32
	help   func()
}

// States of a helper. One that has nothing to do waits for a moment before it
// falls asleep, since to wake a goroutine takes longer than a share of the work.
const (
	asleep  = iota // it has no goroutine
	waiting        // for a call, not for long
	called
)

// waitingLooks is how often a waiting helper looks for a call: some 20 µs.
const waitingLooks = 20000

// NewBatch returns a batch of n streams, each in the zero state.
func (l *LSTM) NewBatch(n int) *Batch {
	b := &Batch{in: l.in, features: l.features, hidden: l.hidden}
	if l.codes > 0 {
		b.starts = len(l.bias)
	}
	b.Share(1)
	b.Resize(n)
	return b
}

// Share makes StepBatch divide its streams among at most so many goroutines, the
// caller's among them. It changes no bit. The others end some 20 µs after a call.
func (b *Batch) Share(workers int) {
	b.workers = b.workers[:0]
	for range max(workers, 1) {
		w := &worker{xh: make([]float32, f32.RowsAtOnce*(b.features+b.hidden)), z: make([]float32, f32.RowsScratch(f32.RowsAtOnce, b.hidden)),
			starts: make([]float32, f32.RowsAtOnce*b.starts)}
		w.help = func() { b.help(w) }
		b.workers = append(b.workers, w)
	}
}

// Resize makes b a batch of n streams. The first of those that were in it keep
// their states, others have none until Load or Reset. It allocates only when n
// was never as large before.
func (b *Batch) Resize(n int) {
	b.n = n
	if n*b.hidden > len(b.h) {
		more := n*b.hidden - len(b.h)
		b.h, b.c = append(b.h, make([]float32, more)...), append(b.c, make([]float32, more)...)
	}
}

// Len is N.
func (b *Batch) Len() int { return b.n }

// Load makes stream i's state that of s, Store the reverse.
func (b *Batch) Load(i int, s *State) {
	copy(b.H(i), s.H)
	copy(b.cell(i), s.C)
}

func (b *Batch) Store(i int, s *State) {
	copy(s.H, b.H(i))
	copy(s.C, b.cell(i))
}

// Reset makes stream i's state zero.
func (b *Batch) Reset(i int) {
	clear(b.H(i))
	clear(b.cell(i))
}

// H is stream i's hidden state, valid until the next call on b.
func (b *Batch) H(i int) []float32 { return b.h[i*b.hidden : (i+1)*b.hidden] }

func (b *Batch) cell(i int) []float32 { return b.c[i*b.hidden : (i+1)*b.hidden] }

// StepBatch moves every stream of b on by one timestep: x has N×In values. To
// the bit it is Step of each. It allocates nothing.
func (l *LSTM) StepBatch(b *Batch, x []float32) {
	if len(x) != b.n*l.in || b.hidden != l.hidden || b.in != l.in || b.features != l.features {
		panic(fmt.Sprintf("cell: StepBatch: %d inputs, %d streams %d→%d, want N×%d and %d→%d", len(x), b.n, b.in, b.hidden, l.in, l.in, l.hidden))
	}
	b.step(l, x, b.n)
}

// leastShare is the least number of rows that are worth another goroutine.
const leastShare = 12

// step moves the first n streams on.
func (b *Batch) step(l *LSTM, x []float32, n int) {
	b.l, b.x, b.rows = l, x, n
	b.next.Store(0)
	workers := min(len(b.workers), n/leastShare)
	if workers < 2 {
		b.some = f32.RowsAtOnce
		b.take(b.workers[0])
		return
	}
	shares := max(2, (n+workers*f32.RowsAtOnce-1)/(workers*f32.RowsAtOnce)) // of each
	b.some = (n + shares*workers - 1) / (shares * workers)
	b.left.Store(int32(workers - 1))
	for _, w := range b.workers[1:workers] {
		w.call()
	}
	b.take(b.workers[0])
	for looks := 1; b.left.Load() > 0; looks++ {
		if looks%64 == 0 {
			runtime.Gosched()
		}
	}
}

// call makes a helper begin.
func (w *worker) call() {
	if !w.state.CompareAndSwap(waiting, called) {
		w.state.Store(called) // it was asleep
		go w.help()
	}
}

// help takes w's share, and of further calls as long as they come soon.
func (b *Batch) help(w *worker) {
	for {
		b.take(w)
		w.state.Store(waiting)
		b.left.Add(-1)
		if !w.calledAgain() {
			return
		}
	}
}

// calledAgain waits for a call; false: there was none, and w is asleep.
func (w *worker) calledAgain() bool {
	for range waitingLooks {
		if w.state.Load() == called {
			return true
		}
	}
	return !w.state.CompareAndSwap(waiting, asleep)
}

// take moves streams on until all are taken.
func (b *Batch) take(w *worker) {
	for {
		i := int(b.next.Add(int64(b.some))) - b.some
		if i >= b.rows {
			return
		}
		b.stepRows(w, i, min(b.some, b.rows-i))
	}
}

// stepRows moves n streams from the i-th one on.
func (b *Batch) stepRows(w *worker, i, n int) {
	l, d, hid := b.l, b.features, b.hidden
	width := d + hid
	h, c := b.h[i*hid:(i+n)*hid], b.c[i*hid:(i+n)*hid]
	start := l.bias
	if b.starts > 0 {
		start = w.starts
	}
	for j := range n {
		row := w.xh[j*width : (j+1)*width]
		copy(row[d:], h[j*hid:(j+1)*hid])
		if b.starts > 0 {
			copy(start[j*b.starts:], l.start(b.x[i+j]))
		} else {
			copy(row, b.x[(i+j)*d:(i+j+1)*d])
		}
	}
	f32.Rows(h, c, c, w.xh, start, w.z, &l.w, n, hid, width, b.starts, 0, false)
}

// Sequences runs N sequences, each from the zero state: xs[i] has T_i×In inputs,
// and T_i never rises. After each timestep it calls each, unless that is nil, with
// the timestep and the number of sequences that have it: H(i) of those is h. With
// reverse every sequence runs from its own last timestep down to its first, and
// timesteps are counted in that order. At the end H(i) is each sequence's last h.
func (l *LSTM) Sequences(b *Batch, xs [][]float32, reverse bool, each func(t, n int)) {
	n, d := len(xs), l.in
	b.Resize(n)
	for i := range n {
		b.Reset(i)
		if len(xs[i])%d != 0 || (i > 0 && len(xs[i]) > len(xs[i-1])) {
			panic(fmt.Sprintf("cell: Sequences: sequence %d has %d inputs: want T×%d, and T must not rise", i, len(xs[i]), d))
		}
	}
	b.gathered = f32.Grow(b.gathered, n*d)
	for t := 0; ; t++ {
		for n > 0 && len(xs[n-1]) <= t*d {
			n--
		}
		if n == 0 {
			return
		}
		for i, x := range xs[:n] {
			at := t * d
			if reverse {
				at = len(x) - at - d
			}
			copy(b.gathered[i*d:], x[at:at+d])
		}
		b.step(l, b.gathered[:n*d], n)
		if each != nil {
			each(t, n)
		}
	}
}
