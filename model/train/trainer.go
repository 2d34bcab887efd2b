package train

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"inkling/cell"
	"inkling/internal/f32"
	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/calibrate"
)

// shard is the number of sequences whose gradients are summed as one. It is fixed, so that
// sums do not depend on the number of cores.
const shard = 8

// trainer is the state of a training; a checkpoint holds its progress.
type trainer struct {
	o            Options
	config       *model.Config
	train, valid *corpus // valid may be nil
	scales       []float64
	asked        int // epochs, 0: enough of them
	perEpoch     int // updates
	total        int

	hearing *hearing   // what was trained before the heads; nil: no detector
	notes   []string   // what a user should know of the data
	folds   []fold     // to train on after the whole set
	crossed crossing   // how far that is
	whole   *trainer   // of a fold's trainer: the one it is a fold of
	calls   calls      // of a fold's trainer: to Fit's goroutine
	busy    sync.Mutex // held while what a checkpoint holds of this training changes
	ledger  *ledger    // of all parts; folds use that of the whole
	entry   int        // of ledger: this training

	params, best, average *model.Params
	masked, mask          *model.Params // under DropConnect
	opt                   adamW
	progress              progress

	ls      *layers
	workers []*worker
	shards  []*gradient   // one a shard of the batch
	grad    *model.Params // their sum
	stats   []shardStats
}

// progress is how far a training is.
type progress struct {
	Epoch     int // epochs done
	Update    int // updates done of the next one
	Sums      sums
	BestLoss  float64
	BestEpoch int
	Rows      []Row
}

// sums accumulates the results of an epoch's updates.
type sums struct {
	Loss, Norm       float64
	Confirm, Running int
}

type shardStats struct {
	loss             float64
	confirm, running int
}

func newTrainer(train, valid *corpus, o Options, workers int) *trainer {
	t := &trainer{o: o, train: train, valid: valid, config: train.config(&o),
		scales: classScales(train.set, o.ClassWeights, o.WeightPower), asked: o.Epochs}
	t.perEpoch = (len(train.plain) + o.Batch - 1) / o.Batch
	if t.o.Epochs == 0 {
		t.o.Epochs = (o.MinUpdates + t.perEpoch - 1) / t.perEpoch
	}
	t.total = t.o.Epochs * t.perEpoch
	fresh := func() *model.Params {
		p := model.NewParams(t.config, train.dim)
		if o.AuxNext > 0 {
			addNext(p, t.config)
		}
		return p
	}
	t.params = fresh()
	copy(t.params.Mean, train.mean)
	copy(t.params.Scale, train.scale)
	copy(t.params.NextScale, train.unit)
	t.params.Init(random(o.Seed, forInit, 0, 0))
	initNext(t.params, t.config, o.Seed)
	t.copyInit()
	t.ls = newLayers(t.config, t.params)
	if t.ls.stem != nil {
		t.ls.stem.Fit(t.params.Stem, train.plain)
	}
	t.best, t.average = t.params.Clone(t.config), t.params.Clone(t.config)
	t.masked, t.mask = t.params.Clone(t.config), fresh()
	t.opt = adamW{m: fresh(), v: fresh(), decay: t.o.WeightDecay}
	zero(t.opt.m)
	zero(t.opt.v)
	t.progress.BestLoss = math.Inf(1)
	for range workers {
		t.workers = append(t.workers, newWorker(t.config, span{o.BPTTSteps, t.window(workers)}))
	}
	for range (o.Batch + shard - 1) / shard {
		t.shards = append(t.shards, t.ls.newGradient(t.params))
	}
	t.grad = fresh()
	t.enter(nil, true)
	t.stats = make([]shardStats, len(t.shards))
	return t
}

// cuts are the examples as a detector cuts them; nil without one.
func (t *trainer) cuts() map[origin][][]float32 {
	if t.hearing == nil {
		return nil
	}
	return t.hearing.cuts
}

// epoch runs the rest of an epoch and validates.
func (t *trainer) epoch(ctx context.Context, hooks *Hooks) (Row, error) {
	for _, indices := range t.batches(t.progress.Epoch)[t.progress.Update:] {
		if err := ctx.Err(); err != nil {
			return Row{}, err
		}
		loss, err := t.step(indices)
		if err != nil {
			return Row{}, err
		}
		err = t.calls.run(func() error {
			p := &t.progress
			hooks.progress(t.ledger.note(t.entry, p.Epoch*t.perEpoch+p.Update, t.total, loss))
			if p.Update == t.perEpoch {
				return nil // the checkpoint follows validation
			}
			return hooks.checkpoint(cmp.Or(t.whole, t))
		})
		if err != nil {
			return Row{}, err
		}
	}
	return t.row(), nil
}

// step runs one update and records it.
func (t *trainer) step(indices []int) (loss float64, err error) {
	t.busy.Lock()
	defer t.busy.Unlock()
	p := &t.progress
	s, norm := t.update(p.Epoch*t.perEpoch+p.Update, indices)
	if !f32.Finite(s.loss) || !f32.Finite(norm) {
		return 0, ErrDiverged
	}
	p.Update++
	p.Sums.Loss += s.loss
	p.Sums.Norm += norm
	p.Sums.Confirm += s.confirm
	p.Sums.Running += s.running
	return s.loss, nil
}

// row returns the record of the epoch whose updates are done.
func (t *trainer) row() Row {
	p := &t.progress
	n, updates := float64(len(t.train.plain)), float64(t.perEpoch)
	row := Row{Epoch: p.Epoch + 1, Updates: (p.Epoch + 1) * t.perEpoch, Loss: p.Sums.Loss / updates, Norm: p.Sums.Norm / updates,
		Confirm: float64(p.Sums.Confirm) / n, Running: float64(p.Sums.Running) / n,
		ValidLoss: math.NaN(), ValidConfirm: math.NaN(), ValidRunning: math.NaN()}
	if t.config.IsNext() {
		row.Confirm, row.Running = math.NaN(), math.NaN()
	}
	if t.config.Running == model.RunningNone {
		row.Running = math.NaN()
	}
	row.LR = t.o.rate(row.Updates-1, t.total)
	if t.valid != nil {
		e := t.evaluate(t.candidate(), t.valid)
		row.ValidLoss, row.ValidConfirm, row.ValidRunning = e.loss, e.confirm, e.running
		row.Majority, row.Validated = e.most, e.n
	}
	return row
}

// candidate returns the weights that validation judges and that the model keeps: the average
// if there is one.
func (t *trainer) candidate() *model.Params {
	if t.o.EMA > 0 {
		return t.average
	}
	return t.params
}

// batches groups an epoch's examples. They are shuffled and sorted by length within runs of
// sixteen batches; then the batches are shuffled.
func (t *trainer) batches(epoch int) [][]int {
	rng := random(t.o.Seed, forOrder, epoch, 0)
	order := rng.Perm(len(t.train.plain))
	for run := range slices.Chunk(order, 16*t.o.Batch) {
		slices.SortStableFunc(run, func(a, b int) int {
			return cmp.Compare(len(t.train.plain[b]), len(t.train.plain[a]))
		})
	}
	groups := slices.Collect(slices.Chunk(order, t.o.Batch))
	rng.Shuffle(len(groups), func(i, j int) { groups[i], groups[j] = groups[j], groups[i] })
	return groups
}

// update runs one batch through the network and moves the weights.
func (t *trainer) update(u int, indices []int) (sum shardStats, norm float64) {
	p := t.params
	if t.o.DropConnect > 0 {
		t.dropConnect(u)
		p = t.masked
	}
	t.ls.pack(p, true, len(t.workers))
	shards := slices.Collect(slices.Chunk(indices, shard))
	whole := t.train.whole(indices)
	parallel.Workers(len(shards), len(t.workers), func(w, i int) {
		t.stats[i] = t.shard(t.workers[w], p, t.shards[i], u, shards[i], whole)
	})
	for i := range shards {
		sum.loss += t.stats[i].loss
		sum.confirm += t.stats[i].confirm
		sum.running += t.stats[i].running
	}
	grad := t.grad
	t.ls.sum(grad, t.shards[:len(shards)], len(t.workers))
	if t.o.DropConnect > 0 {
		t.maskGradient(grad)
	}
	norm = clip(grad, t.o.Clip, len(t.workers))
	t.opt.update(t.params, grad, t.o.rate(u, t.total), len(t.workers))
	if t.o.EMA > 0 {
		t.averageIn(u)
	}
	return sum, norm
}

// shard computes one shard's loss and gradient; whole is the weight of the batch.
func (t *trainer) shard(w *worker, p *model.Params, grad *gradient, u int, indices []int, whole float64) shardStats {
	seqs := make([]sequence, len(indices))
	if t.ls.stem != nil {
		t.throughStem(w, seqs, u, indices)
	} else {
		for i, x := range indices {
			seqs[i] = t.train.visit(x, &t.o, u, random(t.o.Seed, forExample, u, x))
		}
	}
	grad.zero()
	w.batch.pack(seqs, t.ls.in())
	w.run(p, t.ls)
	scale := make([]float64, len(seqs))
	for i := range w.batch.seqs {
		scale[i] = w.batch.seqs[i].weight(t.scales) / whole
	}
	terms := t.terms()
	st := shardStats{loss: w.head.loss(t.config, p, &w.batch, terms, scale)}
	st.loss += w.nextLoss(t.ls, terms.next, scale)
	st.confirm, st.running = w.head.right(t.config, &w.batch)
	w.backward(p, grad, t.ls)
	return st
}

func (t *trainer) terms() lossTerms {
	return lossTerms{running: t.o.RunningWeight, distill: t.o.Distill, smoothing: t.o.Smoothing, next: t.o.AuxNext, ramp: t.o.RampRunning, classes: t.scales}
}

// dropConnect fills masked and mask for update u, with random numbers of their own for each
// direction.
func (t *trainer) dropConnect(u int) {
	t.masked.CopyFrom(t.params)
	src, dst, mask := directions(t.params), directions(t.masked), directions(t.mask)
	parallel.Workers(len(src), len(t.workers), func(_, i int) {
		dropConnect(dst[i], src[i], mask[i], t.o.DropConnect, random(t.o.Seed, forConnect, u, i))
	})
}

func (t *trainer) maskGradient(grad *model.Params) {
	mask := directions(t.mask)
	for i, d := range directions(grad) {
		for j := range d.HH {
			d.HH[j] *= mask[i].HH[j]
		}
	}
}

func directions(p *model.Params) []*cell.Weights {
	ds := append(slices.Clone(p.Lower), p.Forward)
	if p.Reverse != nil {
		ds = append(ds, p.Reverse)
	}
	return ds
}

// averageIn moves the average towards the weights. The decay is lower at first, so that the
// starting values are soon forgotten.
func (t *trainer) averageIn(u int) {
	d := float32(min(t.o.EMA, float64(1+u)/float64(10+u)))
	src := t.params.Tensors()
	for i, a := range t.average.Tensors() {
		for j, v := range src[i].Data {
			a.Data[j] = float32(d*a.Data[j]) + float32((1-d)*v)
		}
	}
}

// evaluate runs p without augmentation over c.
func (t *trainer) evaluate(p *model.Params, c *corpus) evaluation {
	t.ls.pack(p, false, len(t.workers))
	n := len(c.plain)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(c.plain[b]), len(c.plain[a])) })
	shards := slices.Collect(slices.Chunk(order, shard))
	losses := make([]float64, len(shards))
	e := evaluation{n: n, finals: make([]calibrate.HeldOut, n)}
	whole := c.whole(order)
	parallel.Workers(len(shards), len(t.workers), func(wi, i int) {
		w := t.workers[wi]
		seqs := make([]sequence, len(shards[i]))
		scale := make([]float64, len(seqs))
		for j, x := range shards[i] {
			seqs[j] = c.sequence(x)
			if t.train.origin.Stepwise() {
				seqs[j].spell()
			}
		}
		if t.ls.stem != nil {
			w.stem.forward(t.ls.stem, seqs)
		}
		w.batch.pack(seqs, t.ls.in())
		w.run(p, t.ls)
		for j := range w.batch.seqs {
			scale[j] = w.batch.seqs[j].weight(nil) / whole
		}
		losses[i] = w.head.loss(t.config, p, &w.batch, lossTerms{running: t.o.RunningWeight}, scale)
		w.head.answers(t.config, &w.batch, e.finals)
	})
	for _, l := range losses {
		e.loss += l
	}
	e.count(len(t.config.Labels))
	return e
}

// count computes the accuracies from the answers. Without labels there are none.
func (e *evaluation) count(classes int) {
	if classes == 0 {
		e.finals, e.confirm, e.running = nil, math.NaN(), math.NaN()
		return
	}
	predicted := make([]int, classes)
	for i := range e.finals {
		v := &e.finals[i]
		if v.Labels != nil {
			e.countSteps(classes)
			return
		}
		confirmed := v.Confirmed()
		predicted[confirmed]++
		if confirmed == v.Label {
			e.confirm += 1 / float64(e.n)
		}
		if len(v.Running) == 0 {
			e.running = math.NaN()
		}
		if v.Ended() == v.Label {
			e.running += 1 / float64(e.n)
		}
	}
	e.most = slices.Max(predicted)
}
