package dataset

import "fmt"

// consulted says which options the readers of a data set have had a use for.
type consulted struct{ axes, columns, table, files, unlabelled bool }

// uses is where readers say which options they have a use for.
func (o *Options) uses() *consulted {
	if o.used == nil {
		return &consulted{} // nobody asks
	}
	return o.used
}

// open calls read, and notes the options that were given and that it had no use for.
func (o Options) open(read func(Options) (*Set, error)) (*Set, error) {
	if o.used != nil { // part of another
		return read(o)
	}
	o.used = &consulted{}
	s, err := read(o)
	if err != nil {
		return nil, err
	}
	for _, n := range o.used.notes(&o) {
		s.note("%s", n)
	}
	return s, nil
}

// notes tells of options that were given and that no reader had a use for.
func (c *consulted) notes(o *Options) (notes []string) {
	t := &o.Table
	for _, f := range []struct {
		name        string
		given, used bool
		of          string
	}{
		{"Options.Axes", o.Axes != "", c.axes, "no arrays"},
		{"Options.Columns", len(o.Columns) > 0 || len(t.Columns) > 0 || t.Time != "" || t.Label != "", c.columns || c.table, "no table"},
		{"TableOptions.Signals", len(t.Signals) > 0, c.table, "no tables of signals"},
		{"TableOptions.TimeUnit", t.TimeUnit != "", c.table, "no tables of signals"},
		{"TableOptions.Bridge", t.Bridge > 0, c.table, "no tables of signals"},
		{"TableOptions.Fill", t.Fill > 0, c.table, "no tables of signals"},
		{"TableOptions.Unlabelled", len(t.Unlabelled) > 0, c.table || c.unlabelled, "no tables of signals, and no annotations"},
		{"TableOptions.TrainFiles", len(t.TrainFiles) > 0, c.files, "no tables of signals, and no files of one series each"},
		{"TableOptions.TestFiles", len(t.TestFiles) > 0, c.files, "no tables of signals, and no files of one series each"},
	} {
		if f.given && !f.used {
			notes = append(notes, fmt.Sprintf("%s changes nothing: there are %s", f.name, f.of))
		}
	}
	return notes
}
