//go:build !edge

package main

import (
	"fmt"
	"strings"

	"inkling/model/dataset"
)

// recordFlags choose annotated electrocardiograms.
type recordFlags struct {
	Records []string `help:"Electrocardiograms: use only these records, comma-separated [those of the split]." placeholder:"A,B"`
	Leads   []string `help:"WFDB records: use only these leads, by name or number, comma-separated." placeholder:"NAME"`
}

// wholeRecords returns the records that a model of heartbeats is judged or verified on.
func (d *dataFlags) wholeRecords(a *app, data, split string) ([]dataset.Record, error) {
	if len(d.Labels) > 0 {
		return nil, usagef("--labels: a model of heartbeats takes every beat of a record: leave it out")
	}
	return d.records(a, data, split, true)
}

// records returns the records of DATA that were chosen.
func (d *dataFlags) records(a *app, data, split string, test bool) ([]dataset.Record, error) {
	list, notes, err := dataset.Records(data, dataset.RecordOptions{SkipBad: d.SkipBad, Leads: d.Leads})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: no annotated electrocardiogram here: give NAME.hea with NAME.atr, or NAME.wav with NAME.beats.csv", data)
	}
	for _, n := range notes {
		a.logf("%s: %s", data, n)
	}
	list, err = dataset.ChooseRecords(list, d.Records, split, test)
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
