package train

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"inkling/model"
	"inkling/model/dataset"
)

// NewOptions returns the general defaults, which suit no data in particular; Defaults
// suggests better ones.
func NewOptions() Options {
	var o Options
	for i := range declared() {
		d := &declared()[i]
		d.put(&o, d.Default)
	}
	return o
}

// apply sets what p has defaults of its own for.
func (o *Options) apply(p Preset) {
	for i := range declared() {
		d := &declared()[i]
		if text, ok := d.Presets[p]; ok {
			d.put(o, text)
		}
	}
}

// Plain returns o without augmentation, dropout, label smoothing and weight decay.
func (o Options) Plain() Options {
	for i := range declared() {
		if d := &declared()[i]; d.plain {
			d.in(&o).SetZero()
		}
	}
	return o
}

// Values are options by the names of their flags, as a user gave them. Each has the type
// of its field.
type Values map[string]any

// Check explains which value has no option, the wrong type, or is out of range.
func (v Values) Check() error {
	known := map[string]bool{}
	var o Options
	for i := range declared() {
		d := &declared()[i]
		known[d.Flag] = true
		if _, ok := v[d.Flag]; !ok || d.Flag == "" {
			continue
		}
		if err := d.set(&o, v[d.Flag]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if !known[name] {
			return fmt.Errorf("train: no option is called %q: Declared lists them", name)
		}
	}
	return nil
}

// Override returns o, which Defaults suggested, with what a user gave over it, and what
// follows from that. It refuses values out of range.
func (o Options) Override(given Values) (Options, error) {
	if err := given.Check(); err != nil {
		return o, err
	}
	has := func(flag string) bool { _, ok := given[flag]; return ok }
	had := o
	if o.Init != nil && !has("hidden") {
		o.Hidden = 0
	}
	if o.Init != nil && !has("layers") {
		o.Layers = 0
	}
	for i := range declared() {
		if d := &declared()[i]; d.Flag != "" && has(d.Flag) {
			d.set(&o, given[d.Flag]) // checked
		}
	}
	if o.Carry > 0 && has("carry") && !has("running") {
		o.Running = model.RunningSoftmax
	}
	if had.NoConfirm && !o.NoConfirm && !has("carry") {
		o.Carry = 0.5 // the other batches are for the confirm head
	}
	if (has("updates") || has("epochs")) && !has("fold-share") {
		o.FoldShare = 1
	}
	if has("balance") && !has("balance-power") {
		o.WeightPower = 1
	}
	return o, nil
}

// resolve replaces what stands for a default by it, and clears what is not for set.
func (o Options) resolve(set *dataset.Set) Options {
	if o.Folds == Auto {
		o.Folds = 0
		if o.Next == nil && o.Validation == Auto && o.Patience == 0 && small(set) {
			o.Folds = defaultFolds
			if n := groups(set); set.Stepwise() && n > 1 && n <= fewGroups {
				o.Folds = n // each held out once
			}
		}
	}
	if o.Validation == Auto {
		o.Validation = defaultValidation
		if o.Folds > 0 {
			o.Validation = 0
		}
	}
	for i := range declared() {
		d := &declared()[i]
		switch {
		case d.Only == "next" && o.Next == nil, d.Only == "steps" && !set.Stepwise():
			d.in(&o).SetZero()
		case d.in(&o).IsZero() && (d.Choices != nil || d.bounded && d.Low > 0):
			d.put(&o, d.Default)
		}
	}
	return o
}

// defaultValidation is the share held out where there are no folds.
const defaultValidation = 0.15

// check explains why o, which is resolved, cannot be trained by.
func (o *Options) check(kind dataset.Kind) error {
	for i := range declared() {
		d := &declared()[i]
		if err := o.checkOne(d, kind); err != nil {
			return err
		}
	}
	if o.Folds == 1 {
		return errors.New("train.Options.Folds is 1: give 2 or more, or 0 for none")
	}
	if o.Next != nil {
		return o.checkNext()
	}
	if o.Folds > 0 && o.Validation > 0 {
		return fmt.Errorf("train.Options.Folds is %d and train.Options.Validation %v: one of them must be 0", o.Folds, o.Validation)
	}
	if o.Carry > 0 && o.Running != model.RunningSoftmax {
		return fmt.Errorf("train.Options.Carry is %v with the running head %q: only %s forgets earlier evidence; take that head, or set Carry to 0", o.Carry, o.Running, model.RunningSoftmax)
	}
	if o.Carry == 1 && !o.NoConfirm {
		return errors.New("train.Options.Carry is 1: the confirm head learns only from examples that are not joined; give less, such as 0.5, or leave that head out")
	}
	if o.NoConfirm && o.Running == model.RunningNone {
		return errors.New("train: neither a running nor a confirm head: leave one of them in")
	}
	return nil
}

// checkOne checks the range of an option, and that it is for data of that kind.
func (o *Options) checkOne(d *Option, kind dataset.Kind) error {
	v := d.in(o)
	switch {
	case v.IsZero() && (d.Only == "next" || d.Only == "steps"): // cleared
		return nil
	case d.Only == "labels" && o.Next != nil && !v.IsZero(), d.Only == "text" && o.Next != nil && !v.IsZero() && fmt.Sprint(v) != d.inert:
		return fmt.Errorf("train.Options.%s is %v: forecasts have no labels and take no augmentation; leave it out", d.Field, v)
	case d.Only == "text" && kind != dataset.Text && !v.IsZero() && fmt.Sprint(v) != d.inert && d.float(o) >= 0:
		return fmt.Errorf("train.Options.%s is %v: it is for text, not for %s; leave it out", d.Field, v, kind)
	case math.IsNaN(d.float(o)):
		return fmt.Errorf("train.Options.%s is NaN: give %s", d.Field, d.Range())
	}
	return d.check(o)
}
