package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"inkling/internal/atomicfile"
	"inkling/model"
	"inkling/model/evaluate"
)

type evalCmd struct {
	Model string `arg:"" help:"A model file, or bundled:notes."`
	Data  string `arg:"" help:"Labelled data, as for train."`
	dataFlags
	Segment string  `help:"Cut every example with this segmenter instead of taking it whole." enum:",activity,fixed,message,whole,stored" default:""`
	Crop    float64 `help:"Judge crops of so many seconds instead of whole examples." placeholder:"SECONDS"`
	JSON    bool    `help:"One JSON object."`
	Each    string  `help:"Write a JSON line an example here." placeholder:"FILE"`
	Report  string  `help:"Write a page with charts here." placeholder:"FILE.html"`
}

func (c *evalCmd) Run(a *app) error {
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	set, err := c.open(a, c.Data, m.Config.Rate)
	if err != nil {
		return err
	}
	if c.Split != "" {
		set, err = set.Split(c.Split)
	} else {
		set, err = set.Test()
	}
	if err != nil {
		return err
	}
	o := evaluate.Options{Crop: c.Crop}
	switch c.Segment {
	case "":
	case "stored":
		o.Segment = &m.Config.Segment
	default:
		s := m.Config.Segment
		s.Kind = c.Segment
		o.Segment = &model.Segment{Kind: s.Kind, Maximum: s.Maximum, Steps: s.Steps, On: s.On, Off: s.Off, Level: s.Level,
			Minimum: s.Minimum, PreRoll: s.PreRoll, Hold: s.Hold}
	}
	var report *evaluate.Report
	evalAll := func(w io.Writer) error {
		if w != nil {
			enc := json.NewEncoder(w)
			o.Each = func(r evaluate.Row) error { return enc.Encode(r) }
		}
		report, err = evaluate.Run(a.ctx, m, set, o)
		return err
	}
	if c.Each != "" {
		err = atomicfile.WriteFile(c.Each, func(w io.Writer) error {
			b := bufio.NewWriter(w)
			if err := evalAll(b); err != nil {
				return err
			}
			return b.Flush()
		})
	} else {
		err = evalAll(nil)
	}
	if err != nil {
		return err
	}
	if report.SeenInTraining > 0 {
		a.logf("%d of these examples were in the model's training: those say little", report.SeenInTraining)
	}
	if c.Report != "" {
		if err := atomicfile.WriteFile(c.Report, func(w io.Writer) error { return report.WriteHTML(w) }); err != nil {
			return err
		}
		a.logf("wrote %s", c.Report)
	}
	if c.JSON || !terminal(a.stdout) {
		return json.NewEncoder(a.stdout).Encode(report)
	}
	if err := report.WriteText(a.stdout); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout)
	return err
}
