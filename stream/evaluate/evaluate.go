// Package evaluate measures a model on labelled data. It returns numbers; package report
// turns them into text, pages and pictures.
//
//	r, err := evaluate.Run(ctx, m, set, evaluate.Options{})            // examples, one by one
//	r, err := evaluate.Stream(ctx, m, recordings, evaluate.StreamOptions{}) // annotated streams
//
// Steps is for recordings with a label for every sample, Beats for electrocardiograms,
// Forecasts and Reading for models that predict what comes next. Stream is Collect, which
// runs the network, and Score, which applies a decision to what was collected; Score and
// Trace.Replay try other decisions without running the network again.
package evaluate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/segment"
)

// Options of Run and Steps. The zero value evaluates every example as a whole.
type Options struct {
	// Crop cuts every example into consecutive pieces of this many seconds (samples per
	// channel if the rate is unknown). Each is evaluated as an example named FILE@START.
	// Remainders and examples shorter than a crop are left out.
	Crop float64
	// Join evaluates every Join consecutive texts of a passage as one example, as
	// dataset.Set.Join makes them; 0 evaluates each by itself.
	Join int
	// Segment evaluates the segment that this segmenter finds in each example: the
	// longest, the first of equals. An example without a segment has no label and is
	// wrong.
	Segment *segment.Config
	// Carry also evaluates the running head with its state carried from one example to
	// the next. This is always done if the model's own state policy is to carry.
	Carry    bool
	Each     func(Row) error       // called after the evaluation, for every example in the order of the data
	Progress func(done, total int) // calls do not overlap
}

// Run evaluates m on every example of set: the frames of the whole example, crop or
// segment go through the model's front end, then through Model.Predict. The confirmed
// label is the most probable one, whatever the model's rejection threshold. set must have
// the model's rate: open it with dataset.Options.Rate. The report does not depend on the
// number of processors.
func Run(ctx context.Context, m *model.Model, set *dataset.Set, o Options) (*Report, error) {
	began := time.Now()
	j := &job{m: m, set: set, o: o}
	if err := j.prepare(); err != nil {
		return nil, err
	}
	if err := j.predict(ctx); err != nil {
		return nil, err
	}
	r := NewReport(m.Config.Labels, j.outcomes, m.HasRunning())
	r.after(j.outcomes, j.milestones)
	r.Set, r.Unit = j.set, j.unit()
	for _, p := range j.pieces {
		r.Signals = append(r.Signals, j.set.Examples[p.example].Samples[p.start*j.set.Channels:p.end*j.set.Channels])
	}
	r.Warnings = j.warnings
	if j.carries() {
		at, err := j.carried(ctx)
		if err != nil {
			return nil, err
		}
		r.Running.CarriedAt = at
	}
	r.Seconds = time.Since(began).Seconds()
	if o.Each != nil {
		for _, row := range r.Rows {
			if err := o.Each(row); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// A job is one evaluation.
type job struct {
	m          *model.Model
	set        *dataset.Set
	o          Options
	truth      []int  // the model's index of each of the set's labels; −1 if it has none
	seen       []bool // whether training has seen each example
	milestones []int  // of text: numbers of characters after which the running label is judged
	pieces     []piece
	outcomes   []Outcome
	warnings   []string
}

func (j *job) warn(format string, args ...any) {
	j.warnings = append(j.warnings, fmt.Sprintf(format, args...))
}

func (j *job) prepare() error {
	if len(j.set.Examples) == 0 {
		return errors.New("there are no examples to evaluate: choose another split, or give a data set that has some")
	}
	if c := j.o.Crop; c < 0 || math.IsNaN(c) || math.IsInf(c, 0) {
		return fmt.Errorf("evaluate: crop: %v seconds, want a positive number, or 0 for whole examples", c)
	}
	if j.o.Crop > 0 && j.o.Segment != nil {
		return errors.New("evaluate: crops and a segmenter exclude each other: give one of them")
	}
	if j.o.Segment != nil {
		if _, err := j.classifier(); err != nil {
			return err
		}
	}
	for _, check := range []func() error{j.join, j.checkSignal, j.matchLabels, j.cut, j.checkCarry} {
		if err := check(); err != nil {
			return err
		}
	}
	if j.m.Config.Text() && j.m.HasRunning() {
		j.milestones = milestones(j.pieces)
	}
	j.outcomes = make([]Outcome, len(j.pieces))
	return nil
}

// checkSignal compares the rate and the channels of the data with the model's.
func (j *job) checkSignal() error {
	have, want := j.set.Rate, j.m.Config.Rate
	switch {
	case have != 0 && want != 0 && have != want:
		return fmt.Errorf("the data have %v samples per second, the model takes %v: read the data at the model's rate", have, want)
	case have != want:
		j.warn("the rate of the data (%s) or of the model (%s) is unknown: the samples are taken as they are", rateName(have), rateName(want))
	}
	if n := j.m.Config.Channels; j.set.Channels != n {
		if _, err := j.m.FrontOf(j.set.Channels); err != nil {
			return fmt.Errorf("the data have %d channels, the model was trained on %d: give data with %d (%w)", j.set.Channels, n, n, err)
		}
		j.warn("the data have %d channels, the model was trained on %d: they are averaged", j.set.Channels, n)
	}
	return nil
}

func rateName(rate float64) string {
	if rate == 0 {
		return "none given"
	}
	return strconv.FormatFloat(rate, 'f', -1, 64) + "/s"
}

// matchLabels finds the set's labels in the model. Every label that an example has must
// be there.
func (j *job) matchLabels() error {
	known := j.m.Config.Labels
	for _, l := range j.set.Labels {
		j.truth = append(j.truth, slices.Index(known, l))
	}
	for _, e := range j.set.Examples {
		if j.truth[e.Label] < 0 {
			return fmt.Errorf("%s: the label %q is none of the model's (%s): take the example out of the data, rename its label, or train a model with it",
				e.Name, j.set.Labels[e.Label], list(known))
		}
	}
	return nil
}

func list(labels []string) string {
	const most = 12
	if len(labels) > most {
		return strings.Join(labels[:most], ", ") + fmt.Sprintf(" and %d more", len(labels)-most)
	}
	return strings.Join(labels, ", ")
}

// unit says what an example is.
func (j *job) unit() string {
	switch {
	case j.o.Crop > 0 && j.m.Config.Rate > 0:
		return fmt.Sprintf("crops of %v s", j.o.Crop)
	case j.o.Crop > 0:
		return fmt.Sprintf("crops of %d samples", j.cropSamples())
	case j.o.Join > 1:
		return fmt.Sprintf("examples of %d consecutive texts", j.o.Join)
	case j.o.Segment != nil:
		return fmt.Sprintf("examples, segmented by %s", j.o.Segment.Kind)
	}
	return "examples"
}
