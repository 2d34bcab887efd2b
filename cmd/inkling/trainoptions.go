//go:build !edge

package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/model/train"
	"inkling/stream/report"
)

// optionFlags returns a pointer to a struct with one flag for each declared option that
// has one: a pointer, nil where the flag is not given, so that 0 is not the default.
func optionFlags() any {
	var fields []reflect.StructField
	for _, d := range train.Declared() {
		if d.Flag == "" {
			continue
		}
		t := d.Type
		if d.Unit == "bytes" {
			t = reflect.TypeFor[byteSize]()
		}
		help := flags(d.Help)
		if d.Choices != nil {
			help = strings.TrimSuffix(help, ".") + ": " + d.Range() + "."
		}
		tag := fmt.Sprintf("name:%q group:%q help:%q", d.Flag, d.Group, help+optionDefault(&d))
		switch {
		case d.Choices != nil:
			tag += fmt.Sprintf(" enum:%q", strings.Join(d.Choices, ","))
		case t.Kind() == reflect.Bool:
			tag += ` negatable:""`
		}
		fields = append(fields, reflect.StructField{Name: d.Field, Type: reflect.PointerTo(t), Tag: reflect.StructTag(tag)})
	}
	return reflect.New(reflect.StructOf(fields)).Interface()
}

// optionDefault writes an option's defaults as help does: [0.5; 0.2 for audio].
func optionDefault(d *train.Option) string {
	var parts []string
	switch {
	case d.Auto != "":
		parts = append(parts, flags(d.Auto))
	case d.Unit == "bytes":
		parts = append(parts, "1GiB")
	case d.Default != "":
		parts = append(parts, d.Default)
	}
	for _, p := range train.Presets() {
		if v, ok := d.Presets[p]; ok {
			parts = append(parts, fmt.Sprintf("%s for %s", strings.Replace(v, "true", "on", 1), p))
		}
	}
	if parts == nil {
		return ""
	}
	return " [" + strings.Join(parts, "; ") + "]"
}

// given returns the options that the user gave.
func (c *trainCmd) given(a *app) (train.Values, error) {
	given := train.Values{}
	v := reflect.ValueOf(c.Plugins[0]).Elem()
	for _, d := range train.Declared() {
		f := v.FieldByName(d.Field)
		if d.Flag == "" || f.IsNil() {
			continue
		}
		given[d.Flag] = f.Elem().Convert(d.Type).Interface()
	}
	if c.OldStream != nil {
		if _, both := given["carry"]; both {
			return nil, usagef("--stream is the old name of --carry: give --carry alone")
		}
		a.logf("--stream is now --carry; the next version will not know the old name")
		given["carry"] = *c.OldStream
	}
	c.negatives(a, given)
	if err := given.Check(); err != nil {
		return nil, usageError{err}
	}
	return given, nil
}

// negatives turns values under 0, which once stood for 0, into that.
func (c *trainCmd) negatives(a *app, given train.Values) {
	for _, flag := range []string{"lead", "warmup", "clip", "decay", "running-weight", "smoothing", "dropout", "dropconnect", "noise", "jitter",
		"cut-start", "stretch", "gain", "snr", "masks", "folds", "validation", "carry"} {
		v, ok := given[flag]
		if !ok {
			continue
		}
		switch x := reflect.ValueOf(v); {
		case x.CanFloat() && x.Float() < 0, x.CanInt() && x.Int() < 0:
			a.logf("--%s %v now is --%s 0; the next version refuses negative numbers", flag, v, flag)
			given[flag] = reflect.Zero(x.Type()).Interface()
		}
	}
}

// options are what the data suggest, and over it what the user said.
func (c *trainCmd) options(a *app, set *dataset.Set, given train.Values) (o train.Options, err error) {
	var notes []string
	if c.Predict != "" {
		o, notes = c.nextOptions(set)
	} else if err := set.CheckTrainable(); err != nil {
		return o, fmt.Errorf("%s: %w", c.Data, err)
	} else if o, notes, err = train.Defaults(set, c.Preset); err != nil {
		return o, err
	}
	suggested := o
	if err := c.frontFlags.over(&o); err != nil {
		return o, err
	}
	if c.Init != "" {
		if o.Init, err = openModel(c.Init); err != nil {
			return o, err
		}
		c.leaveToInit(&o)
	}
	if o, err = o.Override(given); err != nil {
		return o, usageError{err}
	}
	if c.Plain {
		o = o.Plain()
	}
	if err := c.detect(a, &o, given); err != nil {
		return o, err
	}
	put(&o.Segment.Kind, c.Segment)
	o.CutActivity = c.Segment == segment.Activity
	c.beatFlags.over(&o.Segment)
	if err := c.lay(a, &o, set); err != nil {
		return o, err
	}
	_, asked := given["detector"]
	for _, n := range chosen(notes, &suggested, &o, set, given) {
		if (asked || c.Segment != "") && strings.HasPrefix(n, "no detector") {
			continue // the user has chosen
		}
		a.logf("%s", n)
	}
	if o.Stem.Kind != "" {
		a.logf("stem %s over %s", o.Stem, report.FrontEnd(o.Front))
	}
	return o, nil
}

// detect leaves the detector out where the user wants segments that it has no part in, or
// frames that it does not follow.
func (c *trainCmd) detect(a *app, o *train.Options, given train.Values) error {
	_, asked := given["detector"]
	cut := c.Segment != "" && c.Segment != segment.Label
	if asked && cut && o.Detector > 0 {
		return usagef("--detector %d cuts segments of the kind %s, and --segment is %s: leave one of them out", o.Detector, segment.Label, c.Segment)
	}
	frames := o.Stem.Kind != "" || o.Front.Kind != feature.KindLogMel && o.Front.Kind != feature.KindMFCC && o.Front.Kind != ""
	if !asked && (cut || frames || c.Crop > 0) {
		o.Detector = 0
	}
	if o.Detector > 0 {
		a.logf("a detector of %d units learns from composed streams when a label begins and ends", o.Detector)
	}
	return nil
}

// checkNext refuses flags that have no meaning with --predict, or without it.
func (c *trainCmd) checkNext(given train.Values) error {
	c.recordings = c.Predict != ""
	if !c.recordings {
		if c.Loss != "" || len(c.Quantiles) > 0 || !c.Residual || given["span"] != nil || given["lead"] != nil {
			return usagef("--loss, --quantiles, --no-residual, --span and --lead are for --predict next: give it, or leave them out")
		}
		return nil
	}
	for _, f := range []struct {
		flag  string
		given bool
	}{{"preset", c.Preset != ""}, {"search", c.Search > 0}, {"stem", c.Stem != ""}, {"crop", c.Crop > 0}, {"segment", c.Segment != ""},
		{"early-gap", given["early-gap"] != nil}, {"early-confidence", given["early-confidence"] != nil}, {"folds", given["folds"] != nil && given["folds"] != 0},
		{"running", given["running"] != nil}, {"balance", given["balance"] != nil}, {"init", c.Init != ""}, {"confirm-evidence", given["confirm-evidence"] != nil}} {
		if f.given {
			return usagef("--%s is for labels, which --predict next does without: leave it out", f.flag)
		}
	}
	if len(c.Quantiles) > 0 && c.Loss == model.LossSquared {
		return usagef("--quantiles with --loss squared: give --loss quantile, or leave --loss out")
	}
	return nil
}

// nextOptions are the defaults with the output mode asked for.
func (c *trainCmd) nextOptions(set *dataset.Set) (train.Options, []string) {
	o, notes := train.NextDefaults(set)
	o.Next.Residual = o.Next.Residual && c.Residual
	put(&o.Next.Loss, c.Loss)
	if c.Loss == model.LossQuantile || len(c.Quantiles) > 0 {
		o.Next.Loss, o.Next.Quantiles = model.LossQuantile, c.Quantiles
		if len(c.Quantiles) == 0 {
			o.Next.Quantiles = []float64{0.1, 0.5, 0.9}
		}
	}
	return o, notes
}

// trainBasics are the flags that `train --help` and `design --help` show; --help-all shows
// the rest.
var trainBasics = []string{"out", "preset", "predict", "segment", "background", "front", "hidden", "epochs", "lr", "search", "resume", "help-all",
	"http", "http-host", "http-token", "no-browser"}

// newCLI returns the command line, with the options of training.
func newCLI() *cli {
	c := &cli{}
	c.Train.Plugins, c.Design.Plugins = kong.Plugins{optionFlags()}, kong.Plugins{optionFlags()}
	return c
}

// hideRare hides the flags of train and design that trainBasics does not name from its help.
func hideRare(k *kong.Kong) {
	for _, node := range k.Model.Children {
		if node.Name != "train" && node.Name != "design" {
			continue
		}
		for _, f := range node.Flags {
			f.Hidden = !slices.Contains(trainBasics, f.Name)
		}
	}
}

// helpAll is the flag that shows all others.
type helpAll bool

// BeforeReset prints the help with every flag but old names.
func (helpAll) BeforeReset(ctx *kong.Context) error {
	for _, f := range ctx.Selected().Flags {
		f.Hidden = f.Tag.Hidden
	}
	if err := ctx.PrintUsage(false); err != nil {
		return err
	}
	ctx.Exit(0)
	return nil
}

// trainFlag returns the flag of a field of train.Options.
func trainFlag(field string) (flag string, ok bool) {
	for _, d := range train.Declared() {
		if d.Field == field && d.Flag != "" {
			return "--" + d.Flag, true
		}
	}
	return "", false
}
