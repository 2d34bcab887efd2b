package train

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"inkling/model/dataset"
)

// Made-up sounds are background, at most so many at a time as were asked for.
func TestMadeUpSoundsAreBackground(t *testing.T) {
	set := toyAudio(40, 1)
	for _, each := range []float64{0, 1} {
		o := heardOptions(t, set)
		o.MadeUp, o.Folds, o.Validation = each, 0, 0
		tr, err := prepare(set, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range tr.train.set.Examples {
			if strings.HasPrefix(e.Name, "made-up sound") {
				if n++; tr.train.set.Labels[e.Label] != dataset.Background {
					t.Errorf("%s is %s", e.Name, tr.train.set.Labels[e.Label])
				}
			}
		}
		if each == 0 && n != 0 || each > 0 && (n == 0 || n > len(set.Examples)) {
			t.Errorf("%d made-up sounds at %v for each example of a label", n, each)
		}
	}
}

// Wrong openings that do not fit stand behind others of their recording, all of them once.
func TestStackedOpenings(t *testing.T) {
	set := toyAudio(2, 1)
	o := heardOptions(t, toyAudio(40, 1))
	front, err := o.Front.Normalize(set.Rate, set.Channels)
	if err != nil {
		t.Fatal(err)
	}
	o.Front = front
	l := &listener{o: &o, set: set}
	var all []dataset.Example
	behind := map[string]int{}
	for i := range 60 {
		e := dataset.Example{Name: fmt.Sprint(i), Group: fmt.Sprint("recording ", i%5), Rate: set.Rate, Samples: slices.Clone(set.Examples[0].Samples)}
		all = append(all, e)
		behind[e.Group]++
	}
	all = append(all, dataset.Example{Name: "too short", Rate: set.Rate})
	h := &hearing{more: map[origin][][]float32{}}
	for _, e := range l.stacked(h, random(1, forBackground, 1, 0), all, 30) {
		behind[e.Group] -= 1 + len(h.more[originOf(&e)])
	}
	delete(behind, "")
	for group, n := range behind {
		if n != 0 {
			t.Errorf("%s: %d openings are lost or stand behind those of other recordings", group, n)
		}
	}
	if got := l.stacked(h, random(1, forBackground, 1, 0), all[:3], 30); len(got) != 3 {
		t.Errorf("%d of 3", len(got))
	}
	if got := l.stacked(h, random(1, forBackground, 1, 0), nil, 30); len(got) != 0 {
		t.Errorf("%d of none", len(got))
	}
}

// What a detector opens on in a recording of background is held out with it.
func TestWrongOpeningsHaveTheirRecording(t *testing.T) {
	set := words(40)
	o := heardOptions(t, set)
	o.Folds, o.Validation, o.MadeUp = 0, 0, 0
	b := hiss(12)
	for i := range b.Examples {
		e := &b.Examples[i]
		e.Name, e.Group = fmt.Sprint("kitchen ", i), "kitchen"
		for at := range len(e.Samples) / 2 { // half of it sounds like an example
			e.Samples[at] = set.Examples[i].Samples[at%len(set.Examples[i].Samples)]
		}
	}
	o.Background = b
	tr, err := prepare(set, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range tr.hearing.wrong {
		if strings.HasPrefix(e.Group, "background kitchen ") {
			n++
		}
	}
	if n == 0 || n < len(tr.hearing.wrong)/3 {
		t.Errorf("%d of %d wrong openings have the group of a recording", n, len(tr.hearing.wrong))
	}
}

// Events of few groups are held out one by one, also where background has many groups, which
// stay whole.
func TestLoosenedFolds(t *testing.T) {
	set := &dataset.Set{Labels: []string{dataset.Background, "a"}}
	for i := range 40 {
		set.Examples = append(set.Examples,
			dataset.Example{Label: 1, Group: fmt.Sprint("speaker ", i%4), Hash: fmt.Sprint("a", i)},
			dataset.Example{Label: 0, Group: fmt.Sprint("clip ", i/2), Hash: fmt.Sprint("b", i)})
	}
	if n := groupsOfEvents(set); n != 4 {
		t.Errorf("%d groups of events", n)
	}
	events, background := countGroups(loosened(set))
	if events != 40 || background != 20 {
		t.Errorf("%d and %d groups are held out, want 40 and 20", events, background)
	}
	for i := range set.Examples {
		set.Examples[i].Group = fmt.Sprint("wearer ", i/2%12)
	}
	if events, background = countGroups(loosened(set)); events != 12 || background != 12 {
		t.Errorf("%d and %d groups are held out, want 12 and 12", events, background)
	}
}
