// Package testset makes small random data sets for tests.
package testset

import (
	"fmt"
	"math"
	"math/rand/v2"

	"inkling/model/dataset"
)

// Random has n examples of the labels, 1 to 80 samples a channel.
func Random(seed uint64, n, channels int, labels []string) *dataset.Set {
	rng := rand.New(rand.NewPCG(seed, 2))
	s := &dataset.Set{Kind: dataset.Series, Labels: labels, Channels: channels, Rate: 100}
	for i := range n {
		x := make([]float32, channels*(1+rng.IntN(80)))
		level, tone := rng.Float64()*3, rng.Float64()
		for k := range x {
			x[k] = float32(level * math.Sin(tone*float64(k)+rng.Float64()))
		}
		s.Examples = append(s.Examples, dataset.Example{Name: fmt.Sprintf("x%02d", i), Label: rng.IntN(len(labels)),
			Samples: x, Rate: 100, Hash: fmt.Sprintf("%016x", rng.Uint64())})
	}
	return s
}

// Steps has n recordings of the labels a and b, with a label for every sample; those of a
// third of the time have none.
func Steps(seed uint64, n int) *dataset.Set {
	rng := rand.New(rand.NewPCG(seed, 3))
	s := &dataset.Set{Kind: dataset.Series, Labels: []string{"a", "b"}, Channels: 1, Rate: 100}
	for i := range n {
		e := dataset.Example{Name: fmt.Sprint("rec", i), Rate: 100, Hash: fmt.Sprintf("%016x", rng.Uint64())}
		for _, l := range []int32{0, 1, -1, 0} {
			for range 100 + rng.IntN(300) {
				e.Samples = append(e.Samples, float32(float64(1+3*l)*rng.NormFloat64()))
				e.Steps = append(e.Steps, l)
			}
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}

// Walks has a random walk for each of the lengths.
func Walks(channels int, lengths ...int) *dataset.Set {
	rng := rand.New(rand.NewPCG(2, 2))
	s := &dataset.Set{Kind: dataset.Series, Labels: []string{""}, Channels: channels}
	for _, n := range lengths {
		e := dataset.Example{Name: "walk"}
		x := make([]float32, channels)
		for range n {
			for c := range x {
				x[c] += float32(rng.NormFloat64())
			}
			e.Samples = append(e.Samples, x...)
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}
