package train

import (
	"context"
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
	Done     int // folds
	Verdicts []calibrate.HeldOut
	Cuts     []calibrate.HeldOut // the same, of the examples as a detector cuts them
}

// crossFit trains on the examples outside fold t.crossed.Done, with the same options and as
// many updates as for the whole set, and judges the held-out ones by the last weights.
func (t *trainer) crossFit(ctx context.Context, hooks *Hooks) error {
	held, err := t.beginFold(&t.folds[t.crossed.Done])
	if err != nil {
		return err
	}
	f := t.fold
	for p := &f.progress; p.Epoch < f.o.Epochs; {
		row, err := f.epoch(ctx, hooks)
		if err != nil {
			return err
		}
		f.keep(row)
		if err := hooks.checkpoint(t); err != nil {
			return err
		}
	}
	t.crossed.Verdicts = append(t.crossed.Verdicts, f.evaluate(f.candidate(), held).finals...)
	t.crossed.Cuts = append(t.crossed.Cuts, f.judgeCuts(f.candidate(), held, t.cuts())...)
	t.crossed.Done++
	t.fold = nil
	return nil
}

// beginFold makes the trainer of a fold, or restores it from the checkpoint.
func (t *trainer) beginFold(k *fold) (held *corpus, err error) {
	workers := len(t.workers)
	var z *corpus
	if t.o.Init != nil {
		z = t.o.constants()
	}
	train, err := t.o.trainOn(k.train, z, workers)
	if err != nil {
		return nil, err
	}
	if held, err = newCorpus(k.held, t.o.Front, train, workers); err != nil {
		return nil, err
	}
	train.vary(&t.o, workers)
	train.addCuts(t.cuts())
	o := t.o
	o.Epochs = t.asked
	f := newTrainer(train, nil, o, workers)
	f.whole = t
	f.before, f.after = (1+t.crossed.Done)*t.total, (len(t.folds)-t.crossed.Done-1)*t.total
	if t.resumed != nil {
		if err := f.resume(t.resumed); err != nil {
			return nil, err
		}
		t.resumed = nil
	}
	t.fold = f
	return held, nil
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
