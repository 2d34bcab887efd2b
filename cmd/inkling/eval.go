package main

import (
	"encoding/json"
	"fmt"
	"io"

	"inkling/internal/atomicfile"
	"inkling/model"
	"inkling/model/segment"
	"inkling/stream/evaluate"
	"inkling/stream/report"
)

type evalCmd struct {
	Model       string `arg:"" help:"A model file, or bundled:notes."`
	Data        string `arg:"" help:"Labelled data, as for train; with --stream also an annotated recording (X.wav with X.txt or X.csv) or a folder of them."`
	dataFlags   `group:"Data"`
	recordFlags `group:"Data"`
	Segment     segment.Kind `help:"Cut every example with this segmenter, instead of using it whole; with --stream, cut the recording [the model's]." enum:",activity,fixed,message,whole,line,sentence,beat,stored" default:"" placeholder:"KIND"`
	Crop        float64      `help:"Judge crops of this many seconds instead of whole examples." placeholder:"SECONDS"`
	Join        int          `help:"Text: judge this many consecutive examples of a passage as one." placeholder:"N"`
	Carry       bool         `help:"Also run the examples one after another with the running head's state carried on. Always done for a model whose policy is carry."`
	JSON        bool         `help:"Print one JSON object."`
	Each        string       `help:"Write one JSON line per example to this file; with --stream, per event and false alarm; for data with a label for every step, per stretch of equal labels." placeholder:"FILE"`
	Report      string       `help:"Write a page with charts to this file." placeholder:"FILE.html"`
	Ahead       int          `help:"Model of what comes next: judge forecasts one step and this many steps ahead [10]." placeholder:"N"`
	streamFlags `group:"Streams"`
}

func (c *evalCmd) Run(a *app) error {
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	c.model = &m.Config
	if m.HasNext() {
		return c.runNext(a, m)
	}
	if c.Ahead != 0 {
		return usagef("--ahead is for a model that says what comes next; %s says labels: leave it out", c.Model)
	}
	if s := c.segmenter(m); m.Config.Segment.Kind == segment.Beat && (s == nil || s.Kind == segment.Beat) {
		return c.runBeats(a, m)
	}
	if c.Stream {
		return c.runStream(a, m)
	}
	set, err := c.openTest(a, c.Data, m.Config.Rate)
	if err != nil {
		return err
	}
	o := evaluate.Options{Crop: c.Crop, Join: c.Join, Carry: c.Carry, Segment: c.segmenter(m)}
	if set.Stepwise() {
		return c.runSteps(a, m, set, o)
	}
	var r *evaluate.Report
	err = c.withEach(func(each func(any) error) error {
		if each != nil {
			o.Each = func(r evaluate.Row) error { return each(r) }
		}
		r, err = evaluate.Run(a.ctx, m, set, o)
		return err
	})
	if err != nil {
		return err
	}
	if r.SeenInTraining > 0 {
		a.logf("%d of these examples were in the model's training: those say little", r.SeenInTraining)
	}
	return c.tell(a, report.Clips{Report: r})
}

// segmenter is the one of --segment; nil: none is given.
func (c *evalCmd) segmenter(m *model.Model) *segment.Config {
	if c.Segment == "" {
		return nil
	}
	s := m.Config.Segment
	if c.Segment != "stored" {
		s.Kind = c.Segment
	}
	return &s
}

// withEach calls do with what writes a line of --each; nil without it.
func (c *evalCmd) withEach(do func(each func(any) error) error) error {
	if c.Each == "" {
		return do(nil)
	}
	return atomicfile.WriteFile(c.Each, func(w io.Writer) error { return do(json.NewEncoder(w).Encode) })
}

// tell writes --report, and the report to standard output.
func (c *evalCmd) tell(a *app, r report.Page) error {
	if c.Report != "" {
		if err := atomicfile.WriteFile(c.Report, r.WriteHTML); err != nil {
			return err
		}
		a.logf("wrote %s", c.Report)
	}
	return c.tellText(a, r)
}

// tellText writes the report to standard output.
func (c *evalCmd) tellText(a *app, r report.Text) error {
	if c.JSON || !terminal(a.stdout) {
		return json.NewEncoder(a.stdout).Encode(r)
	}
	if err := r.WriteText(a.stdout); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.stdout)
	return err
}
