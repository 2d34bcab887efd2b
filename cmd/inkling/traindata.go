package main

import (
	"inkling/model/dataset"
	"inkling/model/segment"
	"inkling/model/train"
)

// data reads DATA: what to train on and, with --validate, what to judge by.
func (c *trainCmd) data(a *app) (trainSet, valid *dataset.Set, err error) {
	if c.Segment == segment.Beat {
		return c.beats(a)
	}
	set, err := c.open(a, c.Data, c.Rate)
	if err != nil {
		return nil, nil, err
	}
	return c.sets(set)
}

// sets picks what to train on and, with --validate, what to judge by.
func (c *trainCmd) sets(set *dataset.Set) (trainSet, valid *dataset.Set, err error) {
	trainSet, err = trainPart(set, c.Split)
	if err == nil && c.Validate != "" {
		valid, err = set.Split(c.Validate)
	}
	if c.Crop > 0 && err == nil {
		if trainSet, err = trainSet.Crops(c.Crop); err == nil && valid != nil {
			valid, err = valid.Crops(c.Crop)
		}
	}
	return trainSet, valid, err
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
	d := dataFlags{background: true, channels: set.Channels, SkipBad: c.SkipBad}
	all, err := d.open(a, c.Background, set.Rate)
	if err != nil {
		return err
	}
	o.Background, err = trainPart(all, c.BackgroundSplit)
	return err
}
