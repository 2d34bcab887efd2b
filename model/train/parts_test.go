package train

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

func TestRate(t *testing.T) {
	o := Options{LR: 1, Warmup: 4}
	for _, c := range []struct {
		schedule Schedule
		update   int
		want     float64
	}{
		{Constant, 0, 0.25}, {Constant, 3, 1}, {Constant, 99, 1},
		{Step, 2, 0.75}, {Step, 51, 1}, {Step, 52, 0.1}, {Step, 75, 0.1}, {Step, 76, 0.01}, {Step, 99, 0.01},
		{Cosine, 1, 0.5}, {Cosine, 4, 1}, {Cosine, 52, 0.5}, {Cosine, 28, (1 + math.Sqrt(0.5)) / 2}, {Cosine, 100, 0},
	} {
		o.Schedule = c.schedule
		if got := o.rate(c.update, 100); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: rate of update %d is %v, want %v", c.schedule, c.update, got, c.want)
		}
	}
}

// Unset and zero are different: the defaults are filled in, a zero stays.
func TestZeroIsZeroAndUnsetIsTheDefault(t *testing.T) {
	small, large := NewOptions().resolve(toySet(smallSet-1, 1)), NewOptions().resolve(toySet(smallSet, 1))
	if small.Folds != 5 || small.Validation != 0 || large.Folds != 0 || large.Validation != 0.15 {
		t.Errorf("%d folds and %v held out of a small set, %d and %v of a large one", small.Folds, small.Validation, large.Folds, large.Validation)
	}
	if large.LR != 3e-3 || large.Dropout != 0.5 || large.Clip != 1 || large.MinUpdates != 1500 || large.Span != 0 || large.Runs != "" {
		t.Errorf("defaults: %+v", large)
	}
	z := Options{}.resolve(toySet(12, 1))
	if z.Dropout != 0 || z.WeightDecay != 0 || z.RunningWeight != 0 || z.Validation != 0 || z.Folds != 0 || z.Warmup != 0 || z.Clip != 0 {
		t.Errorf("zeros: %+v", z)
	}
	if z.LR != 3e-3 || z.Hidden != 100 || z.Schedule != Cosine {
		t.Errorf("zeros outside the range: %+v", z)
	}
	if err := z.check(dataset.Series); err != nil {
		t.Error(err)
	}
	if got := z.rate(0, 10); got != z.LR {
		t.Errorf("without warm-up the first rate is %v", got)
	}
	for want, o := range map[string]Options{
		`train.Options.Schedule is "linear": give constant, step or cosine`: {Schedule: "linear"},
		"train.Options.Hidden is -3: give 1 to 16384":                       {Hidden: -3},
		"train.Options.LR is NaN: give 1e-09 to 10":                         {LR: math.NaN()},
		"train.Options.Crop is 1: give 0 to 0.9":                            {Crop: 1},
	} {
		o = o.resolve(toySet(12, 1))
		if err := o.check(dataset.Series); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestClip(t *testing.T) {
	c := &model.Config{Labels: []string{"a", "b"}, Hidden: 2, Layers: 1, Running: model.RunningSoftmax}
	g := model.NewParams(c, 1)
	g.Mean[0] = 100 // no gradient
	g.RunningW[0], g.Forward.HH[1] = 3, -4
	if norm := clip(g, 10, 2); norm != 5 || g.RunningW[0] != 3 {
		t.Errorf("norm %v under the limit, gradient %v", norm, g.RunningW[0])
	}
	if norm := clip(g, 1, 2); norm != 5 || math.Abs(float64(g.RunningW[0])-0.6) > 1e-7 || math.Abs(float64(g.Forward.HH[1])+0.8) > 1e-7 {
		t.Errorf("norm %v, clipped to %v and %v", norm, g.RunningW[0], g.Forward.HH[1])
	}
	if norm := clip(g, -1, 2); math.Abs(norm-1) > 1e-6 {
		t.Errorf("norm after clipping to 1: %v", norm)
	}
}

// Every epoch sees each example once, in batches of like lengths and another
// order than the last epoch's.
func TestBatches(t *testing.T) {
	o := toyOptions()
	o.Batch, o.Folds, o.Validation = 8, 0, 0
	tr, err := prepare(toySet(101, 1), nil, o)
	if err != nil {
		t.Fatal(err)
	}
	var orders []string
	for epoch := range 3 {
		groups := tr.batches(epoch)
		if len(groups) != tr.perEpoch || len(groups) != 13 {
			t.Fatalf("%d batches", len(groups))
		}
		var all []int
		spread := 0
		for _, g := range groups {
			all = append(all, g...)
			longest, shortest := 0, 1<<30
			for _, i := range g {
				longest, shortest = max(longest, len(tr.train.plain[i])), min(shortest, len(tr.train.plain[i]))
			}
			spread += (longest - shortest) / tr.train.dim
		}
		if spread > 4*13 {
			t.Errorf("sequences of a batch differ by %d steps on average", spread/13)
		}
		orders = append(orders, fmt.Sprint(all))
		slices.Sort(all)
		for i, x := range all {
			if i != x || len(all) != 101 {
				t.Fatalf("an epoch of %v", all)
			}
		}
	}
	if orders[0] == orders[1] || orders[1] == orders[2] {
		t.Error("two epochs have one order")
	}
}

func TestClassScales(t *testing.T) {
	set := toySet(9, 1)
	set.Examples[0].Label, set.Examples[3].Label = 1, 1 // 1, 5 and 3
	if w := classScales(set, false, 1); !slices.Equal(w, []float64{1, 1, 1}) {
		t.Errorf("%v", w)
	}
	if w := classScales(set, true, 1); !slices.Equal(w, []float64{3, 0.6, 1}) {
		t.Errorf("%v, want 9/(3·count)", w)
	}
	root := classScales(set, true, 0.5)
	if r := root[1] / root[2]; math.Abs(r-math.Sqrt(0.6)) > 1e-12 {
		t.Errorf("roots of the weights: %v", root)
	}
}

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
func TestAugmentedFrames(t *testing.T) {
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

func TestMaskedBands(t *testing.T) {
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

func TestChangedSamples(t *testing.T) {
	e := &dataset.Example{Samples: make([]float32, 2000)}
	for i := range e.Samples {
		e.Samples[i] = float32(0.5 * math.Sin(float64(i)*0.3))
	}
	keep := slices.Clone(e.Samples)
	level := rms(e.Samples)
	shortest, longest, quietest, loudest, flipped := 1<<30, 0, math.Inf(1), 0.0, 0
	for k := range 300 {
		x := augmentSamples(&Options{Stretch: 0.2, GainDB: 6, Polarity: true}, random(1, forVariant, 0, k), e, 1, false)
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
		x := augmentSamples(&Options{SNR: 10}, random(1, forVariant, 0, k), e, 1, false)
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

func TestDefaultsFollowTheData(t *testing.T) {
	series := func(steps, channels int) *dataset.Set {
		s := &dataset.Set{Kind: dataset.Series, Labels: []string{"a", "b"}, Channels: channels}
		for i := range 30 {
			s.Examples = append(s.Examples, dataset.Example{Group: fmt.Sprint(i), Label: i % 2, Samples: make([]float32, steps*channels)})
		}
		return s
	}
	audio := func(seconds float64) *dataset.Set {
		s := series(int(seconds*16000), 1)
		s.Kind, s.Rate = dataset.Audio, 16000
		return s
	}
	for _, c := range []struct {
		set      *dataset.Set
		kind     feature.Kind
		lo, hi   float64 // timesteps
		deltas   int
		hop      float64
		mentions string
	}{
		{series(8, 2), feature.KindRaw, 8, 8, 0, 0, "one sample a step"},
		{series(15, 12), feature.KindRaw, 8, 8, 1, 0, "2 samples a step"},
		{series(51, 24), feature.KindRaw, 13, 13, 1, 0, "4 samples a step"},
		{series(100, 6), feature.KindRaw, 20, 60, 1, 0, "with deltas"},
		{series(500, 1), feature.KindRaw, 500, 500, 0, 0, "convolutions"},
		{series(500, 3), feature.KindRaw, 20, 60, 1, 0, "10 samples a step"},
		{series(5000, 1), feature.KindRaw, 20, 110, 1, 0, "mean of"},
		{audio(0.08), feature.KindLogMel, 10, 20, 0, 5, "every 5 ms"},
		{audio(1), feature.KindLogMel, 90, 100, 0, 10, "every 10 ms"},
	} {
		o, notes, _ := Defaults(c.set, "")
		x, err := feature.New(o.Front, c.set.Rate, c.set.Channels)
		if err != nil {
			t.Fatal(err)
		}
		steps := float64(len(x.Flush(x.Push(nil, c.set.Examples[0].Samples))) / x.Dim())
		if o.Front.Kind != c.kind || steps < c.lo || steps > c.hi || o.Front.Deltas != c.deltas || o.Front.HopMS != c.hop {
			t.Errorf("%d samples: %+v, %v steps", c.set.Frames(0), o.Front, steps)
		}
		if !strings.Contains(strings.Join(notes, "\n"), c.mentions) {
			t.Errorf("notes %q do not mention %q", notes, c.mentions)
		}
	}
	voices := audio(0.4)
	for range 3 {
		voices.Examples = append(voices.Examples, voices.Examples...)
	}
	for i := range voices.Examples {
		voices.Examples[i].Group = fmt.Sprint(i % 4)
	}
	if o, notes, _ := Defaults(voices, ""); o.Front.Kind != feature.KindMFCC || o.Front.Deltas != 1 || o.SNR == 0 || !strings.Contains(notes[0], "few sources") {
		t.Errorf("four voices: %+v, %q", o.Front, notes)
	}
	few := series(15, 1)
	for i := range few.Examples {
		few.Examples[i].Group = fmt.Sprint(i % 3)
	}
	if _, notes, _ := Defaults(few, ""); !strings.Contains(strings.Join(notes, "\n"), "3 groups only") {
		t.Errorf("notes on three groups: %q", notes)
	}
}

// Validation takes whole groups where there are enough of them.
func TestHoldOutByGroup(t *testing.T) {
	for _, n := range []int{3, 12} {
		set := toySet(120, 1)
		for i := range set.Examples {
			set.Examples[i].Group = fmt.Sprint("g", i%n)
		}
		train, valid := loosened(set).HoldOut(0.2, "1")
		if len(train.Examples)+len(valid.Examples) != 120 || len(valid.Examples) < 10 || len(valid.Examples) > 40 {
			t.Errorf("%d groups: %d and %d examples", n, len(train.Examples), len(valid.Examples))
		}
		shared := 0
		for _, v := range valid.Examples {
			if slices.ContainsFunc(train.Examples, func(e dataset.Example) bool { return set.Examples[index(e)].Group == set.Examples[index(v)].Group }) {
				shared++
			}
		}
		if (n < fewGroups) != (shared > 0) {
			t.Errorf("%d groups: %d validation examples have theirs in training", n, shared)
		}
	}
}

func index(e dataset.Example) (i int) {
	fmt.Sscanf(e.Name, "toy:%d", &i)
	return i
}

func TestWriteCSV(t *testing.T) {
	var b bytes.Buffer
	rows := []Row{{Epoch: 1, Updates: 9, LR: 0.003, Norm: 0.5, Loss: 1.25, Confirm: 0.5, Running: 0.25, ValidLoss: math.NaN(), Seconds: 1.5}, {Epoch: 2}}
	if err := WriteCSV(&b, rows); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(got) != 3 || len(got[0]) != len(columns) {
		t.Fatalf("%v, %v", got, err)
	}
	if want := []string{"1", "9", "0.003", "0.5", "1.25", "0.5", "0.25", "NaN", "0", "0", "1.50"}; !slices.Equal(got[1], want) {
		t.Errorf("%v, want %v", got[1], want)
	}
}

// A watch warns once of each sign, and not of a training that learns.
func TestWatch(t *testing.T) {
	fresh := func() *watch {
		return &watch{majority: 0.4, n: 100, classes: 3, validation: true, total: 1000, streak: 3, raw: true, steps: 600}
	}
	warnings := func(w *watch, rows ...Row) (all []string) {
		for i, r := range rows {
			r.Updates = 100 * (i + 1)
			if s := w.look(r); s != "" {
				all = append(all, s)
			}
		}
		return all
	}
	chance := Row{ValidConfirm: 0.41, Majority: 60}
	one := Row{ValidConfirm: 0.4, Majority: 100}
	good := Row{ValidConfirm: 0.8, Majority: 50}
	if got := warnings(fresh(), chance, chance, chance, chance, chance, chance, chance); len(got) != 1 || !strings.Contains(got[0], "41 %") || !strings.Contains(got[0], "Config.Samples 10") {
		t.Errorf("at chance: %q", got)
	}
	if got := warnings(fresh(), one, one, one, one, one); len(got) != 1 || !strings.Contains(got[0], "same label") {
		t.Errorf("one class: %q", got)
	}
	if got := warnings(fresh(), chance, chance, chance, good, chance, chance, good); len(got) != 0 {
		t.Errorf("one that learns: %q", got)
	}
	if got := warnings(fresh(), one, good, one, good); len(got) != 0 {
		t.Errorf("now and then: %q", got)
	}
	w := fresh()
	w.validation, w.raw = false, false
	if got := warnings(w, Row{Confirm: 0.4}, Row{Confirm: 0.4}, Row{Confirm: 0.4}, Row{Confirm: 0.4}); len(got) != 1 || !strings.Contains(got[0], "training accuracy") {
		t.Errorf("without validation: %q", got)
	}
}

// Labels that have nothing to do with the signal are found out.
func TestChanceIsTold(t *testing.T) {
	set := toySet(90, 1)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range set.Examples {
		clear(set.Examples[i].Samples)
		set.Examples[i].Label = rng.IntN(3)
	}
	o := toyOptions()
	o.Epochs = 40
	var got []string
	if _, err := Fit(t.Context(), set, nil, o, Hooks{Warn: func(s string) { got = append(got, s) }}, nil); err != nil {
		t.Fatal(err)
	}
	if len(got) == 0 {
		t.Error("no warning of labels at random on silence")
	}
}

func TestScarceLabels(t *testing.T) {
	set := toySet(70, 1)
	set.Labels = append(set.Labels, "unheard")
	for i := range set.Examples {
		if set.Examples[i].Label == 1 && i > 10 {
			set.Examples[i].Label = 0
		}
	}
	o := toyOptions()
	o.Epochs = 1
	var got []string
	if _, err := Fit(t.Context(), set, nil, o, Hooks{Warn: func(s string) { got = append(got, s) }}, nil); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(got, "\n")
	if !strings.Contains(all, `"unheard" has no training example`) || !strings.Contains(all, `"mid" has`) {
		t.Errorf("%q", got)
	}
}

// FuzzRestore: no bytes make restore panic, and what it refuses changes nothing.
func FuzzRestore(f *testing.F) {
	o := toyOptions()
	o.Hidden, o.Epochs = 2, 1
	set := toySet(30, 1)
	tr, err := prepare(set, nil, o)
	if err != nil {
		f.Fatal(err)
	}
	good := tr.save()
	f.Add(good)
	f.Add(good[:len(good)/3])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		before, stood := tr.params.Clone(tr.config), tr.progress
		if tr.restore(data) == nil {
			return
		}
		for i, x := range tr.params.Tensors() {
			if !equalBits(x.Data, before.Tensors()[i].Data) {
				t.Fatalf("a refused checkpoint changed %s", x.Name)
			}
		}
		if tr.progress.Epoch != stood.Epoch || tr.progress.Update != stood.Update {
			t.Fatal("a refused checkpoint changed the progress")
		}
	})
}
