//go:build !edge

package main

import (
	"fmt"
	"reflect"
	"strings"

	"inkling/model/dataset"
	"inkling/model/train"
	"inkling/stream/report"
)

// chosen returns what train says of the options o for set: the notes on what the data suggest,
// the first of which names the data and, after a colon, what was chosen for them. Where the
// user has asked for something else, they say so.
func chosen(notes []string, suggested, o *train.Options, set *dataset.Set, given train.Values) []string {
	if len(notes) == 0 {
		return notes
	}
	data, _, _ := strings.Cut(notes[0], ": ")
	switch {
	case o.Init != nil && o.Front.Kind == "":
		notes[0] = data + ": front end and layers of the model to start from"
	case o.Front != suggested.Front || o.Stem.Kind != suggested.Stem.Kind:
		front, err := o.Front.Normalize(set.Rate, set.Channels)
		if err != nil {
			front = o.Front // training refuses it
		}
		notes[0] = data + ": front end " + report.FrontEnd(front) + ", as asked for"
	}
	if changes := replaced(suggested, o, given); len(changes) > 0 {
		notes = append(notes, "as asked for: "+strings.Join(changes, ", "))
	}
	return notes
}

// replaced lists augmentations that are not those suggested.
func replaced(suggested, o *train.Options, given train.Values) (changes []string) {
	for _, d := range train.Declared() {
		if _, ok := given[d.Flag]; !ok || d.Group != "Augmentation" {
			continue
		}
		before, after := reflect.ValueOf(suggested).Elem().FieldByName(d.Field), reflect.ValueOf(o).Elem().FieldByName(d.Field)
		if !before.Equal(after) {
			changes = append(changes, fmt.Sprintf("--%s %v in place of %v", d.Flag, after, before))
		}
	}
	return changes
}
