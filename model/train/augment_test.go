package train

import (
	"math"
	"slices"
	"testing"

	"inkling/model/dataset"
	"inkling/model/feature"
)

// Numbers of one use are not those of a neighbouring one, nor do they follow it.
func TestRandomNumbersAreApart(t *testing.T) {
	var sum, square, product, last float64
	const n = 20000
	for b := range n {
		v := random(1, forExample, 3, b).Float64() - 0.5
		sum, square, product, last = sum+v, square+v*v, product+v*last, v
	}
	if math.Abs(sum/n) > 0.01 || math.Abs(square/n-1.0/12) > 0.003 || math.Abs(product/n) > 0.003 {
		t.Errorf("first numbers of successive examples: mean %v, variance %v, covariance %v", sum/n, square/n, product/n)
	}
	seen := map[uint64]bool{}
	for _, seed := range []uint64{0, 1} {
		for _, purpose := range []int{forInit, forOrder, forExample, forConnect, forVariant} {
			for a := range 10 {
				for b := range 10 {
					seen[random(seed, purpose, a, b).Uint64()] = true
				}
			}
		}
	}
	if len(seen) != 1000 {
		t.Errorf("%d different numbers of 1000 uses", len(seen))
	}
}

// The statistics of each change of frames are what its option says.
func TestFramesChangeAsOptionsSay(t *testing.T) {
	const steps, dim, draws = 40, 4, 400
	frames := make([]float32, steps*dim)
	for i := range frames {
		frames[i] = float32(1 + i%dim)
	}
	front := &feature.Config{Kind: feature.KindRaw}
	run := func(o Options, f func(x []float32)) {
		for k := range draws {
			f(augmentFrames(&o, random(1, forExample, 0, k), slices.Clone(frames), dim, front))
		}
	}
	run(Options{}, func(x []float32) {
		if !equalBits(x, frames) {
			t.Fatal("frames change without any option")
		}
	})
	shortest, whole := steps, 0
	run(Options{Crop: 0.25}, func(x []float32) {
		shortest = min(shortest, len(x)/dim)
		if len(x) == len(frames) {
			whole++
		}
		if !equalBits(x, frames[len(frames)-len(x):]) {
			t.Fatal("what is left is not the end")
		}
	})
	if shortest != steps-9 || whole < draws/20 || whole > draws/5 {
		t.Errorf("crops leave %d steps or more, %d of %d whole", shortest, whole, draws)
	}
	dropped, sum := 0, 0.0
	run(Options{Dropout: 0.5}, func(x []float32) {
		for j := range dim {
			for at := j; at < len(x); at += dim {
				if x[at] != x[j] {
					t.Fatal("the mask is not held over time")
				}
			}
			if x[j] == 0 {
				dropped++
			} else if x[j] != 2*float32(1+j) {
				t.Fatalf("kept feature %d is %v", j, x[j])
			}
			sum += float64(x[j]) / float64(1+j)
		}
	})
	if share := float64(dropped) / (draws * dim); math.Abs(share-0.5) > 0.04 || math.Abs(sum/(draws*dim)-1) > 0.08 {
		t.Errorf("%v of the features dropped, mean factor %v", share, sum/(draws*dim))
	}
	var noise, mean float64
	run(Options{Noise: 0.3}, func(x []float32) {
		for i, v := range x {
			d := float64(v - frames[i])
			noise, mean = noise+d*d, mean+d
		}
	})
	n := float64(draws * steps * dim)
	if sd := math.Sqrt(noise / n); math.Abs(sd-0.3) > 0.01 || math.Abs(mean/n) > 0.01 {
		t.Errorf("noise of σ %v, mean %v", sd, mean/n)
	}
}

func TestMasksCoverNeighbouringBands(t *testing.T) {
	o := &Options{FreqMasks: 1}
	widths := map[int]int{}
	for k := range 600 {
		gain, offset := make([]float32, 80), make([]float32, 80) // 40 bands and their deltas
		for i := range gain {
			gain[i], offset[i] = 1, 1
		}
		maskBands(o, random(1, forExample, 1, k), gain, offset, 40)
		first, width := -1, 0
		for b := range 40 {
			if gain[b] != gain[b+40] || gain[b] != offset[b] {
				t.Fatal("a band's delta is not masked with it")
			}
			if gain[b] == 0 {
				if first >= 0 && b != first+width {
					t.Fatal("the masked bands are no neighbours")
				}
				if first < 0 {
					first = b
				}
				width++
			}
		}
		widths[width]++
	}
	for w := range 6 {
		if widths[w] < 50 {
			t.Errorf("%d masks of %d bands in 600", widths[w], w)
		}
	}
	if len(widths) != 6 {
		t.Errorf("widths: %v, want 0 to 5", widths)
	}
}

func TestSamplesChangeAsOptionsSay(t *testing.T) {
	e := &dataset.Example{Samples: make([]float32, 2000)}
	for i := range e.Samples {
		e.Samples[i] = float32(0.5 * math.Sin(float64(i)*0.3))
	}
	keep := slices.Clone(e.Samples)
	level := rms(e.Samples)
	shortest, longest, quietest, loudest, flipped := 1<<30, 0, math.Inf(1), 0.0, 0
	for k := range 300 {
		x := augmentSamples(&Options{Stretch: 0.2, GainDB: 6, Polarity: true}, random(1, forVariant, 0, k), e, &dataset.Set{Rate: 8000, Channels: 1}, false)
		shortest, longest = min(shortest, len(x)), max(longest, len(x))
		quietest, loudest = min(quietest, rms(x)), max(loudest, rms(x))
		if x[3] < 0 {
			flipped++
		}
	}
	if shortest < 1600 || shortest > 1620 || longest > 2401 || longest < 2380 {
		t.Errorf("lengths %d to %d of 2000, want 0.8 to 1.2 of it", shortest, longest)
	}
	if math.Abs(20*math.Log10(quietest/level)+6) > 0.3 || math.Abs(20*math.Log10(loudest/level)-6) > 0.3 {
		t.Errorf("levels %v to %v of %v, want ±6 dB", quietest, loudest, level)
	}
	if flipped < 110 || flipped > 190 {
		t.Errorf("%d of 300 flipped", flipped)
	}
	clean, least, most := 0, math.Inf(1), math.Inf(-1)
	for k := range 300 {
		x := augmentSamples(&Options{SNR: 10}, random(1, forVariant, 0, k), e, &dataset.Set{Rate: 8000, Channels: 1}, false)
		for i := range x {
			x[i] -= e.Samples[i]
		}
		if n := rms(x); n == 0 {
			clean++
		} else {
			least, most = min(least, 20*math.Log10(level/n)), max(most, 20*math.Log10(level/n))
		}
	}
	if clean < 110 || clean > 190 || least < 9 || least > 12 || most > 41 || most < 38 {
		t.Errorf("%d of 300 clean, the others at %v to %v dB, want 10 to 40", clean, least, most)
	}
	if !equalBits(keep, e.Samples) {
		t.Error("the example's own samples changed")
	}
}

// Rooms and microphones change what their options say, and nothing without them. They never
// change the number of samples where each has a label of its own.
func TestRoomsAndMicrophones(t *testing.T) {
	set := &dataset.Set{Kind: dataset.Audio, Rate: 8000, Channels: 1, Labels: []string{"a"}}
	e := &dataset.Example{Samples: make([]float32, 2000)}
	for i := range e.Samples {
		e.Samples[i] = float32(0.3*math.Sin(float64(i)*0.3) + 0.2*math.Sin(float64(i)*1.7))
	}
	stepwise := *e
	stepwise.Steps = make([]int32, len(e.Samples))
	for _, k := range []struct {
		name   string
		o      Options
		longer bool
	}{
		{"none", Options{}, false},
		{"equalisers", Options{EQ: 6}, false},
		{"rooms", Options{Reverb: 0.5}, true},
		{"limits", Options{BandLimits: 0.5}, false},
		{"clipping", Options{Distortion: 12}, false},
	} {
		changed, longer := 0, 0
		for v := range 100 {
			x := changedSamples(&k.o, random(1, forVariant, v, 0), set, e)
			if !equalBits(x, e.Samples) {
				changed++
			}
			if len(x) > len(e.Samples) {
				longer++
			}
			if x := changedSamples(&k.o, random(1, forVariant, v, 0), set, &stepwise); len(x) != len(e.Samples) {
				t.Fatalf("%s: %d samples with labels become %d", k.name, len(e.Samples), len(x))
			}
		}
		if want := k.o.changesSamples(dataset.Audio); want != (changed > 0) || k.longer != (longer > 0) {
			t.Errorf("%s: %d of 100 change, %d are longer", k.name, changed, longer)
		}
	}
}
