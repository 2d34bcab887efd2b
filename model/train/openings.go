package train

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"inkling/model/dataset"
)

// usual is the number of examples that a label has on average.
func (l *listener) usual() int {
	labels := map[int]bool{}
	for _, e := range l.events {
		labels[e.Label] = true
	}
	return max(len(l.events)/max(len(labels), 1), few)
}

// wrongEach is how many wrong openings the network learns from at a time, for each example
// that a label has on average.
const wrongEach = 3

// withWrong returns the set with the wrong openings and the made-up sounds as further
// background, at most as many at a time as suit the labels, and, where there is no background
// at all, pieces of synthetic noise.
func (l *listener) withWrong(h *hearing) *dataset.Set {
	t := l.set.Union(&dataset.Set{Labels: []string{dataset.Background}})
	label := slices.Index(t.Labels, dataset.Background)
	have, usual := t.Counts()[label], l.usual()
	rng := random(l.o.Seed, forBackground, 1, 0)
	h.more = map[origin][][]float32{}
	wrong := l.stacked(h, rng, h.wrong, wrongEach*usual)
	have += len(wrong)
	h.opened = map[origin]bool{}
	for i := range wrong {
		h.opened[originOf(&wrong[i])] = true
	}
	for _, e := range append(wrong, l.stacked(h, rng, h.madeUp, int(l.o.MadeUp*float64(usual)))...) {
		e.Label = label
		t.Examples = append(t.Examples, e)
	}
	for i := 0; have < usual; i++ {
		rng := random(l.o.Seed, forBackground, 2, i)
		like := &l.set.Examples[rng.IntN(len(l.set.Examples))]
		s := l.scene(rng, nil, nil, true)
		n := min(len(like.Samples), len(s.Samples))
		t.Examples = append(t.Examples, dataset.Example{Name: fmt.Sprint("noise ", i+1), Group: fmt.Sprint("noise ", i+1), Hash: fmt.Sprintf("noise%011x", i),
			Label: label, Samples: s.Samples[:n], Rate: t.Rate})
		have++
	}
	t.Hash = l.set.Hash
	return t
}

// stacked returns at most slots of all, drawn at random. The others stand behind them: a
// visit of one draws from those behind it too. They are of its group, where it has one there.
func (l *listener) stacked(h *hearing, rng *rand.Rand, all []dataset.Example, slots int) (front []dataset.Example) {
	order := rng.Perm(len(all))
	slots = min(slots, len(all))
	in := map[string][]int{} // slots, by group
	for k, i := range order[:slots] {
		front = append(front, all[i])
		in[all[i].Group] = append(in[all[i].Group], k)
	}
	for k, i := range order[slots:] {
		slot := k % slots
		if same := in[all[i].Group]; len(same) > 0 {
			slot = same[k%len(same)]
		}
		if frames, err := extract(l.o.Front, &all[i], l.set.Channels, all[i].Samples); err == nil { // else too short
			at := originOf(&front[slot])
			h.more[at] = append(h.more[at], frames)
		}
	}
	return front
}
