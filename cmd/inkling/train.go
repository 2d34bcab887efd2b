//go:build !edge

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"time"

	"inkling/internal/atomicfile"
	"inkling/internal/lockfile"
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/train"
	"inkling/stream/evaluate"
	"inkling/stream/report"
)

func (c *trainCmd) Run(a *app) error {
	given, err := c.given(a)
	if err != nil {
		return err
	}
	if err := c.checkNext(given); err != nil {
		return err
	}
	release, err := lockfile.Take(c.Out)
	if err != nil {
		return err
	}
	defer release()
	c.sweep()
	trainSet, valid, err := c.data(a)
	if err != nil {
		return err
	}
	o, err := c.options(a, trainSet, given)
	if err != nil {
		return err
	}
	a.tellOtherFronts(o.Front.Kind)
	a.tellOtherSegments(o.Segment.Kind)
	checkpoint, err := c.checkpoint()
	if err != nil {
		return err
	}
	began := time.Now()
	if c.Search > 0 {
		if o, err = c.search(a, trainSet, o); err != nil {
			return err
		}
	}
	hooks, end := c.hooks(a)
	result, err := train.Fit(a.ctx, trainSet, valid, o, hooks, checkpoint)
	end()
	if errors.Is(err, train.ErrCheckpoint) {
		return fmt.Errorf("%s: %w", c.checkpointFile(), err)
	}
	if result == nil {
		return c.without(err)
	}
	if serr := steady(a, result); serr != nil {
		return serr
	}
	if werr := c.write(a, result); werr != nil {
		return fmt.Errorf("%w: the training is kept; once that is mended, the same command with --resume writes the model", werr)
	}
	if err == nil {
		os.Remove(c.checkpointFile())
		a.logf("trained in %s", time.Since(began).Round(100*time.Millisecond))
	}
	if errors.Is(err, train.ErrInterrupted) {
		return fmt.Errorf("interrupted after epoch %d: %s holds the best so far; the same command with --resume goes on", len(result.Rows), c.Out)
	}
	return err
}

// without is the error of a training that leaves no model: whether it can be resumed.
func (c *trainCmd) without(err error) error {
	if !errors.Is(err, train.ErrInterrupted) {
		return err
	}
	if _, serr := os.Stat(c.checkpointFile()); serr != nil {
		return errors.New("interrupted before the first update: nothing is written; the same command begins anew")
	}
	return errors.New("interrupted before the end of the first epoch: there is no model yet; the same command with --resume goes on")
}

// search cross-validates settings and leaves a log of them beside the model.
func (c *trainCmd) search(a *app, set *dataset.Set, o train.Options) (train.Options, error) {
	a.logf("searching: %d settings, cross-validated on the training data alone", c.Search)
	best, trials, err := train.Search(a.ctx, set, o, c.Search, train.Hooks{}, func(t train.Trial) {
		change, mark := t.Change, ""
		if change == "" {
			change = "as suggested by the data"
		}
		if t.Kept {
			mark = ", kept"
		}
		a.logf("%-28s loss %.4f, %s%s", change, t.Loss, accuracies(t.Confirmed, t.Running), mark)
	})
	if len(trials) > 0 {
		log := beside(c.Out, ".search.csv")
		if werr := atomicfile.WriteFile(log, func(w io.Writer) error { return train.WriteTrials(w, trials) }); werr != nil {
			return best, werr
		}
		a.logf("wrote %s", log)
	}
	if err != nil {
		return best, fmt.Errorf("the search is not finished: %w", err)
	}
	return best, nil
}

func (c *trainCmd) checkpointFile() string { return c.Out + ".checkpoint" }

// sweep removes what a kill has left of earlier checkpoints, while the lock of the model says
// that no other training writes them. A device is not locked.
func (c *trainCmd) sweep() {
	if info, err := os.Stat(c.Out); err == nil && !info.Mode().IsRegular() {
		return
	}
	atomicfile.Sweep(c.checkpointFile())
}

func (c *trainCmd) checkpoint() ([]byte, error) {
	if !c.Resume {
		return nil, nil
	}
	data, err := os.ReadFile(c.checkpointFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// hooks show progress until end is called, and write a checkpoint every few seconds.
func (c *trainCmd) hooks(a *app) (h train.Hooks, end func()) {
	var lastSave time.Time // the first update's checkpoint shows at once whether there is room for it
	h = train.Hooks{
		Warn: func(s string) { a.logf("\nwarning: %s", s) },
		Checkpoint: func(write func() []byte) error {
			if time.Since(lastSave) < 2*time.Second && a.ctx.Err() == nil {
				return nil
			}
			lastSave = time.Now()
			return atomicfile.WriteFile(c.checkpointFile(), func(w io.Writer) error {
				_, err := w.Write(write())
				return err
			})
		},
	}
	var shown []shower
	end = func() {}
	if !c.Quiet {
		p := c.newProgress(a)
		shown, end = append(shown, p), p.end
	}
	if c.watch != nil {
		shown = append(shown, c.watch)
	}
	h.Progress = func(p train.Progress) {
		for _, s := range shown {
			s.update(p)
		}
	}
	h.Epoch = func(r train.Row) {
		for _, s := range shown {
			s.epoch(r)
		}
	}
	return h, end
}

// A shower shows how a training goes on.
type shower interface {
	update(train.Progress)
	epoch(train.Row)
}

// write leaves the model, the log and the curves.
func (c *trainCmd) write(a *app, r *train.Result) error {
	if err := atomicfile.WriteFile(c.Out, r.Model.Save); err != nil {
		return err
	}
	log := beside(c.Out, ".csv")
	if err := atomicfile.WriteFile(log, func(w io.Writer) error { return train.WriteCSV(w, r.Rows) }); err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := train.WriteCSV(&buf, r.Rows); err != nil {
		return err
	}
	points, err := report.ReadCurves(&buf)
	if err != nil {
		return err
	}
	curves := beside(c.Out, ".png")
	if err := report.Curves(points, about(c.Out, r.Model, c.Data), curves); err != nil {
		return err
	}
	a.logf("\nepoch %d of %d kept", r.Best, len(r.Rows))
	m := r.Model.Config.Origin.Measured
	if n := m["validation_examples"]; n > 0 {
		running, end := math.NaN(), ""
		if v, ok := m["validation_running"]; ok {
			running, end = v, " at the end"
		}
		a.logf("of %.0f held-out examples: %s%s", n, accuracies(m["validation_confirmed"], running), end)
	}
	if n := m["validation_steps"]; n > 0 && c.Predict != "" {
		a.logf("of %.0f held-out steps: loss %.4g", n, m["validation_loss"])
	} else if n > 0 {
		a.logf("of %.0f held-out steps: running %.1f %%", n, 100*m["validation_running"])
	}
	a.logf("wrote %s (hash %s), %s, %s", c.Out, r.Model.Hash(), log, curves)
	return nil
}

// steady gives a model of data with a label for every step the average and the hold of
// the running label that suit what it said of recordings held out.
func steady(a *app, r *train.Result) error {
	if len(r.Held) == 0 {
		return nil
	}
	c := r.Model.Config
	c.Decision = evaluate.Steady(&c, r.Held)
	m, err := model.New(c, r.Model.Params)
	if err != nil {
		return err
	}
	a.logf("running label: averaged over %g steps, held for %d", c.Decision.Smooth, c.Decision.Hold)
	r.Model = m
	return nil
}
