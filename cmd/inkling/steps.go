package main

import (
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/train"
	"inkling/stream/evaluate"
	"inkling/stream/report"
)

// runSteps judges recordings with a label for every step as streams.
func (c *evalCmd) runSteps(a *app, m *model.Model, set *dataset.Set, o evaluate.Options) error {
	r, err := evaluate.Steps(a.ctx, m, set, o)
	if err != nil {
		return err
	}
	err = c.withEach(func(each func(any) error) error {
		for _, row := range r.Rows {
			if each == nil {
				break
			}
			if err := each(row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.tell(a, report.Steps{StepReport: r})
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
