//go:build !edge

package main

import (
	"inkling/model/dataset"
	"inkling/model/segment"
)

// beats reads heartbeats to train on.
func (c *trainCmd) beats(a *app) (trainSet, valid *dataset.Set, err error) {
	if c.Crop > 0 {
		return nil, nil, usagef("--crop cuts examples: leave it out with --segment %s", segment.Beat)
	}
	o := dataset.BeatOptions{Rate: c.Rate, Leads: c.Leads, Labels: c.Labels, Most: max(c.MostBeats, 0), Progress: nil}
	o.Segment.Kind = c.Segment
	c.beatFlags.over(&o.Segment)
	load := func(split string, names []string) (*dataset.Set, error) {
		d := c.dataFlags
		d.Records = names
		list, err := d.records(a, c.Data, split, false)
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
		if valid, err = load(c.Validate, nil); err == nil {
			err = c.apart(trainSet, valid)
		}
	}
	return trainSet, valid, err
}
