package train

import (
	"context"
	"slices"
	"strconv"

	"inkling/model/calibrate"
	"inkling/model/dataset"
)

// Sets with fewer than smallSet groups are small: no group is spared for validation.
// Calibration and early rule then come from cross-fitting, and the model learns from all
// examples. The crops of one recording are one group. With largeSet examples or more that
// would take too long.
const (
	smallSet = 1000
	largeSet = 4000
)

// smallSound is the number of seconds of sound from which on a set is not small, because one
// training takes minutes.
const smallSound = 900

func small(set *dataset.Set) bool {
	if len(set.Examples) >= largeSet || groups(set) >= smallSet {
		return false
	}
	seconds := 0.0
	for i := range set.Examples {
		if set.Kind == dataset.Audio {
			seconds += float64(set.Frames(i)) / set.Rate
		}
	}
	return seconds < smallSound
}

// defaultFolds is the number of parts for cross-fitting a small set.
const defaultFolds = 5

// A fold is one of the trainings for calibration: the examples that it learns from and those
// that it judges.
type fold struct{ train, held *dataset.Set }

// crossing is the progress of cross-fitting; a checkpoint holds it.
type crossing struct {
	done     []bool                  // by fold
	verdicts [][]calibrate.HeldOut   // by fold
	cuts     [][]calibrate.HeldOut   // the same, of the examples as a detector cuts them
	streamed [][][]calibrate.HeldOut // the same, of judgeStreamed
	under    map[int]*trainer        // folds under way
	resumed  map[int]*savedPart      // what a checkpoint holds of folds that do not yet go on
}

func newCrossing(folds int) crossing {
	return crossing{done: make([]bool, folds), verdicts: make([][]calibrate.HeldOut, folds), cuts: make([][]calibrate.HeldOut, folds), streamed: make([][][]calibrate.HeldOut, folds),
		under: map[int]*trainer{}, resumed: map[int]*savedPart{}}
}

// complete reports whether all folds are done, and there are any.
func (c *crossing) complete() bool { return len(c.done) > 0 && !slices.Contains(c.done, false) }

// left lists the folds that are not done.
func (c *crossing) left() (folds []int) {
	for k, done := range c.done {
		if !done {
			folds = append(folds, k)
		}
	}
	return folds
}

// crossFit trains the folds that are left, and judges by each the examples it holds out.
func (t *trainer) crossFit(ctx context.Context, hooks *Hooks) error {
	lanes := len(t.workers)
	for group := range slices.Chunk(t.crossed.left(), lanes) {
		q := make(calls)
		var work []func(context.Context) error
		for _, k := range group {
			work = append(work, func(ctx context.Context) error {
				return t.crossOne(ctx, hooks, k, q, max(lanes/len(group), 1))
			})
		}
		if err := q.serve(ctx, work); err != nil {
			return err
		}
	}
	return nil
}

// crossOne trains on the examples outside fold k with the options for the whole set, and
// judges the held-out ones by the last weights.
func (t *trainer) crossOne(ctx context.Context, hooks *Hooks, k int, q calls, workers int) error {
	f, held, err := t.foldTrainer(k, workers)
	if err != nil {
		return err
	}
	f.calls = q
	if err := q.run(func() error { return t.startFold(k, f) }); err != nil {
		return err
	}
	for p := &f.progress; p.Epoch < f.o.Epochs; {
		row, err := f.epoch(ctx, hooks)
		if err != nil {
			return err
		}
		f.keep(row)
		if err := q.run(func() error { return hooks.checkpoint(t) }); err != nil {
			return err
		}
	}
	finals := f.evaluate(f.candidate(), held).finals
	cuts := f.judgeCuts(f.candidate(), held, t.cuts())
	streamed, err := f.judgeStreamed(f.candidate(), held.set)
	if err != nil {
		return err
	}
	return q.run(func() error {
		t.crossed.cuts[k], t.crossed.streamed[k] = cuts, streamed
		t.crossed.verdicts[k], t.crossed.done[k] = finals, true
		delete(t.crossed.under, k)
		return hooks.checkpoint(t)
	})
}

// foldTrainer returns the trainer of fold k before its first update, and what it judges.
func (t *trainer) foldTrainer(k, workers int) (f *trainer, held *corpus, err error) {
	var z *corpus
	if t.o.Init != nil {
		z = t.o.constants()
	}
	train, err := t.o.trainOn(t.folds[k].train, z, workers)
	if err != nil {
		return nil, nil, err
	}
	if held, err = newCorpus(t.folds[k].held, t.o.Front, train, workers); err != nil {
		return nil, nil, err
	}
	if !train.borrow(t.train) {
		train.vary(&t.o, workers)
		train.addCuts(t.hearing)
	}
	f = newTrainer(train, nil, t.o.forFolds(t.asked), workers)
	f.whole, f.ledger, f.entry = t, t.ledger, t.entry+1+k
	return f, held, nil
}

// startFold has f be fold k, from where a checkpoint left it.
func (t *trainer) startFold(k int, f *trainer) error {
	if s := t.crossed.resumed[k]; s != nil {
		if err := f.resume(s); err != nil {
			return err
		}
		delete(t.crossed.resumed, k)
	}
	t.crossed.under[k] = f
	return nil
}

// forFolds returns the options of the folds' trainings; asked is the number of epochs asked
// for, 0 for enough of them.
func (o Options) forFolds(asked int) Options {
	o.Epochs = asked
	if o.FoldShare > 0 && o.FoldShare < 1 {
		o.MinUpdates = shareOf(o.MinUpdates, o.FoldShare)
		o.Epochs = shareOf(asked, o.FoldShare)
	}
	return o
}

// shareOf returns share of n, at least 1 if n is.
func shareOf(n int, share float64) int {
	return max(int(float64(n)*share+0.5), min(n, 1))
}

// folded divides set for cross-fitting and keeps groups whole.
func folded(set *dataset.Set, o *Options) []fold {
	train, held := set.Folds(o.Folds, strconv.FormatUint(o.Seed, 10))
	fs := make([]fold, len(train))
	for i := range fs {
		fs[i] = fold{train[i], held[i]}
	}
	return fs
}
