package train

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"inkling/model"
	"inkling/model/calibrate"
	"inkling/model/dataset"
)

// ErrInterrupted is returned if the context ended a training. The result is the best model
// so far.
var ErrInterrupted = errors.New("train: interrupted")

// ErrDiverged is returned if the loss or the gradient is no longer finite. The result is the
// best model before that.
var ErrDiverged = errors.New("train: the loss is no longer a number: lower train.Options.LR or train.Options.Clip, and look for outliers in the data")

// Hooks report how a training proceeds. Each may be nil. They are called from the goroutine
// of Fit.
type Hooks struct {
	Progress func(Progress) // after every update
	Epoch    func(Row)
	Warn     func(string) // a sign that this training leads nowhere, and advice
	// Checkpoint is called after every update, and when ctx has ended. It decides whether to
	// write a file now; write returns the file's bytes.
	Checkpoint func(write func() []byte) error
}

func (h *Hooks) progress(p Progress) {
	if h.Progress != nil {
		h.Progress(p)
	}
}

func (h *Hooks) warn(text string) {
	if h.Warn != nil && text != "" {
		h.Warn(text)
	}
}

func (h *Hooks) checkpoint(t *trainer) error { return h.keep(t.save) }

func (h *Hooks) keep(save func() []byte) error {
	if h.Checkpoint == nil {
		return nil
	}
	return h.Checkpoint(save)
}

// Result is a fitted model and the history of its training.
type Result struct {
	Model *model.Model
	Rows  []Row
	Best  int // the epoch whose weights were kept
	// Held has the running head's outputs for recordings that it was not trained on, if the
	// set has a label for every sample.
	Held []calibrate.HeldOut
}

// Fit trains on set. It validates on valid or, if valid is nil, on the share o.Validation of
// set, held out by group. If checkpoint is not nil, it must be what an earlier Fit of the
// same sets and options passed to Hooks.Checkpoint; training then continues from there and
// ends with the same model as an uninterrupted one.
//
// If ctx ends, Fit returns the best model so far with ErrInterrupted, or nil before the end
// of the first epoch. A model that is interrupted during cross-fitting is complete but for
// its calibration.
func Fit(ctx context.Context, set, valid *dataset.Set, o Options, hooks Hooks, checkpoint []byte) (*Result, error) {
	began := time.Now()
	if err := o.checkCut(); err != nil {
		return nil, err
	}
	from, err := readCheckpoint(checkpoint)
	if err != nil {
		return nil, err
	}
	t, err := prepareUntil(ctx, set, valid, o, &hooks, from)
	if err != nil {
		return nil, err
	}
	if checkpoint != nil {
		if err := t.restore(checkpoint); err != nil {
			return nil, err
		}
	}
	if rows := t.progress.Rows; len(rows) > 0 {
		began = began.Add(-time.Duration(rows[len(rows)-1].Seconds * float64(time.Second)))
	}
	for _, w := range append(t.scarce(), t.notes...) {
		hooks.warn(w)
	}
	watch := newWatch(t)
	t.ledger.begin()
	for t.progress.Epoch < t.o.Epochs && !t.patienceOver() {
		row, err := t.epoch(ctx, &hooks)
		if err != nil {
			return t.stopped(err, &hooks)
		}
		row.Seconds = time.Since(began).Seconds()
		t.keep(row)
		if hooks.Epoch != nil {
			hooks.Epoch(row)
		}
		hooks.warn(watch.look(row))
		if err := hooks.checkpoint(t); err != nil {
			return t.stopped(err, &hooks)
		}
	}
	if err := t.crossFit(ctx, &hooks); err != nil {
		return t.stopped(err, &hooks)
	}
	r, err := t.result(&hooks)
	if err == nil && hooks.Warn != nil {
		for _, s := range t.suspicions(r.Model) {
			hooks.warn(s)
		}
	}
	return r, err
}

func (t *trainer) patienceOver() bool {
	return t.o.Patience > 0 && t.valid != nil && t.progress.Epoch-t.progress.BestEpoch >= t.o.Patience
}

// keep records an epoch, and its weights if they are the best so far.
func (t *trainer) keep(row Row) {
	t.busy.Lock()
	defer t.busy.Unlock()
	p := &t.progress
	p.Epoch++
	p.Update, p.Sums = 0, sums{}
	p.Rows = append(p.Rows, row)
	if t.valid == nil || row.ValidLoss <= p.BestLoss {
		p.BestLoss, p.BestEpoch = row.ValidLoss, p.Epoch
		t.best.CopyFrom(t.candidate())
	}
}

// stopped returns what Fit returns if err ended it.
func (t *trainer) stopped(err error, hooks *Hooks) (*Result, error) {
	err = t.interrupted(err, hooks)
	if t.progress.BestEpoch == 0 {
		if errors.Is(err, ErrInterrupted) {
			err = fmt.Errorf("%w before the end of the first epoch: there is no model yet", err)
		}
		return nil, err
	}
	r, rerr := t.result(hooks)
	if rerr != nil {
		return nil, rerr
	}
	return r, err
}

// interrupted turns the end of the context into ErrInterrupted, after a last checkpoint.
// Other errors stay.
func (t *trainer) interrupted(err error, hooks *Hooks) error {
	if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if err := hooks.checkpoint(t); err != nil {
		return err
	}
	return ErrInterrupted
}

// result makes the model of the best weights.
func (t *trainer) result(hooks *Hooks) (*Result, error) {
	c := *t.config
	p := t.best.Clone(t.config)
	p.Aux = [2][]float32{}
	measured := map[string]float64{}
	held := evaluation{}
	if !c.IsNext() {
		held = t.heldOut(p)
	}
	switch {
	case c.IsNext():
		measured = t.measureNext(p)
	case held.n > 0 && t.train.origin.Stepwise():
		calibrate.FitSteps(&c, held.finals)
		measured["validation_running"] = round6(held.running)
		measured["validation_steps"] = float64(held.n)
	case held.n > 0:
		cuts := t.heldCuts(p)
		all := append(held.finals, cuts...)
		calibrate.Fit(&c, all)
		of := t.ofExamples(&c, held)
		measured["validation_confirmed"] = round6(of.confirm)
		if !math.IsNaN(of.running) {
			measured["validation_running"] = round6(of.running)
		}
		measured["validation_examples"] = float64(of.n)
		if len(cuts) > 0 {
			c.Decision.Threshold, measured["validation_cut"] = threshold(&c, cuts, held.finals)
		}
		streamed, err := t.heldStreamed(p)
		if err != nil {
			return nil, err
		}
		if c.Running != model.RunningNone {
			c.Decision.Background = backgroundOf(c.Labels)
			for _, note := range calibrate.FitEarly(&c, calibrate.EarlyOptions{Gap: t.o.EarlyGap, Confidence: t.o.EarlyConfidence}, append(streamed, all)...) {
				hooks.warn(note)
			}
		}
	case c.Running != model.RunningNone && !t.train.origin.Stepwise():
		c.Decision.EarlyP, c.Decision.EarlySteps = blindP, blindSteps
	}
	c.Decision.Background = backgroundOf(c.Labels)
	c.Origin = model.Origin{Program: "inkling", Data: t.train.origin.Hash, Examples: t.shortHashes(),
		Options: t.o.kept(), Seed: t.o.Seed, Measured: measured}
	if t.train.set.Kind == dataset.Beats {
		c.Origin.Options["records"] = strings.Join(t.groups(), ",")
		if leads := t.train.set.Names; len(leads) > 0 {
			c.Origin.Options["leads"] = strings.Join(leads, ",")
		}
	}
	if t.hearing != nil {
		t.hearing.attach(&c, p, t.o.Segment)
	}
	m, err := model.New(c, p)
	if err != nil {
		return nil, err
	}
	r := &Result{Model: m, Rows: t.progress.Rows, Best: t.progress.BestEpoch}
	if t.train.origin.Stepwise() {
		r.Held = held.finals
	}
	return r, nil
}

// heldOut returns the examples to calibrate p by: the validation set or, once all folds are
// done, what they held out.
func (t *trainer) heldOut(p *model.Params) (e evaluation) {
	switch {
	case t.valid != nil:
		return t.evaluate(p, t.valid)
	case t.crossed.complete():
		finals := slices.Concat(t.crossed.verdicts...)
		e = evaluation{finals: finals, n: len(finals)}
		e.count(len(t.config.Labels))
	}
	return e
}

// ofExamples returns e without background where a detector was trained: most of that is what
// it opened on wrongly, and made-up sounds, which are no examples of the data.
func (t *trainer) ofExamples(c *model.Config, e evaluation) evaluation {
	if t.hearing == nil {
		return e
	}
	of := evaluation{}
	for _, v := range e.finals {
		if c.Labels[v.Label] != dataset.Background {
			of.finals = append(of.finals, v)
		}
	}
	of.n = len(of.finals)
	of.count(len(c.Labels))
	return of
}

// heldCuts returns the same examples as a detector cuts them; none without one.
func (t *trainer) heldCuts(p *model.Params) []calibrate.HeldOut {
	if t.valid != nil {
		return t.judgeCuts(p, t.valid, t.cuts())
	}
	return slices.Concat(t.crossed.cuts...)
}

// heldStreamed returns the same examples as streams cut them, by judgeStreamed.
func (t *trainer) heldStreamed(p *model.Params) (all [][]calibrate.HeldOut, err error) {
	if t.valid != nil {
		return t.judgeStreamed(p, t.valid.set)
	}
	for _, fold := range t.crossed.streamed {
		for way, vs := range fold {
			if way == len(all) {
				all = append(all, nil)
			}
			all[way] = append(all[way], vs...)
		}
	}
	return all, nil
}

// backgroundOf returns the label that is trained but not reported, "" if there is none.
func backgroundOf(labels []string) string {
	if slices.Contains(labels, dataset.Background) {
		return dataset.Background
	}
	return ""
}

// blindP and blindSteps are the early rule of a model without held-out examples.
const (
	blindP     = 0.95
	blindSteps = 5
)

// groups lists the groups of the examples that shortHashes lists.
func (t *trainer) groups() []string {
	seen := map[string]bool{}
	for _, c := range []*corpus{t.train, t.valid} {
		if c == nil {
			continue
		}
		for _, e := range c.set.Examples {
			seen[e.Group] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func round6(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// shortHashes lists the first eight digits of the hash of every example that the model was
// trained on or validated by.
func (t *trainer) shortHashes() []string {
	seen := map[string]bool{}
	for _, c := range []*corpus{t.train, t.valid} {
		if c == nil {
			continue
		}
		for _, e := range c.origin.Examples {
			seen[e.Hash[:min(8, len(e.Hash))]] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
