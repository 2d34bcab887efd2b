//go:build !edge

package main

import (
	"fmt"

	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/model/train"
)

// data reads DATA: what to train on and, with --validate, what to judge by.
func (c *trainCmd) data(a *app) (trainSet, valid *dataset.Set, err error) {
	if len(c.More) > 0 && (c.Segment == segment.Beat || c.Predict != "") {
		return nil, nil, usagef("%s: further data are for examples with labels: leave it out with --segment beat and --predict", c.More[0])
	}
	if c.Segment == segment.Beat {
		return c.beats(a)
	}
	if c.Init != "" && c.Rate == 0 {
		m, err := openModel(c.Init)
		if err != nil {
			return nil, nil, err
		}
		c.Rate = m.Config.Rate
	}
	set, err := c.open(a, c.Data, c.Rate)
	if err != nil {
		return nil, nil, err
	}
	c.kept.keep(set)
	if trainSet, valid, err = c.sets(set); err != nil {
		return nil, nil, err
	}
	for _, name := range c.More {
		if trainSet, err = c.add(a, trainSet, name); err != nil {
			return nil, nil, err
		}
	}
	return trainSet, valid, nil
}

// add returns set with all examples of further data.
func (c *trainCmd) add(a *app, set *dataset.Set, name string) (*dataset.Set, error) {
	d := c.dataFlags
	d.channels = set.Channels
	more, err := d.open(a, name, set.Rate)
	switch {
	case err != nil:
		return nil, err
	case more.Kind != set.Kind || more.Channels != set.Channels:
		return nil, usagef("%s: %d channels of %s, and %s has %d of %s: give further data of the same kind", name, more.Channels, more.Kind, c.Data, set.Channels, set.Kind)
	case more.Stepwise() != set.Stepwise():
		return nil, usagef("%s: either all data have a label for every step, or none", name)
	}
	if c.Crop > 0 {
		if more, err = more.Crops(c.Crop); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	all := set.Union(more)
	a.logf("%s: %d examples beside %d", name, len(more.Examples), len(set.Examples))
	return all, nil
}

// sets picks what to train on and, with --validate, what to judge by.
func (c *trainCmd) sets(set *dataset.Set) (trainSet, valid *dataset.Set, err error) {
	trainSet, err = trainPart(set, c.Split)
	if err == nil && c.Validate != "" {
		if c.Validate != dataset.All && len(set.Splits()) == 0 {
			return nil, nil, usagef("--validate %s: the data name no splits: leave it out, and a part is held out, or choose how much with --validation", c.Validate)
		}
		if valid, err = set.Split(c.Validate); err == nil {
			err = c.apart(trainSet, valid)
		}
	}
	if c.Crop > 0 && err == nil {
		if trainSet, err = trainSet.Crops(c.Crop); err == nil && valid != nil {
			valid, err = valid.Crops(c.Crop)
		}
	}
	return trainSet, valid, err
}

// apart returns an error if most of what training is to be judged by is trained on.
func (c *trainCmd) apart(trainSet, valid *dataset.Set) error {
	learned, both := map[string]bool{}, 0
	for i := range trainSet.Examples {
		learned[trainSet.Examples[i].Hash] = true
	}
	for i := range valid.Examples {
		if learned[valid.Examples[i].Hash] {
			both++
		}
	}
	if 2*both > len(valid.Examples) {
		return usagef("--validate %s: %d of its %d examples are trained on, and say nothing of others: leave it out, or choose a split that --split leaves out", c.Validate, both, len(valid.Examples))
	}
	return nil
}

// trainPart is the split of set, or where none is named what training takes.
func trainPart(set *dataset.Set, split string) (*dataset.Set, error) {
	if split != "" {
		return set.Split(split)
	}
	return set.Train()
}

// lay reads the recordings of --background, as set has its sound.
func (c *trainCmd) lay(a *app, o *train.Options, set *dataset.Set) error {
	if c.Background == "" {
		if c.BackgroundSplit != "" {
			return usagef("there is no background whose split could be chosen: give --background DATA")
		}
		return nil
	}
	if c.Predict != "" {
		return usagef("--background is for labels: leave it out with --predict")
	}
	if c.kept != nil && c.kept.background != nil {
		o.Background = c.kept.background
		return nil
	}
	d := dataFlags{background: true, channels: set.Channels, SkipBad: c.SkipBad}
	all, err := d.open(a, c.Background, set.Rate)
	if err != nil {
		return err
	}
	o.Background, err = trainPart(all, c.BackgroundSplit)
	if c.kept != nil {
		c.kept.background = o.Background
	}
	return err
}

// A trainData is what has been read for a training, so that it need not be read again.
type trainData struct {
	all               *dataset.Set // as it was read, with every split
	train, background *dataset.Set // background: nil if there is none, or it is not read yet
}

// keep notes all data, if somebody wants them.
func (k *trainData) keep(all *dataset.Set) {
	if k != nil {
		k.all = all
	}
}
