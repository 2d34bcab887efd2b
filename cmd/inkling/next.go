package main

import (
	"inkling/model"
	"inkling/stream"
	"inkling/stream/evaluate"
	"inkling/stream/report"
)

// What the subcommands do with a model that says what comes next.

// runNext judges a model that says what comes next.
func (c *evalCmd) runNext(a *app, m *model.Model) error {
	if c.Segment != "" || c.Crop != 0 || c.Stream || c.Report != "" {
		return usagef("--segment, --crop, --stream and --report are for labels; %s says what comes next: leave them out", c.Model)
	}
	if c.Ahead < 0 || c.Ahead > 0 && m.Config.Text() {
		return usagef("--ahead %d: give one step or more of a signal; of text leave it out", c.Ahead)
	}
	c.recordings = true
	set, err := c.openTest(a, c.Data, m.Config.Rate)
	if err != nil {
		return err
	}
	if n := evaluate.SeenInTraining(m, set); n > 0 {
		a.logf("%d of these recordings were in the model's training: those say little", n)
	}
	var result report.Text
	err = c.withEach(func(each func(any) error) error {
		if m.Config.Text() {
			var r *evaluate.ReadingReport
			r, err = evaluate.Reading(a.ctx, m, set, evaluate.ReadingOptions{Each: eachOf[evaluate.ReadingRow](each)})
			result = report.Reading{ReadingReport: r}
		} else {
			var r *evaluate.ForecastReport
			r, err = evaluate.Forecasts(a.ctx, m, set, evaluate.ForecastOptions{Ahead: c.Ahead, Each: eachOf[evaluate.ForecastRow](each)})
			result = report.Forecasts{ForecastReport: r}
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.tellText(a, result)
}

// eachOf is each for rows of one type; nil for nil.
func eachOf[Row any](each func(any) error) func(*Row) error {
	if each == nil {
		return nil
	}
	return func(r *Row) error { return each(r) }
}

// nextOptions are those of a stream of forecasts.
func (c *runCmd) nextOptions(m *model.Model, emit stream.Emit) (*stream.Options, error) {
	d := &c.decisionFlags
	if c.segmentFlags != (segmentFlags{}) || c.Background || c.Why || c.State != "" || c.Service != "" || emit.Change || emit.Word || emit.Confirmed ||
		len(d.Threshold)+len(d.RunningOn)+len(d.RunningOff) > 0 || d.Smooth != nil || d.LabelHold != nil || d.CUSUMLimit != nil || d.CUSUMDrift != nil {
		return nil, usagef("%s says what comes next, as long as the signal goes on: leave out what belongs to segments and labels (--emit knows step and every=…)", c.Model)
	}
	o := &stream.Options{Gap: c.Gap, Emit: emit, Ahead: c.Ahead}
	if _, err := stream.NewClassifier(m, o); err != nil {
		return nil, usageError{err}
	}
	return o, nil
}
