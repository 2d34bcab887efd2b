package main

import (
	"slices"
	"strings"

	"inkling/model"
	"inkling/model/dataset"
)

// tableFlags choose the columns of tables (.csv, .tsv) and what happens at missing rows.
type tableFlags struct {
	Columns    []string `help:"Names of columns, as time=NAME, label=NAME (for text also text=, for a list of files file=, start=, end=, for arrays data=, for all of these split=, group=); '-' means there is none. For tables without a header: the names of all columns, '-' for those to ignore." placeholder:"seq,x,y,label"`
	Signals    []string `help:"The columns that are channels [all others]." placeholder:"A,B"`
	TimeUnit   string   `help:"Unit of the times: s, ms, us, ns, min, h or d; for dates such as 01/02/2026: dmy or mdy [by their name, or what is plausible]." enum:",s,ms,us,ns,min,h,d,dmy,mdy" default:"" placeholder:"UNIT"`
	Unlabelled []string `help:"Labels that mean no label, as an empty cell does." placeholder:"A,B"`
	Bridge     seconds  `within:"0..1e9" help:"Interpolate between values at most this far apart; in samples if there is no rate [five samples]." placeholder:"TIME"`
	Fill       seconds  `within:"0..1e9" help:"Fill gaps up to this length with the values before them; longer gaps divide the signal." placeholder:"TIME"`
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
	o = dataset.TableOptions{Signals: f.Signals, TimeUnit: f.TimeUnit, Unlabelled: f.Unlabelled, Bridge: float64(f.Bridge), Fill: float64(f.Fill)}
	if m != nil {
		o.Want, o.WantUnits = m.Names, m.Units
	}
	names, called, err := f.columns()
	o.Columns, o.Time, o.Label = names, called["time"], called["label"]
	return o, err
}
