package cell

import (
	"fmt"
	"runtime"
	"sync/atomic"

	"inkling/internal/f32"
)

// A Batch holds the states of N streams that StepBatch advances together. Load and
// Store copy a state into the batch and out of it.
type Batch struct {
	n, in, hidden int
	features      int        // as in LSTM
	starts        int        // length of a row of sums if inputs are codes, else 0
	h, c          []float32  // N×H
	gathered      []float32  // a timestep's inputs of Sequences
	fixed         fixedBatch // instead of h and c if the weights are integers

	// The current step, shared by the workers.
	l       *LSTM
	x       []float32
	rows    int          // streams to advance
	share   int          // streams that a worker claims at once
	next    atomic.Int64 // first stream that is not claimed yet
	pending atomic.Int32 // helpers that have not finished
	workers []*worker    // the first is the caller, the others are helpers
}

// A worker is the scratch memory for one share of the streams. A helper also has a
// goroutine while there is work.
type worker struct {
	xh, z  []float32
	starts []float32     // rows of sums
	fixed  *fixedScratch // if the weights are integers
	state  atomic.Int32
	loop   func()
}

// States of a helper. A helper without work spins for a moment before its goroutine
// ends, because starting a goroutine takes longer than one share of the work.
const (
	asleep  = iota // no goroutine
	waiting        // spinning until there is work
	called         // has work
)

// maxSpins is how often a waiting helper polls for work: about 20 µs.
const maxSpins = 20000

// NewBatch returns a batch of n streams, each in the zero state.
func (l *LSTM) NewBatch(n int) *Batch {
	b := &Batch{in: l.in, features: l.features, hidden: l.hidden}
	if l.codes > 0 {
		b.starts = len(l.bias)
	}
	if l.fixed != nil {
		b.fixed = fixedBatch{layer: l.fixed, width: l.fixed.layer.Width()}
	}
	b.Share(1)
	b.Resize(n)
	return b
}

// Share makes StepBatch divide its streams among at most n goroutines, including
// the caller's. The results do not change by a bit. The additional goroutines end
// about 20 µs after the last call.
func (b *Batch) Share(n int) {
	b.workers = b.workers[:0]
	for range max(n, 1) {
		if b.fixed.layer != nil {
			w := &worker{fixed: b.fixed.layer.newScratch()}
			w.loop = func() { b.help(w) }
			b.workers = append(b.workers, w)
			continue
		}
		xh, z, starts := f32.RowsAtOnce*(b.features+b.hidden), f32.RowsScratch(f32.RowsAtOnce, b.hidden), f32.RowsAtOnce*b.starts
		mem := f32.Apart(xh + z + starts)
		w := &worker{xh: mem[:xh:xh], z: mem[xh:][:z:z], starts: mem[xh+z:]}
		w.loop = func() { b.help(w) }
		b.workers = append(b.workers, w)
	}
}

// Resize changes the number of streams to n. Streams that were in the batch keep
// their states; the state of an added stream is undefined until Load or Reset.
// Resize allocates only if n exceeds every earlier size.
func (b *Batch) Resize(n int) {
	b.n = n
	if b.fixed.layer != nil {
		b.fixed.resize(n)
		return
	}
	if n*b.hidden > len(b.h) {
		h, c := f32.Apart(n*b.hidden), f32.Apart(n*b.hidden)
		copy(h, b.h)
		copy(c, b.c)
		b.h, b.c = h, c
	}
}

// Len returns the number of streams.
func (b *Batch) Len() int { return b.n }

// Load copies s to the state of stream i.
func (b *Batch) Load(i int, s *State) {
	if b.fixed.layer != nil {
		all := b.fixed.of(i)
		all.copyFrom(s.fixed)
		return
	}
	copy(b.H(i), s.H)
	copy(b.cell(i), s.C)
}

// Store copies the state of stream i to s.
func (b *Batch) Store(i int, s *State) {
	if b.fixed.layer != nil {
		s.fixed.copyFrom(b.fixed.of(i))
		return
	}
	copy(s.H, b.H(i))
	copy(s.C, b.cell(i))
}

// Reset sets the state of stream i to zero.
func (b *Batch) Reset(i int) {
	if b.fixed.layer != nil {
		all := b.fixed.of(i)
		all.reset()
		return
	}
	clear(b.H(i))
	clear(b.cell(i))
}

// H returns the hidden state of stream i, valid until the next call on b.
func (b *Batch) H(i int) []float32 {
	if b.fixed.layer != nil {
		return b.fixed.of(i).hf[:b.hidden:b.hidden]
	}
	return b.h[i*b.hidden : (i+1)*b.hidden]
}

func (b *Batch) cell(i int) []float32 { return b.c[i*b.hidden : (i+1)*b.hidden] }

// StepBatch advances every stream of b by one timestep; x holds N×In values. The
// results equal those of Step on each stream, to the bit. StepBatch does not
// allocate.
func (l *LSTM) StepBatch(b *Batch, x []float32) {
	if len(x) != b.n*l.in || b.fixed.layer != l.fixed || b.hidden != l.hidden || b.in != l.in || b.features != l.features {
		panic(fmt.Sprintf("cell: StepBatch: %d values for %d streams with %d inputs and %d units, want N×%d values, %d inputs and %d units", len(x), b.n, b.in, b.hidden, l.in, l.in, l.hidden))
	}
	b.step(l, x, b.n)
}

// minShare is the least number of streams for which another goroutine pays.
const minShare = 12

// step advances the first n streams.
func (b *Batch) step(l *LSTM, x []float32, n int) {
	b.l, b.x, b.rows = l, x, n
	b.next.Store(0)
	workers := min(len(b.workers), n/minShare)
	if workers < 2 {
		b.share = f32.RowsAtOnce
		b.work(b.workers[0])
		return
	}
	shares := max(2, (n+workers*f32.RowsAtOnce-1)/(workers*f32.RowsAtOnce)) // for each worker
	b.share = (n + shares*workers - 1) / (shares * workers)
	b.pending.Store(int32(workers - 1))
	for _, w := range b.workers[1:workers] {
		w.call()
	}
	b.work(b.workers[0])
	for spins := 1; b.pending.Load() > 0; spins++ {
		if spins%64 == 0 {
			runtime.Gosched()
		}
	}
}

// call starts a helper.
func (w *worker) call() {
	if !w.state.CompareAndSwap(waiting, called) {
		w.state.Store(called) // it was asleep
		go w.loop()
	}
}

// help works on the current step, and on later ones if they follow soon enough.
func (b *Batch) help(w *worker) {
	for {
		b.work(w)
		w.state.Store(waiting)
		b.pending.Add(-1)
		if !w.calledAgain() {
			return
		}
	}
}

// calledAgain spins until the next call. It reports false, and w is asleep, if none
// came in time.
func (w *worker) calledAgain() bool {
	for range maxSpins {
		if w.state.Load() == called {
			return true
		}
	}
	return !w.state.CompareAndSwap(waiting, asleep)
}

// work claims and advances streams until all are claimed.
func (b *Batch) work(w *worker) {
	for {
		i := int(b.next.Add(int64(b.share))) - b.share
		if i >= b.rows {
			return
		}
		b.stepRows(w, i, min(b.share, b.rows-i))
	}
}

// stepRows advances streams [i, i+n).
func (b *Batch) stepRows(w *worker, i, n int) {
	if b.fixed.layer != nil {
		for j := i; j < i+n; j++ {
			b.l.stepFixedWith(w.fixed, b.fixed.of(j), b.x[j*b.in:(j+1)*b.in])
		}
		return
	}
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

// Sequences runs len(xs) sequences, each from the zero state. xs[i] holds T_i×In
// values, and the sequences must be sorted by descending length. Unless each is
// nil, Sequences calls it after every timestep t with the number n of sequences
// that have this timestep; b.H(i) is then their h for i < n. If reverse is set,
// every sequence runs from its own last timestep down to its first, and t counts in
// that order. When Sequences returns, b.H(i) is the last h of sequence i.
func (l *LSTM) Sequences(b *Batch, xs [][]float32, reverse bool, each func(t, n int)) {
	n, d := len(xs), l.in
	b.Resize(n)
	for i := range n {
		b.Reset(i)
		if len(xs[i])%d != 0 || (i > 0 && len(xs[i]) > len(xs[i-1])) {
			panic(fmt.Sprintf("cell: Sequences: sequence %d has %d values: want T×%d, longest sequence first", i, len(xs[i]), d))
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
