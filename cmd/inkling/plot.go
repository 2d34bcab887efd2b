//go:build !edge

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"inkling/model"
	"inkling/model/dataset"
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
	plotConfusion struct {
		resultFlags
		Beside string `help:"Draw that of a second model, on the same data, or of a second output of 'inkling eval --json' beside it." placeholder:"MODEL"`
	}
	plotAccuracy    struct{ resultFlags }
	plotReliability struct{ resultFlags }
	plotThresholds  struct{ resultFlags }
)

func (c *plotAccuracy) Run(a *app) error    { return c.draw(a, report.RunningAccuracy) }
func (c *plotReliability) Run(a *app) error { return c.draw(a, report.Reliability) }
func (c *plotThresholds) Run(a *app) error  { return c.draw(a, report.Thresholds) }

func (c *plotConfusion) Run(a *app) error {
	if c.Beside == "" {
		return c.draw(a, report.Confusion)
	}
	return c.draw(a, func(r *evaluate.Report, path string) error {
		other := c.resultFlags
		other.Report = c.Beside
		second, err := other.report(a)
		if err != nil {
			return err
		}
		return report.Confusions(r, second, path)
	})
}

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

func (c *resultFlags) report(a *app) (*evaluate.Report, error) {
	if c.Data == "" {
		data, err := os.ReadFile(c.Report)
		if err != nil {
			return nil, err
		}
		r := new(evaluate.Report)
		if err := json.Unmarshal(data, r); err != nil {
			return nil, fmt.Errorf("%s: %w: give what `inkling eval --json` printed, or a model and DATA", c.Report, err)
		}
		return r, nil
	}
	m, err := openLabels(c.Report)
	if err != nil {
		return nil, err
	}
	if err := noBeats(c.Segment, "plot with a model and data"); err != nil {
		return nil, err
	}
	c.model = &m.Config
	set, err := c.open(a, c.Data, m.Config.Rate)
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
