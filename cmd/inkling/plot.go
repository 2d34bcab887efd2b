package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"inkling/model"
	"inkling/stream/evaluate"
	"inkling/stream/report"
)

type plotCmd struct {
	Waveform  plotWaveform  `cmd:"" help:"Draw the waveform of random examples, one after another, with their labels."`
	Confusion plotConfusion `cmd:"" help:"Draw a confusion chart with row and column summaries."`
	Curves    plotCurves    `cmd:"" help:"Draw training curves from the CSV that train wrote beside a model."`
	Gates     plotGates     `cmd:"" help:"Draw what the network's cells take in, keep and let out while they read a file."`
}

type plotWaveform struct {
	Data string `arg:"" help:"Labelled data, as for train."`
	Out  string `short:"o" required:"" help:"Picture to write: .png or .svg." placeholder:"FILE"`
	pickFlags
}

func (c *plotWaveform) Run(a *app) error {
	set, examples, err := c.pick(a, c.Data)
	if err != nil {
		return err
	}
	set, shown, err := c.shown(set, examples)
	if err != nil {
		return err
	}
	if err := report.Waveform(set, shown, about("", nil, c.Data), c.Out); err != nil {
		return err
	}
	a.logf("wrote %s", c.Out)
	return nil
}

type plotConfusion struct {
	Report    string `arg:"" help:"The output of 'inkling eval --json', or a model followed by data."`
	Data      string `arg:"" optional:"" help:"Labelled data."`
	Out       string `short:"o" required:"" help:"Picture to write: .png or .svg." placeholder:"FILE"`
	readFlags `group:"Data"`
}

func (c *plotConfusion) Run(a *app) error {
	r, err := c.report(a)
	if err != nil {
		return err
	}
	if err := report.Confusion(r, c.Out); err != nil {
		return err
	}
	a.logf("wrote %s", c.Out)
	return nil
}

func (c *plotConfusion) report(a *app) (*evaluate.Report, error) {
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
	if err := noBeats(c.Segment, "plot confusion with a model"); err != nil {
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
