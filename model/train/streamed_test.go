package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"inkling/model/dataset"
	"inkling/model/segment"
)

// bursts returns a set of two kinds of sound that are alike at first, in which every third
// sound is so short that a stream drops it.
func bursts(n int) *dataset.Set {
	set := &dataset.Set{Kind: dataset.Audio, Labels: []string{"high", "low"}, Channels: 1, Rate: 4000, Hash: "bursts"}
	rng := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		e := dataset.Example{Name: "x", Group: string(rune('a' + i)), Label: i % 2, Rate: 4000, Hash: "00000000"}
		long := 400 + rng.IntN(300)
		if i%3 == 0 {
			long = 80 + rng.IntN(60)
		}
		for k := range long {
			f := 0.6
			if e.Label == 1 && k > 60 {
				f = 0.2
			}
			e.Samples = append(e.Samples, float32(0.3*math.Sin(f*float64(k))+0.02*rng.NormFloat64()))
		}
		set.Examples = append(set.Examples, e)
	}
	return set
}

// Segments are judged as a stream cuts them: with the pre-roll and the silence after, and
// those that are too short as dropped.
func TestExamplesAreJudgedInStreams(t *testing.T) {
	t.Parallel()
	set := bursts(24)
	o, _, _ := Defaults(set, "")
	o.Detector, o.Hidden, o.Epochs, o.Folds, o.Segment.Kind = 0, 4, 1, 0, segment.Activity
	tr, err := prepare(set, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	all, err := tr.judgeStreamed(tr.candidate(), set)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != streamings || len(all[0]) != 24 {
		t.Fatalf("%d lists of %d", len(all), len(all[0]))
	}
	for i, v := range all[0] {
		steps := len(v.Running) / 2
		if v.Dropped != (i%3 == 0) || v.Label != i%2 {
			t.Errorf("example %d: dropped %v, label %d", i, v.Dropped, v.Label)
		}
		if v.Unsure == 0 || v.Unsure > steps || !v.Dropped && v.Unsure >= v.Counted || v.Counted >= steps {
			t.Errorf("example %d: %d steps, %d count, unsure for %d", i, steps, v.Counted, v.Unsure)
		}
	}
	again, err := tr.judgeStreamed(tr.candidate(), set)
	if err != nil || again[1][5].Counted != all[1][5].Counted || again[1][5].Running[3] != all[1][5].Running[3] {
		t.Errorf("another time it is another stream: %v", err)
	}
}
