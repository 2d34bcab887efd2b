//go:build !edge

package main

import (
	"strings"

	"inkling/internal/bundled"
	"inkling/model"
	"inkling/model/dataset"
)

// dataFlags are those of every command that reads labelled data.
type dataFlags struct {
	Split   string   `help:"Use only the examples of this split; 'all' uses every one." placeholder:"NAME"`
	Labels  []string `help:"Use only the examples with these labels, comma-separated." placeholder:"A,B"`
	SkipBad bool     `help:"Leave out files that cannot be read, instead of stopping."`
	Axes    string   `help:"Arrays (.npy, .npz, .mat): their axes in order, N sequences, C channels, T samples, such as NCT or NTC; of cells CT or TC [by their lengths]." placeholder:"NCT"`
	recordFlags
	tableFlags `group:"Tables"`
	TrainFiles []string `group:"Tables" help:"Files of the split train, by name without ending, or by pattern; the others are the split test." placeholder:"A,B"`
	TestFiles  []string `group:"Tables" help:"Files of the split test; the others are the split train." placeholder:"A,B"`

	channels   int           // of audio; 0: as in the files
	recordings bool          // labels are ignored, and recordings without labels are data too
	background bool          // as recordings, but of annotated ones only what lies between events
	model      *model.Config // of the model that the data are for; nil: none yet
}

// open reads DATA and prints its notes on standard error.
func (d *dataFlags) open(a *app, name string, rate float64) (*dataset.Set, error) {
	o := dataset.Options{Rate: rate, SkipBad: d.SkipBad, Channels: d.channels, Axes: d.Axes}
	openFS, open := dataset.OpenFS, dataset.Open
	switch {
	case d.background:
		openFS, open = dataset.OpenBackgroundFS, dataset.OpenBackground
	case d.recordings:
		openFS, open = dataset.OpenRecordingsFS, dataset.OpenRecordings
		if len(d.Labels) > 0 {
			return nil, usagef("--labels: a model of what comes next ignores labels: leave it out")
		}
	}
	if len(d.Records)+len(d.Leads) > 0 {
		a.logf("--records and --leads change nothing: they choose among annotated electrocardiograms, which --segment beat reads")
	}
	var err error
	if o.Table, err = d.table(d.model); err != nil {
		return nil, err
	}
	o.Table.TrainFiles, o.Table.TestFiles = d.TrainFiles, d.TestFiles
	_, o.Columns, _ = d.columns()
	delete(o.Columns, "time") // a text has none
	var set *dataset.Set
	if name == bundledNotes {
		set, err = openFS(bundled.Notes(), ".", o)
	} else if strings.HasPrefix(name, "bundled:") {
		return nil, usagef("%s: the only bundled data are %s", name, bundledNotes)
	} else {
		set, err = open(name, o)
	}
	if err != nil {
		return nil, err
	}
	for _, n := range set.Notes {
		a.logf("%s: %s", name, n)
	}
	for _, e := range set.Skipped {
		a.logf("skipped: %v", e)
	}
	if err := unlikeData(a, d.model, name, set); err != nil {
		return nil, err
	}
	if len(d.Labels) > 0 {
		return set.Only(d.Labels)
	}
	return set, nil
}

// openTest reads DATA and returns --split, or by default the examples that eval judges.
func (d *dataFlags) openTest(a *app, name string, rate float64) (*dataset.Set, error) {
	set, err := d.open(a, name, rate)
	if err != nil {
		return nil, err
	}
	if d.Split != "" {
		return set.Split(d.Split)
	}
	return set.Test()
}
