package train

import (
	"inkling/cell"
	"inkling/internal/f32"
	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/stem"
)

// layers are a network's directions packed for training, in the order of
// directions(p): the lower ones, the forward half, the backward half if any.
type layers struct {
	stem             *stem.Stem // nil: none
	all              []*cell.LSTM
	lower            []*cell.LSTM
	forward, reverse *cell.LSTM
	next             [2]nextHead // on the halves, where the auxiliary task is on
}

func newLayers(c *model.Config, p *model.Params) *layers {
	ls := &layers{}
	if c.HasStem() {
		ls.stem = stem.New(c.Stem, c.Rate, len(p.Mean), p.Stem)
	}
	n := len(p.Lower)
	for i, w := range directions(p) {
		ls.all = append(ls.all, c.NewCell(w, i == 0 || n == 0))
	}
	ls.lower, ls.forward = ls.all[:n], ls.all[n]
	if p.Reverse != nil {
		ls.reverse = ls.all[n+1]
	}
	return ls
}

// pack copies the values of p; if training, also as the backward pass needs them.
func (ls *layers) pack(p *model.Params, training bool, workers int) {
	if training {
		for half, w := range p.Aux {
			if w != nil {
				ls.next[half].pack(w, len(w)/(1+ls.forward.Hidden()))
			}
		}
	}
	ds := directions(p)
	jobs := len(ds)
	if ls.stem != nil {
		jobs++
	}
	parallel.Workers(jobs, workers, func(_, i int) {
		if i == len(ds) {
			ls.stem.Pack(p.Stem, training)
			return
		}
		ls.all[i].Pack(ds[i])
		if training {
			ls.all[i].PackBackward(ds[i], ls.stem != nil || i > 0 && len(ls.lower) > 0) // those above a layer
		}
	})
}

// A gradient is one shard's: the stem's and the directions' as their backward passes sum them
// up, and the heads', in a Params that has nothing else.
type gradient struct {
	stem       *stem.Gradient // nil: none
	directions []*cell.Gradient
	heads      *model.Params
}

func (ls *layers) newGradient(p *model.Params) *gradient {
	g := &gradient{heads: &model.Params{RunningW: make([]float32, len(p.RunningW)), RunningB: make([]float32, len(p.RunningB)),
		ConfirmW: make([]float32, len(p.ConfirmW)), ConfirmB: make([]float32, len(p.ConfirmB)),
		ConfirmE: make([]float32, len(p.ConfirmE)),
		NextW:    make([]float32, len(p.NextW)), NextB: make([]float32, len(p.NextB))}}
	for half, w := range p.Aux {
		if w != nil {
			g.heads.Aux[half] = make([]float32, len(w))
		}
	}
	for _, l := range ls.all {
		g.directions = append(g.directions, l.NewGradient())
	}
	if ls.stem != nil {
		g.stem = ls.stem.NewGradient()
	}
	return g
}

func (g *gradient) zero() {
	if g.stem != nil {
		g.stem.Zero()
	}
	for _, d := range g.directions {
		d.Zero()
	}
	for _, t := range headTensors(g.heads) {
		clear(t)
	}
}

func headTensors(p *model.Params) [][]float32 {
	return [][]float32{p.RunningW, p.RunningB, p.ConfirmW, p.ConfirmB, p.ConfirmE, p.NextW, p.NextB, p.Aux[0], p.Aux[1]}
}

// sum adds up shards in index order into dst, in the layout of the weights.
func (ls *layers) sum(dst *model.Params, shards []*gradient, workers int) {
	ds := directions(dst)
	parallel.Workers(len(ds), workers, func(_, i int) {
		first := shards[0].directions[i]
		for _, g := range shards[1:] {
			first.Add(g.directions[i])
		}
		zeroWeights(ds[i])
		first.AddTo(ds[i])
	})
	if ls.stem != nil {
		first := shards[0].stem
		for _, g := range shards[1:] {
			first.Add(g.stem)
		}
		for _, t := range dst.Stem.Tensors() {
			clear(t.Data)
		}
		ls.stem.AddTo(dst.Stem, first)
	}
	for i, t := range headTensors(dst) {
		clear(t)
		for _, g := range shards {
			f32.Axpy(t, 1, headTensors(g.heads)[i])
		}
	}
}

func zeroWeights(w *cell.Weights) {
	for _, t := range [][]float32{w.IH, w.HH, w.BiasIH, w.BiasHH} {
		clear(t)
	}
}

// A pass runs one direction over a packed batch, in windows of timesteps. Where the
// gradient is to reach no further back, after truncate timesteps, a window hands on
// the state but no gradient: truncated back-propagation through time (Williams and
// Peng 1990). Other windows, of about window timesteps, save memory and change no
// bit. With more than one window a tape holds one at a time, and the backward pass runs
// the forward part again from the states kept between them (Chen et al. 2016).
type pass struct {
	tape    cell.Tape
	windows []window
	h       []float32 // R×H, when there is more than one window
	hOut    []float32
	active  []int
	x       []float32
	carry   cell.StateGradient
}

// A span says where a pass is cut: see pass.
type span struct{ truncate, window int }

type window struct {
	from, to int  // timesteps
	row, end int  // rows
	base     int  // rows since the last truncation
	cut      bool // no gradient goes back before it
	h0, c0   []float32
}

func (p *pass) forward(l *cell.LSTM, active []int, x []float32, s span) []float32 {
	p.active, p.x, p.windows = active, x, cut(p.windows[:0], active, s)
	if len(p.windows) == 1 {
		p.tape.First = 0
		p.hOut = l.Forward(&p.tape, active, x, nil, nil)
		return p.hOut
	}
	hid := l.Hidden()
	p.h = f32.Grow(p.h, len(x)/l.In()*hid)
	var h0, c0 []float32
	for i := range p.windows {
		w := &p.windows[i]
		n := active[w.from] * hid
		if i > 0 {
			w.h0, w.c0 = append(w.h0[:0], h0[:n]...), append(w.c0[:0], c0[:n]...)
		}
		copy(p.h[w.row*hid:], p.run(l, w))
		h0, c0 = p.tape.Final()
	}
	p.hOut = p.h
	return p.h
}

// run is one window's forward part.
func (p *pass) run(l *cell.LSTM, w *window) []float32 {
	d := l.In()
	p.tape.First = w.base
	return l.Forward(&p.tape, p.active[w.from:w.to], p.x[w.row*d:w.end*d], w.h0, w.c0)
}

// cut fills ws and reuses its memory. Windows end where the sum of the weights' gradient is
// updated anyway, so that they do not change its last bits.
func cut(ws []window, active []int, s span) []window {
	row, base, since := 0, 0, 0
	for t, n := range active {
		truncated := t > 0 && since == s.truncate
		if truncated {
			base, since = 0, 0
		}
		if last := len(ws) - 1; t == 0 || truncated || (t-ws[last].from >= s.window && cell.Boundary(base, active[t-1])) {
			ws = nextWindow(ws)
			w := &ws[len(ws)-1]
			*w = window{from: t, row: row, base: base, cut: t == 0 || truncated, h0: w.h0[:0], c0: w.c0[:0]}
			if t == 0 {
				w.h0, w.c0 = nil, nil
			}
		}
		row, base, since = row+n, base+n, since+1
		w := &ws[len(ws)-1]
		w.to, w.end = t+1, row
	}
	return ws
}

// nextWindow makes ws one longer; what the new one held before keeps its memory.
func nextWindow(ws []window) []window {
	if len(ws) < cap(ws) {
		return ws[:len(ws)+1]
	}
	return append(ws, window{})
}

// backward is cell's, over the windows; dx may be nil.
func (p *pass) backward(l *cell.LSTM, grad *cell.Gradient, dx, dh []float32) {
	if len(p.windows) == 1 {
		l.Backward(&p.tape, grad, dx, dh, nil, nil)
		return
	}
	d, hid := l.In(), l.Hidden()
	var after *cell.StateGradient
	for i := len(p.windows) - 1; i >= 0; i-- {
		v := &p.windows[i]
		if i < len(p.windows)-1 { // the last one is still on the tape
			p.run(l, v)
		}
		var part []float32
		if dx != nil {
			part = dx[v.row*d : v.end*d]
		}
		var before *cell.StateGradient
		if !v.cut {
			before = &p.carry
		}
		l.Backward(&p.tape, grad, part, dh[v.row*hid:v.end*hid], after, before)
		after = before
	}
}

// A worker computes the joint loss of one shard of a batch, forward and backward. It owns
// the activations; the caller owns the shard's gradient.
type worker struct {
	config *model.Config
	span   span

	stem             stemPass
	lower            []pass
	forward, reverse pass
	batch            batch
	turned           []float32 // the top's input, each sequence reversed in time
	dTop, dTurned    []float32
	hf, hb           []float32 // R×H, as the passes left them; hb in reversed time
	dForward         []float32 // R×H
	dReverse         []float32
	dLower           [2][]float32
	head             head
	next             [2]nextPass
}

func newWorker(c *model.Config, s span) *worker {
	return &worker{config: c, span: s, lower: make([]pass, c.Layers-1), head: newHead(c)}
}

// run computes the forward pass of the sequences in w.batch and the outputs of w.head.
func (w *worker) run(p *model.Params, ls *layers) {
	b := &w.batch
	top := b.x
	for i, l := range ls.lower {
		top = w.lower[i].forward(l, b.active, top, w.span)
	}
	w.hf = w.forward.forward(ls.forward, b.active, top, w.span)
	w.hb = nil
	if ls.reverse != nil {
		w.turned = f32.Grow(w.turned, len(top))
		b.turn(w.turned, top, ls.forward.In())
		w.hb = w.reverse.forward(ls.reverse, b.active, w.turned, w.span)
	}
	w.head.run(w.config, p, b, w.hf, w.hb)
}

// backward adds to grad the gradient of the loss that head.loss prepared.
func (w *worker) backward(p *model.Params, grad *gradient, ls *layers) {
	b, hid := &w.batch, w.config.Hidden
	w.dForward = f32.Zeroed(w.dForward, b.rows*hid)
	if ls.reverse != nil {
		w.dReverse = f32.Zeroed(w.dReverse, b.rows*hid)
	}
	w.head.backward(w.config, p, grad.heads, b, w.dForward, w.dReverse)
	w.nextBackward(ls, grad.heads)
	var dTop []float32
	if ls.stem != nil || len(ls.lower) > 0 {
		w.dTop = f32.Grow(w.dTop, b.rows*ls.forward.In())
		dTop = w.dTop
	}
	top := len(ls.lower)
	w.forward.backward(ls.forward, grad.directions[top], dTop, w.dForward)
	if ls.reverse != nil {
		w.backwardReverse(grad.directions[top+1], ls, dTop)
	}
	for i := len(ls.lower) - 1; i >= 0; i-- {
		var dx []float32
		if ls.stem != nil || i > 0 {
			w.dLower[i%2] = f32.Grow(w.dLower[i%2], b.rows*ls.lower[i].In())
			dx = w.dLower[i%2]
		}
		w.lower[i].backward(ls.lower[i], grad.directions[i], dx, dTop)
		dTop = dx
	}
	if ls.stem != nil {
		w.stem.backward(ls.stem, grad.stem, b, dTop)
	}
}

func (w *worker) backwardReverse(grad *cell.Gradient, ls *layers, dTop []float32) {
	if dTop == nil {
		w.reverse.backward(ls.reverse, grad, nil, w.dReverse)
		return
	}
	w.dTurned = f32.Grow(w.dTurned, len(dTop))
	w.reverse.backward(ls.reverse, grad, w.dTurned, w.dReverse)
	back := f32.Grow(w.turned, len(dTop))
	w.batch.turn(back, w.dTurned, ls.forward.In())
	f32.Axpy(dTop, 1, back)
}
