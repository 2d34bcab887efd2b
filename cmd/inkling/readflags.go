//go:build !edge

package main

import (
	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/segment"
)

// readFlags are dataFlags, with the rate and the way of cutting that train has, for
// commands that take them from a model or have no use of their own for them.
type readFlags struct {
	dataFlags
	Rate    float64      `within:"0..1e9" help:"Sampling rate to read the data at [the model's, or the data's own]." placeholder:"HZ"`
	Segment segment.Kind `help:"beat: read the heartbeats of annotated electrocardiograms. The other kinds of train do not change what is read." enum:",activity,fixed,message,whole,line,sentence,beat" default:""`
}

// open is dataFlags.open, or reads heartbeats.
func (f *readFlags) open(a *app, name string, rate float64) (*dataset.Set, error) {
	rate, err := readRate(f.Rate, f.model, rate)
	if err != nil {
		return nil, err
	}
	if f.Segment != segment.Beat {
		return f.dataFlags.open(a, name, rate)
	}
	split := f.Split
	if f.Split = ""; split == "" { // the split is chosen here
		split = dataset.All
	}
	list, err := f.records(a, name, split, false)
	if err != nil {
		return nil, err
	}
	o := dataset.BeatOptions{Rate: rate, Leads: f.Leads, Labels: f.Labels}
	o.Segment.Kind = segment.Beat
	if f.model != nil && f.model.Segment.Kind == segment.Beat {
		o.Segment = f.model.Segment
	}
	set, err := dataset.LoadBeats(list, o)
	if err != nil {
		return nil, err
	}
	for _, n := range set.Notes {
		a.logf("%s: %s", name, n)
	}
	return set, nil
}

// readRate returns the rate to read data at: that of the flag, which must be the model's,
// or rate.
func readRate(flag float64, m *model.Config, rate float64) (float64, error) {
	switch {
	case flag == 0:
		return rate, nil
	case m != nil && m.Rate > 0 && m.Rate != flag:
		return 0, usagef("--rate %v: the model works at %v Hz, to which the data are resampled: leave it out", flag, m.Rate)
	}
	return flag, nil
}

// noBeats refuses --segment beat for a command that takes examples alone.
func noBeats(k segment.Kind, command string) error {
	if k == segment.Beat {
		return usagef("--segment beat: %s takes sounds and other examples, and heartbeats are judged on whole records: use `inkling eval MODEL DATA`", command)
	}
	return nil
}
