//go:build !edge

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream/evaluate"
	"inkling/stream/report"
)

type plotCmd struct {
	Waveform    plotWaveform    `cmd:"" help:"Draw the waveform of random examples, one after another, with their labels."`
	Spectrogram plotSpectrogram `cmd:"" help:"Draw the spectrogram of examples, one after another, with their labels."`
	Confusion   plotConfusion   `cmd:"" help:"Draw a confusion chart with row and column summaries."`
	Accuracy    plotAccuracy    `cmd:"" help:"Draw the accuracy against the part of the segment heard."`
	Reliability plotReliability `cmd:"" help:"Draw how often answers of a probability are right."`
	Thresholds  plotThresholds  `cmd:"" help:"Draw precision and recall over thresholds on the probability."`
	Curves      plotCurves      `cmd:"" help:"Draw training curves from the CSV that train wrote beside a model."`
	Gates       plotGates       `cmd:"" help:"Draw what the network's cells take in, keep and let out while they read a file."`
}

// exampleFlags are those of pictures of examples.
type exampleFlags struct {
	Data string `arg:"" help:"Labelled data, as for train."`
	Out  string `short:"o" required:"" help:"Picture to write: .png or .svg." placeholder:"FILE"`
	pickFlags
}

type (
	plotWaveform    struct{ exampleFlags }
	plotSpectrogram struct{ exampleFlags }
)

func (c *plotWaveform) Run(a *app) error { return c.draw(a, report.Waveform) }

func (c *plotSpectrogram) Run(a *app) error { return c.draw(a, report.Spectrogram) }

// draw draws the chosen examples by a function of package report.
func (c *exampleFlags) draw(a *app, picture func(*dataset.Set, []dataset.Example, evaluate.About, string) error) error {
	set, examples, err := c.pick(a, c.Data)
	if err != nil {
		return err
	}
	set, shown, err := c.shown(set, examples)
	if err != nil {
		return err
	}
	if err := picture(set, shown, about("", nil, c.Data), c.Out); err != nil {
		return err
	}
	a.logf("wrote %s", c.Out)
	return nil
}

// resultFlags are those of pictures of a model's result.
type resultFlags struct {
	Report    string `arg:"" help:"The output of 'inkling eval --json', or a model followed by data."`
	Data      string `arg:"" optional:"" help:"Labelled data."`
	Out       string `short:"o" required:"" help:"Picture to write: .png or .svg." placeholder:"FILE"`
	readFlags `group:"Data"`
}

type (
	plotAccuracy    struct{ resultFlags }
	plotReliability struct{ resultFlags }
	plotThresholds  struct{ resultFlags }
)

func (c *plotAccuracy) Run(a *app) error    { return c.draw(a, report.RunningAccuracy) }
func (c *plotReliability) Run(a *app) error { return c.draw(a, report.Reliability) }
func (c *plotThresholds) Run(a *app) error  { return c.draw(a, report.Thresholds) }

// draw draws the result by a function of package report.
func (c *resultFlags) draw(a *app, picture func(*evaluate.Report, string) error) error {
	r, err := c.report(a)
	if err != nil {
		return err
	}
	if err := picture(r, c.Out); err != nil {
		return err
	}
	a.logf("wrote %s", c.Out)
	return nil
}

// report returns the result of examples, read or measured.
func (c *resultFlags) report(a *app) (*evaluate.Report, error) {
	r, err := c.result(a, false)
	return r.clips, err
}

// A result is one of examples or one of heartbeats; the other is nil.
type result struct {
	clips *evaluate.Report
	beats *evaluate.BeatReport
}

// result returns the result, read from what eval printed or measured. Without beats it is
// one of examples.
func (c *resultFlags) result(a *app, beats bool) (r result, err error) {
	var m *model.Model
	if c.Data == "" {
		r, err = readResult(c.Report)
	} else {
		m, err = openLabels(c.Report)
	}
	switch {
	case err != nil:
		return r, err
	case !beats && (r.beats != nil || m != nil && m.Config.Segment.Kind == segment.Beat):
		return r, usagef("%s: heartbeats are judged on whole records: of them `inkling plot confusion` and `inkling eval --report` have pictures", c.Report)
	case m == nil:
	case m.Config.Segment.Kind == segment.Beat:
		r.beats, err = c.judgeBeats(a, m)
	default:
		r.clips, err = c.judge(a, m)
	}
	return r, err
}

// readResult reads what `inkling eval --json` printed.
func readResult(name string) (r result, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return r, err
	}
	var kind struct {
		Truths json.RawMessage `json:"truths"`
	}
	if err = json.Unmarshal(data, &kind); err == nil && kind.Truths != nil {
		r.beats = new(evaluate.BeatReport)
		err = json.Unmarshal(data, r.beats)
	} else if err == nil {
		r.clips = new(evaluate.Report)
		err = json.Unmarshal(data, r.clips)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w: give what `inkling eval --json` printed, or a model and DATA", name, err)
	}
	return r, nil
}

// judge measures a model on examples.
func (c *resultFlags) judge(a *app, m *model.Model) (*evaluate.Report, error) {
	if err := noBeats(c.Segment, "plot with this model"); err != nil {
		return nil, err
	}
	d := c.readFlags
	d.model = &m.Config
	set, err := d.open(a, c.Data, m.Config.Rate)
	if err != nil {
		return nil, err
	}
	if c.Split != "" {
		set, err = set.Split(c.Split)
	} else {
		set, err = set.Test()
	}
	if err != nil {
		return nil, err
	}
	r, err := evaluate.Run(a.ctx, m, set, evaluate.Options{})
	if err != nil {
		return nil, err
	}
	r.About = about(c.Report, m, c.Data)
	return r, nil
}

// judgeBeats measures a model of heartbeats on records, as eval does.
func (c *resultFlags) judgeBeats(a *app, m *model.Model) (*evaluate.BeatReport, error) {
	if _, err := readRate(c.Rate, &m.Config, m.Config.Rate); err != nil {
		return nil, err
	}
	list, err := c.wholeRecords(a, c.Data, c.Split)
	if err != nil {
		return nil, err
	}
	r, err := evaluate.Beats(a.ctx, m, list, evaluate.BeatOptions{Leads: c.Leads})
	if err != nil {
		return nil, err
	}
	for _, w := range r.Warnings {
		a.logf("%s", w)
	}
	r.About = about(c.Report, m, c.Data)
	return r, nil
}

type plotCurves struct {
	Log string `arg:"" help:"The CSV that train wrote beside a model, or the model."`
	Out string `short:"o" required:"" help:"Picture to write: .png or .svg." placeholder:"FILE"`
}

func (c *plotCurves) Run(a *app) error {
	log, of, err := c.open()
	if err != nil {
		return err
	}
	defer log.Close()
	points, err := report.ReadCurves(log)
	if err != nil {
		return fmt.Errorf("%s: %w", log.Name(), err)
	}
	if err := report.Curves(points, of, c.Out); err != nil {
		return err
	}
	a.logf("wrote %s", c.Out)
	return nil
}

// open opens the log, of a model the one beside it, and says what it is about: the date is
// that of the training.
func (c *plotCurves) open() (log *os.File, of evaluate.About, err error) {
	f, err := os.Open(c.Log)
	if err != nil {
		return nil, of, err
	}
	m, err := model.Load(f)
	if err == nil {
		f.Close()
		of = about(c.Log, m, "")
		name := beside(c.Log, ".csv")
		if f, err = os.Open(name); err != nil {
			return nil, of, fmt.Errorf("%s is a model, and the log that train wrote beside it is not there (%w): give the log", c.Log, err)
		}
	} else if _, err = f.Seek(0, io.SeekStart); err != nil {
		f.Close()
		return nil, of, err
	} else {
		of.Data = c.Log
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, of, err
	}
	of.Date = info.ModTime()
	return f, of, nil
}
