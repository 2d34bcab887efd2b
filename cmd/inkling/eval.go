//go:build !edge

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"inkling/internal/atomicfile"
	"inkling/model"
	"inkling/model/compose"
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/stream/evaluate"
	"inkling/stream/report"
)

type evalCmd struct {
	Model       string `arg:"" help:"A model file, or bundled:notes."`
	Data        string `arg:"" help:"Labelled data, as for train; with --stream also an annotated recording (X.wav with X.txt or X.csv) or a folder of them."`
	dataFlags   `group:"Data"`
	Rate        float64      `within:"0..1e9" group:"Data" help:"Sampling rate to read the data at [the model's]." placeholder:"HZ"`
	Segment     segment.Kind `help:"Cut every example with this segmenter, instead of using it whole; with --stream, cut the recording [the model's]." enum:",activity,label,fixed,message,whole,line,sentence,beat,stored" default:"" placeholder:"KIND"`
	cutFlags    `group:"Segments, with --stream or --segment, instead of the model's"`
	Crop        float64 `help:"Judge crops of this many seconds instead of whole examples." placeholder:"SECONDS"`
	Join        int     `help:"Text: judge this many consecutive examples of a passage as one." placeholder:"N"`
	Carry       bool    `help:"Also run the examples one after another with the running head's state carried on. Always done for a model whose policy is carry."`
	JSON        bool    `help:"Print one JSON object."`
	Each        string  `help:"Write one JSON line per example to this file; with --stream, per event and false alarm; for data with a label for every step, per stretch of equal labels." placeholder:"FILE"`
	Report      string  `help:"Write a page with charts to this file." placeholder:"FILE.html"`
	Ahead       int     `help:"Model of what comes next: judge forecasts one step and this many steps ahead [10]." placeholder:"N"`
	streamFlags `group:"Streams"`
}

func (c *evalCmd) Run(a *app) error {
	m, err := openModel(c.Model)
	if err != nil {
		return err
	}
	c.model = &m.Config
	if c.Rate, err = readRate(c.Rate, c.model, m.Config.Rate); err != nil {
		return err
	}
	if m.HasNext() {
		return c.runNext(a, m)
	}
	if c.Ahead != 0 {
		return usagef("--ahead is for a model of what comes next; %s is one of labels: leave it out", c.Model)
	}
	if s := c.segmenter(m); m.Config.Segment.Kind == segment.Beat && (s == nil || s.Kind == segment.Beat) {
		return c.runBeats(a, m)
	}
	if s := c.segmenter(m); s != nil {
		a.tellOtherSegments(s.Kind)
	}
	if c.Stream {
		return c.runStream(a, m)
	}
	set, err := c.openTest(a, c.Data, c.Rate)
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
	r.About = about(c.Model, m, c.Data)
	return c.print(a, report.Clips{Report: r})
}

// segmenter returns the segmenter of --segment; nil if it is not given.
func (c *evalCmd) segmenter(m *model.Model) *segment.Config {
	if c.Segment == "" && c.cutFlags == (cutFlags{}) {
		return nil
	}
	s := m.Config.Segment
	if c.Segment != "" && c.Segment != "stored" {
		s.Kind = c.Segment
	}
	c.cutFlags.over(&s)
	return &s
}

// withEach calls do with a function that writes a line of --each; nil without --each.
func (c *evalCmd) withEach(do func(each func(any) error) error) error {
	if c.Each == "" {
		return do(nil)
	}
	return atomicfile.WriteFile(c.Each, func(w io.Writer) error { return do(json.NewEncoder(w).Encode) })
}

// print writes the report to --report and to standard output.
func (c *evalCmd) print(a *app, r report.Page) error {
	if c.Report != "" {
		if err := atomicfile.WriteFile(c.Report, r.WriteHTML); err != nil {
			return err
		}
		a.logf("wrote %s", c.Report)
	}
	return c.printText(a, r)
}

// printText writes the report to standard output.
func (c *evalCmd) printText(a *app, r report.Text) error {
	if c.JSON || !terminal(a.rawOut) {
		return json.NewEncoder(a.data()).Encode(r)
	}
	if err := r.WriteText(a.stdout); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.stdout)
	return err
}

// runBeats judges a model of heartbeats on annotated electrocardiograms.
func (c *evalCmd) runBeats(a *app, m *model.Model) error {
	if c.Crop != 0 {
		return usagef("--crop cuts examples, but a model of heartbeats is judged on whole records: leave it out")
	}
	for _, f := range []struct {
		flag  string
		given bool
	}{{"stream", c.Stream}, {"join", c.Join != 0}, {"carry", c.Carry}} {
		if f.given {
			return usagef("--%s changes nothing for a model of heartbeats, which is judged on whole records: leave it out", f.flag)
		}
	}
	list, err := c.dataFlags.wholeRecords(a, c.Data, c.Split)
	if err != nil {
		return err
	}
	o := evaluate.BeatOptions{Segment: c.segmenter(m), Leads: c.Leads, Examples: c.Report != ""}
	var r *evaluate.BeatReport
	err = c.withEach(func(each func(any) error) error {
		if each != nil {
			o.Each = func(r *evaluate.BeatRow) error { return each(r) }
		}
		r, err = evaluate.Beats(a.ctx, m, list, o)
		return err
	})
	if err != nil {
		return err
	}
	r.About = about(c.Model, m, c.Data)
	return c.print(a, report.Beats{BeatReport: r})
}

// runSteps judges recordings that have a label for every step, as streams.
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
	r.About = about(c.Model, m, c.Data)
	return c.print(a, report.Steps{StepReport: r})
}

// runNext judges a model of what comes next.
func (c *evalCmd) runNext(a *app, m *model.Model) error {
	if c.Segment != "" || c.Crop != 0 || c.Stream {
		return usagef("--segment, --crop and --stream are for labels; %s is a model of what comes next: leave them out", c.Model)
	}
	if c.Ahead < 0 || c.Ahead > 0 && m.Config.Text() {
		return usagef("--ahead %d: give 1 or more for a signal; for text leave it out", c.Ahead)
	}
	c.recordings = true
	set, err := c.openTest(a, c.Data, c.Rate)
	if err != nil {
		return err
	}
	if n := evaluate.SeenInTraining(m, set); n > 0 {
		a.logf("%d of these recordings were in the model's training: those say little", n)
	}
	var result report.Page
	err = c.withEach(func(each func(any) error) error {
		if m.Config.Text() {
			var r *evaluate.ReadingReport
			r, err = evaluate.Reading(a.ctx, m, set, evaluate.ReadingOptions{Each: eachOf[evaluate.ReadingRow](each)})
			if r != nil {
				r.About = about(c.Model, m, c.Data)
			}
			result = report.Reading{ReadingReport: r}
		} else {
			var r *evaluate.ForecastReport
			r, err = evaluate.Forecasts(a.ctx, m, set, evaluate.ForecastOptions{Ahead: c.Ahead, Excerpts: c.Report != "", Each: eachOf[evaluate.ForecastRow](each)})
			if r != nil {
				r.About = about(c.Model, m, c.Data)
			}
			result = report.Forecasts{ForecastReport: r}
		}
		return err
	})
	if err != nil {
		return err
	}
	return c.print(a, result)
}

// eachOf adapts each to rows of one type; nil stays nil.
func eachOf[Row any](each func(any) error) func(*Row) error {
	if each == nil {
		return nil
	}
	return func(r *Row) error { return each(r) }
}

type streamFlags struct {
	Stream        bool    `help:"Judge on streams, run as by 'inkling run': annotated recordings, or labelled data composed as by 'inkling compose'."`
	Tolerance     seconds `with:"stream" help:"How far apart an event and the segment that finds it may begin." default:"250ms"`
	IgnoreUnknown bool    `with:"stream" help:"Ignore annotations with labels that the model does not have, instead of stopping."`
	composeFlags  `group:"Streams composed of labelled data"`
}

func (c *evalCmd) runStream(a *app, m *model.Model) error {
	switch {
	case c.Crop != 0:
		return usagef("--crop cuts examples, and --stream has none: leave one of them out")
	case !(c.Tolerance > 0):
		return usagef("--tolerance %v: give more than 0, such as 250ms", float64(c.Tolerance))
	}
	recordings, notes, err := annotated(c.Data)
	if err == nil && len(recordings) == 0 {
		recordings, notes, err = c.compose(a, m)
	} else if err == nil {
		a.tellComposed(c.Data)
	}
	if err != nil {
		return err
	}
	o := evaluate.StreamOptions{Segment: c.segmenter(m), Tolerance: float64(c.Tolerance), IgnoreUnknown: c.IgnoreUnknown, Cutouts: c.Report != "", Progress: a.progress("running the model")}
	var r *evaluate.StreamReport
	err = c.withEach(func(each func(any) error) error {
		if each != nil {
			o.Each = func(r *evaluate.StreamRow) error { return each(r) }
		}
		r, err = evaluate.Stream(a.ctx, m, recordings, o)
		return err
	})
	if err != nil {
		return err
	}
	for _, n := range notes {
		a.logf("%s", n)
	}
	r.Warnings = append(r.Warnings, notes...)
	r.About = about(c.Model, m, c.Data)
	return c.print(a, report.Stream{StreamReport: r})
}

// annotated returns the annotated recordings of DATA; none if it holds labelled examples.
func annotated(data string) (list []evaluate.Recording, notes []string, err error) {
	if data == bundledNotes {
		return nil, nil, nil
	}
	return evaluate.Annotated(data)
}

func (c *evalCmd) compose(a *app, m *model.Model) (list []evaluate.Recording, notes []string, err error) {
	set, err := c.openTest(a, c.Data, c.Rate)
	if err != nil {
		return nil, nil, err
	}
	o, err := c.options(a, set)
	if err != nil {
		return nil, nil, err
	}
	s, err := compose.New(set, o)
	if err != nil {
		return nil, nil, err
	}
	if n := evaluate.SeenInTraining(m, set); n > 0 {
		notes = append(notes, fmt.Sprintf("%d of the %d examples that the stream is composed of were in the model's training: the figures flatter", n, len(set.Examples)))
	}
	return []evaluate.Recording{evaluate.Composed(c.Data, s)}, notes, nil
}
