package main

import (
	"slices"
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

// tableFlags choose the columns of tables (.csv, .tsv) and what happens at missing rows.
type tableFlags struct {
	Columns    []string `help:"Names of columns, as time=NAME, label=NAME (for text also text=, for a list of files file=, start=, end=, for arrays data=, for all of these split=, group=); '-' means there is none. For tables without a header: the names of all columns, '-' for those to ignore." placeholder:"seq,x,y,label"`
	Signals    []string `help:"The columns that are channels [all others]." placeholder:"A,B"`
	TimeUnit   string   `help:"Unit of the times: s, ms, us, ns, min, h or d; for dates such as 01/02/2026: dmy or mdy [by their name, or what is plausible]." enum:",s,ms,us,ns,min,h,d,dmy,mdy" default:"" placeholder:"UNIT"`
	Unlabelled []string `help:"Labels that mean no label, as an empty cell does." placeholder:"A,B"`
	Bridge     seconds  `help:"Interpolate between values at most this far apart; in samples if there is no rate [five samples]." placeholder:"TIME"`
	Fill       seconds  `help:"Fill gaps up to this length with the values before them; longer gaps divide the signal." placeholder:"TIME"`
}

var columnParts = []string{"time", "label", "text", "file", "data", "split", "group", "start", "end"}

// columns divides --columns into the names of all columns, for tables without a header,
// and the columns of times, labels and so on, by what they hold.
func (f *tableFlags) columns() (names []string, called map[string]string, err error) {
	for _, c := range f.Columns {
		part, name, named := strings.Cut(c, "=")
		switch {
		case !named:
			names = append(names, c)
		case !slices.Contains(columnParts, part):
			return nil, nil, usagef("--columns %s: give time=NAME or label=NAME; for text also text=, for a list of files file=, start= and end=, for arrays data=, for all of these split= and group=", c)
		default:
			if called == nil {
				called = map[string]string{}
			}
			called[part] = name
		}
	}
	return names, called, nil
}

// table returns the options of tables for a model; m may be nil.
func (f *tableFlags) table(m *model.Config) (o dataset.TableOptions, err error) {
	if f.Bridge < 0 || f.Fill < 0 {
		return o, usagef("--bridge %v, --fill %v: give 0 or more", f.Bridge, f.Fill)
	}
	o = dataset.TableOptions{Signals: f.Signals, TimeUnit: f.TimeUnit, Unlabelled: f.Unlabelled, Bridge: float64(f.Bridge), Fill: float64(f.Fill)}
	if m != nil {
		o.Want, o.WantUnits = m.Names, m.Units
	}
	names, called, err := f.columns()
	o.Columns, o.Time, o.Label = names, called["time"], called["label"]
	return o, err
}
