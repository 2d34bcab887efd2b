package train

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"

	"inkling/internal/f32"
	"inkling/internal/parallel"
	"inkling/model"
	"inkling/model/dataset"
)

// How background is searched for sounds of the labels.
const (
	surely      = 0.9  // probability of a label
	mostWindows = 4000 // that are looked at, of all recordings
	mostTold    = 5    // recordings that are named
)

// A suspicion is that a recording of background holds sounds of a label.
type suspicion struct {
	name   string // of the recording
	label  string
	places int
	first  float64 // seconds
}

func (s suspicion) String() string {
	where := fmt.Sprintf("in %d places, the first", s.places)
	if s.places == 1 {
		where = "in one place,"
	}
	return fmt.Sprintf("background %s sounds like label %q %s at %.1f s: listen there; cut such sounds out of the background, or annotate them", s.name, s.label, where, s.first)
}

// suspicions says which recordings of background sound like labels to m, which has learned
// that they are background.
func (t *trainer) suspicions(m *model.Model) (told []string) {
	c := &m.Config
	label := slices.Index(c.Labels, dataset.Background)
	if t.train.set.Kind != dataset.Audio || label < 0 || !c.Confirm {
		return nil
	}
	length := medianLength(t.train.set.Events())
	var all []suspicion
	if b := t.o.Background; b != nil && b.Hash != synthetic {
		all = searched(m, b, length)
	} else if b == nil {
		all = searched(m, t.train.origin.Background(), length)
	}
	slices.SortStableFunc(all, func(a, b suspicion) int { return cmp.Compare(b.places, a.places) })
	for i, s := range all {
		if i == mostTold {
			told = append(told, fmt.Sprintf("%d further recordings of background sound like labels in places", len(all)-i))
			break
		}
		told = append(told, s.String())
	}
	return told
}

// searched asks m what it hears in windows of length samples, half of which overlaps the
// next, of every recording of b. Adjoining windows of one label are one place.
func searched(m *model.Model, b *dataset.Set, length int) (all []suspicion) {
	hop := max(length/2, 1)
	total := 0
	for i := range b.Examples {
		total += 1 + max(b.Frames(i)-length, 0)/hop
	}
	stride := 1 + total/mostWindows
	found := make([][]suspicion, len(b.Examples))
	parallel.Workers(len(b.Examples), runtime.GOMAXPROCS(0), func(_, i int) {
		found[i] = searchedOne(m, b, i, length, hop*stride)
	})
	return slices.Concat(found...)
}

func searchedOne(m *model.Model, b *dataset.Set, i, length, hop int) (list []suspicion) {
	last := ""
	for at, n := 0, b.Frames(i); at == 0 || at+length <= n; at += hop {
		label := heard(m, b, i, at, min(at+length, n))
		if label != "" && label != last {
			k := slices.IndexFunc(list, func(s suspicion) bool { return s.label == label })
			if k < 0 {
				k = len(list)
				list = append(list, suspicion{name: b.Examples[i].Name, label: label, first: float64(at) / b.Rate})
			}
			list[k].places++
		}
		last = label
	}
	return list
}

// heard returns the label that m is sure of in a part of a recording, or "".
func heard(m *model.Model, b *dataset.Set, i, from, to int) string {
	e := b.Part(i, from, to)
	f, err := extract(m.Config.Front, &e, b.Channels, e.Samples)
	if err != nil || rms(e.Samples) <= leastSound {
		return ""
	}
	p := m.Predict(f).Confirm
	k := f32.Argmax(p)
	if l := m.Config.Labels[k]; l != dataset.Background && p[k] >= surely {
		return l
	}
	return ""
}
