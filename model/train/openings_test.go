package train

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"inkling/model/dataset"
)

// Made-up sounds are learned as background, and at most as many of them as were asked for.
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
		if each == 0 && n != 0 || each > 0 && (n == 0 || n > 20) { // of 20 examples a label
			t.Errorf("%d made-up sounds at %v for each example of a label", n, each)
		}
	}
}

// Wrong openings that do not fit stand behind others of their recording, each once; those that
// have none there are left out, and every recording has one in front if there is room.
func TestStackedOpenings(t *testing.T) {
	set := toyAudio(2, 1)
	o := heardOptions(t, toyAudio(40, 1))
	front, err := o.Front.Normalize(set.Rate, set.Channels)
	if err != nil {
		t.Fatal(err)
	}
	o.Front = front
	l := &listener{o: &o, set: set}
	// of returns openings on recordings, the same number on each, and one on a last recording
	of := func(each, recordings int) (all []dataset.Example) {
		for i := range each*recordings + 1 {
			e := dataset.Example{Name: fmt.Sprint(i), Group: fmt.Sprint("recording ", i%recordings), Rate: set.Rate, Samples: slices.Clone(set.Examples[0].Samples)}
			if i == each*recordings {
				e.Group = "seldom"
			}
			all = append(all, e)
		}
		return all
	}
	for _, x := range []struct{ each, recordings, slots, front, behind int }{
		{12, 5, 30, 30, 31},
		{12, 5, 6, 6, 55}, // one of each
		{12, 5, 1, 1, 11}, // those of a single recording, at the most
		{60, 1, 2, 2, 16}, // not more behind one than that
		{1, 3, 30, 4, 0},  // all in front
		{12, 5, 0, 0, 0},  // no room
		{0, 1, 3, 1, 0},   // a single one
	} {
		h := &hearing{behind: map[origin][][]float32{}}
		all := of(x.each, x.recordings)
		fronts, behind, recordings := l.stack(h, random(1, forBackground, 1, 0), all, x.slots), 0, map[string]int{}
		for _, e := range fronts {
			recordings[e.Group]++
			behind += len(h.behind[originOf(&e)])
		}
		least := x.behind
		if x.slots == 1 {
			least = 0 // where the one in front is of the seldom one
		}
		if len(fronts) != x.front || behind > x.behind || behind < least || x.slots > x.recordings && len(recordings) != len(of(0, 1))+min(x.each, 1)*x.recordings {
			t.Errorf("%+v: %d in front of %d recordings, %d behind", x, len(fronts), len(recordings), behind)
		}
	}
	h := &hearing{behind: map[origin][][]float32{}}
	short := []dataset.Example{{Group: "a", Rate: set.Rate, Samples: slices.Clone(set.Examples[0].Samples)}, {Group: "a", Rate: set.Rate, Samples: nil}}
	for seed := range uint64(8) {
		for _, e := range l.stack(h, random(seed, forBackground, 1, 0), short, 1) {
			if len(e.Samples) > 1 && len(h.behind[originOf(&e)]) > 0 {
				t.Error("an opening without a single timestep is learned from")
			}
		}
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
	n, all := 0, 0
	for _, e := range tr.train.set.Examples {
		if strings.HasPrefix(e.Name, "wrong opening") {
			if all++; strings.HasPrefix(e.Group, "background kitchen ") {
				n++
			}
		}
	}
	if n == 0 || n < all/3 {
		t.Errorf("%d of %d wrong openings have the group of a recording", n, all)
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
	for i := range set.Examples {
		set.Examples[i].Group = fmt.Sprint("wearer ", i/2%12)
		if i%2 == 1 {
			set.Examples[i].Group = fmt.Sprint("wearer ", i/2%5) // few of them had a recorder on in between
		}
	}
	if events, background = countGroups(loosened(set)); events != 12 || background != 5 {
		t.Errorf("%d and %d groups are held out, want 12 and 5", events, background)
	}
}
