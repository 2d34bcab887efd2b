package train

import (
	"fmt"
	"math"
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
	h.behind = map[origin][][]float32{}
	wrong := l.stack(h, rng, h.wrong, wrongEach*usual)
	have += len(wrong)
	for _, e := range append(wrong, l.stack(h, rng, h.madeUp, int(math.Ceil(l.o.MadeUp*float64(usual))))...) {
		e.Label = label
		t.Examples = append(t.Examples, e)
	}
	h.wrong, h.madeUp = nil, nil
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

// mostBehind is how many openings stand behind one, at most.
const mostBehind = 16

// stack returns at most slots of all, drawn at random, if possible of every group. Others of
// its group stand behind each: a visit of the one in front draws from those behind it too.
func (l *listener) stack(h *hearing, rng *rand.Rand, all []dataset.Example, slots int) (front []dataset.Example) {
	order, in := rng.Perm(len(all)), map[string][]int{} // slots, by group
	var rest []int
	put := func(i int) {
		in[all[i].Group] = append(in[all[i].Group], len(front))
		front = append(front, all[i])
	}
	for _, i := range order {
		if len(front) < slots && in[all[i].Group] == nil {
			put(i)
		} else {
			rest = append(rest, i)
		}
	}
	for k, i := range rest {
		if len(front) < slots {
			put(i)
			continue
		}
		same := in[all[i].Group]
		if len(same) == 0 {
			continue
		}
		at := originOf(&front[same[k%len(same)]])
		if len(h.behind[at]) == mostBehind {
			continue
		}
		if frames, err := extract(l.o.Front, &all[i], l.set.Channels, all[i].Samples); err == nil { // else too short
			h.behind[at] = append(h.behind[at], frames)
		}
	}
	return front
}
