package train

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"inkling/model/dataset"
	"inkling/model/feature"
)

// benchTrainer has n sequences of 1 to longest timesteps, or of just that many
// where ragged is false, and no augmentation.
func benchTrainer(n, longest, dim, batch int, ragged bool) *trainer {
	rng := rand.New(rand.NewPCG(1, 1))
	set := &dataset.Set{Kind: dataset.Series, Channels: dim, Labels: []string{"a", "b", "c"}}
	k := &corpus{set: set, origin: set, front: feature.Config{Kind: feature.KindRaw, Samples: 1}, dim: dim,
		mean: make([]float32, dim), scale: make([]float32, dim)}
	for i := range n {
		steps := longest
		if ragged {
			steps = longest/4 + rng.IntN(longest-longest/4) + 1
		}
		x := make([]float32, steps*dim)
		for j := range x {
			x[j] = float32(rng.NormFloat64())
		}
		k.plain = append(k.plain, x)
		set.Examples = append(set.Examples, dataset.Example{Label: i % 3, Samples: x})
	}
	o := NewOptions().Plain()
	o.Batch, o.Epochs, o.BPTTSteps, o.WeightDecay, o.Smoothing = batch, 1, 1<<20, 0.01, 0.1
	o = o.resolve(toySet(12, 1))
	return newTrainer(k, nil, o, runtime.GOMAXPROCS(0))
}

// BenchmarkUpdate is one mini-batch through both directions and heads, H = 100,
// forward, backward and AdamW.
func BenchmarkUpdate(b *testing.B) {
	for _, v := range []struct {
		n, steps, dim, batch int
		ragged               bool
	}{{441, 100, 40, 32, false}, {270, 29, 12, 27, true}, {32, 3528, 1, 32, false}} {
		b.Run(fmt.Sprintf("N%dT%dD%d", v.n, v.steps, v.dim), func(b *testing.B) {
			t := benchTrainer(v.n, v.steps, v.dim, v.batch, v.ragged)
			batches := t.batches(0)
			for i := 0; b.Loop(); i++ {
				t.update(i, batches[i%len(batches)])
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)*float64(len(batches)), "s/epoch")
		})
	}
}
