package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/stream/evaluate"
	"inkling/stream/report"
)

// recordFlags choose annotated electrocardiograms.
type recordFlags struct {
	Records []string `help:"Electrocardiograms: use only these records, comma-separated [those of the split]." placeholder:"A,B"`
	Leads   []string `help:"WFDB records: use only these leads, by name or number, comma-separated." placeholder:"NAME"`
}

// find gives the records of DATA that were chosen.
func (f *recordFlags) find(a *app, data, split string, test bool) ([]dataset.Record, error) {
	list, notes, err := dataset.Records(data)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no annotated electrocardiogram here: want NAME.hea with NAME.atr, or NAME.wav with NAME.beats.csv", data)
	}
	for _, n := range notes {
		a.logf("%s: %s", data, n)
	}
	list, err = dataset.ChooseRecords(list, f.Records, split, test)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", data, err)
	}
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.Name
	}
	a.logf("records %s", strings.Join(names, ", "))
	return list, nil
}

// beats reads heartbeats to train on.
func (c *trainCmd) beats(a *app) (trainSet, valid *dataset.Set, err error) {
	if c.Crop > 0 {
		return nil, nil, usagef("--crop cuts examples: leave it out with --segment %s", segment.Beat)
	}
	o := dataset.BeatOptions{Rate: c.Rate, Leads: c.recordFlags.Leads, Labels: c.Labels, Most: max(c.MostBeats, 0), Progress: nil}
	o.Segment.Kind = c.Segment
	c.beatFlags.over(&o.Segment)
	load := func(split string, names []string) (*dataset.Set, error) {
		list, err := (&recordFlags{Records: names}).find(a, c.Data, split, false)
		if err != nil {
			return nil, err
		}
		set, err := dataset.LoadBeats(list, o)
		if err != nil {
			return nil, err
		}
		for _, n := range set.Notes {
			a.logf("%s: %s", c.Data, n)
		}
		return set, nil
	}
	if trainSet, err = load(c.Split, c.Records); err == nil && c.Validate != "" {
		valid, err = load(c.Validate, nil)
	}
	return trainSet, valid, err
}

// runBeats judges a model of heartbeats on annotated electrocardiograms.
func (c *evalCmd) runBeats(a *app, m *model.Model) error {
	if c.Crop != 0 {
		return usagef("--crop cuts examples: a model of heartbeats is judged on whole records, leave it out")
	}
	list, err := c.recordFlags.find(a, c.Data, c.Split, true)
	if err != nil {
		return err
	}
	o := evaluate.BeatOptions{Segment: c.segmenter(m), Leads: c.recordFlags.Leads}
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
	return c.tell(a, report.Beats{BeatReport: r})
}

// leadsHint adds to an error about the number of channels of a WFDB record how to choose.
func leadsHint(names []string, err error) error {
	var c *feature.ChannelError
	if errors.As(err, &c) && strings.EqualFold(filepath.Ext(names[0]), ".hea") {
		return fmt.Errorf("%w: choose among the record's with --leads", err)
	}
	return err
}
