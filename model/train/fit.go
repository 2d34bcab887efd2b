// Package train fits the network to labelled sequences: both heads together,
// by back-propagation through time and AdamW, on any number of cores with the
// same result to the bit.
package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"time"

	"inkling/model"
	"inkling/model/dataset"
)

// ErrInterrupted tells that the context ended a training; the result is the
// best so far.
var ErrInterrupted = errors.New("train: interrupted")

var errDiverged = errors.New("train: the loss is no longer a number: lower the learning rate (--lr) or the clip norm (--clip), and look for outliers in the data with `inkling plot`")

// Hooks tell how a training goes. Each may be nil; they are called from the
// goroutine of Fit.
type Hooks struct {
	Progress   func(done, total int, loss float64) // after every update
	Epoch      func(Row)
	Warn       func(string)                    // a sign that this training leads nowhere, and advice
	Checkpoint func(write func() []byte) error // after every epoch; write makes the file's bytes
}

func (h *Hooks) progress(done, total int, loss float64) {
	if h.Progress != nil {
		h.Progress(done, total, loss)
	}
}

// Result is a fitted model and how it came about.
type Result struct {
	Model *model.Model
	Rows  []Row
	Best  int // the epoch whose weights were kept
}

// Fit trains on set; valid may be nil, then o.Validation of set is held out, by
// group. checkpoint, if not nil, is what an earlier Fit of the same set and
// options passed to Hooks.Checkpoint: training goes on from there and ends in
// the very file that an uninterrupted one would. When ctx ends, Fit returns the
// best so far with ErrInterrupted.
func Fit(ctx context.Context, set, valid *dataset.Set, o Options, hooks Hooks, checkpoint []byte) (*Result, error) {
	began := time.Now()
	t, err := prepare(set, valid, o)
	if err != nil {
		return nil, err
	}
	if checkpoint != nil {
		if err := t.restore(checkpoint); err != nil {
			return nil, err
		}
	}
	watch := newWatch(t)
	for t.progress.Epoch < t.o.Epochs && !t.patienceOver() {
		row, err := t.epoch(ctx, &hooks)
		if err != nil {
			return t.stopped(err)
		}
		row.Seconds = time.Since(began).Seconds()
		t.keep(row)
		if hooks.Epoch != nil {
			hooks.Epoch(row)
		}
		if w := watch.look(row); w != "" && hooks.Warn != nil {
			hooks.Warn(w)
		}
		if hooks.Checkpoint != nil {
			if err := hooks.Checkpoint(t.save); err != nil {
				return nil, err
			}
		}
	}
	return t.result()
}

func prepare(set, valid *dataset.Set, o Options) (*trainer, error) {
	if err := set.CheckTrainable(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	if o.Segment.Kind == "" {
		o.Segment = model.Segment{Kind: model.SegmentWhole}
		if set.Kind == dataset.Audio {
			o.Segment.Kind = model.SegmentActivity
		}
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	front, err := o.Front.Normalize(set.Rate, set.Channels)
	if err != nil {
		return nil, err
	}
	o.Front = front
	if valid == nil && o.Validation > 0 {
		set, valid = holdOut(set, &o)
	}
	workers := runtime.GOMAXPROCS(0)
	train, err := newCorpus(set, front, nil, workers)
	if err != nil {
		return nil, err
	}
	train.vary(&o, workers)
	var held *corpus
	if valid != nil && len(valid.Examples) > 0 {
		if !slices.Equal(valid.Labels, set.Labels) {
			return nil, fmt.Errorf("train: the validation set has the labels %v, the training set %v: give both the same", valid.Labels, set.Labels)
		}
		if held, err = newCorpus(valid, front, train, workers); err != nil {
			return nil, err
		}
	}
	t := newTrainer(train, held, o, workers)
	return t, t.config.Check()
}

// fewGroups is under how many groups none of them can be spared: the validation
// examples then come from all groups, and say nothing of unseen ones.
const fewGroups = 10

// holdOut keeps validation examples out of set: whole groups, unless there are
// too few.
func holdOut(set *dataset.Set, o *Options) (train, valid *dataset.Set) {
	if groups(set) < fewGroups {
		loose := *set
		loose.Examples = slices.Clone(set.Examples)
		for i := range loose.Examples {
			loose.Examples[i].Group = loose.Examples[i].Hash
		}
		set = &loose
	}
	return set.HoldOut(o.Validation, strconv.FormatUint(o.Seed, 10))
}

func groups(set *dataset.Set) int {
	seen := map[string]bool{}
	for i := range set.Examples {
		seen[set.Examples[i].Group] = true
	}
	return len(seen)
}

func (t *trainer) patienceOver() bool {
	return t.o.Patience > 0 && t.valid != nil && t.progress.Epoch-t.progress.BestEpoch >= t.o.Patience
}

// keep records an epoch and its weights if they are the best.
func (t *trainer) keep(row Row) {
	p := &t.progress
	p.Epoch++
	p.Rows = append(p.Rows, row)
	if t.valid == nil || row.ValidLoss <= p.BestLoss {
		p.BestLoss, p.BestEpoch = row.ValidLoss, p.Epoch
		t.best.CopyFrom(t.candidate())
	}
}

func (t *trainer) stopped(err error) (*Result, error) {
	if t.progress.Epoch == 0 {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("%w before the first epoch: nothing to keep", ErrInterrupted)
		}
		return nil, err
	}
	r, rerr := t.result()
	if rerr != nil {
		return nil, rerr
	}
	if errors.Is(err, errDiverged) {
		return r, err
	}
	return r, ErrInterrupted
}

// result makes the model of the best weights.
func (t *trainer) result() (*Result, error) {
	c := *t.config
	p := t.best.Clone(t.config)
	measured := map[string]float64{}
	if t.valid != nil {
		e := t.evaluate(p, t.valid)
		c.Decision.EarlyP, c.Decision.EarlySteps = earlyRule(e.finals, len(c.Labels), e.confirm)
		measured["validation_confirmed"] = round6(e.confirm)
		measured["validation_running"] = round6(e.running)
		measured["validation_examples"] = float64(e.n)
	} else if c.Running != model.RunningNone {
		c.Decision.EarlyP, c.Decision.EarlySteps = 0.95, 5
	}
	if slices.Contains(c.Labels, "background") {
		c.Decision.Background = "background"
	}
	c.Origin = model.Origin{Program: "inkling", Data: t.train.set.Hash, Examples: shortHashes(t.train.set),
		Options: t.o.strings(), Seed: t.o.Seed, Measured: measured}
	m, err := model.New(c, p)
	if err != nil {
		return nil, err
	}
	return &Result{Model: m, Rows: t.progress.Rows, Best: t.progress.BestEpoch}, nil
}

func round6(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// shortHashes lists the first eight digits of every training example's hash.
func shortHashes(set *dataset.Set) []string {
	seen := map[string]bool{}
	for _, e := range set.Examples {
		seen[e.Hash[:min(8, len(e.Hash))]] = true
	}
	return slices.Sorted(maps.Keys(seen))
}
