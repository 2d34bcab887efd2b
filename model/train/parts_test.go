package train

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"testing"

	"inkling/model"
	"inkling/model/dataset"
)

func TestSchedulesFollowTheirRates(t *testing.T) {
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

func TestClipBoundsTheNorm(t *testing.T) {
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
func TestEpochSeesEachExampleOnce(t *testing.T) {
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

func TestClassWeightsAreInverseFrequencies(t *testing.T) {
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

func TestLogHasALinePerEpoch(t *testing.T) {
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

// FuzzRestore: no bytes make restore panic, and what it refuses changes nothing.
func FuzzRestore(f *testing.F) {
	o := toyOptions()
	o.Hidden, o.Epochs = 2, 1
	set := toySet(30, 1)
	tr, err := prepare(set, nil, o)
	if err != nil {
		f.Fatal(err)
	}
	good, err := unseal(tr.save()) // without the checksum, which would show all of it
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/3])
	f.Add(tr.save())
	f.Add([]byte{1, '*'})
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

// A flipped bit anywhere in a checkpoint is noticed.
func TestFlippedBitsOfACheckpointAreNoticed(t *testing.T) {
	t.Parallel()
	o := toyOptions()
	o.Hidden, o.Epochs = 2, 1
	tr, err := prepare(toySet(30, 1), nil, o)
	if err != nil {
		t.Fatal(err)
	}
	data := tr.save()
	for i := 0; i < 8*len(data); i += 1 + i/(8*64)*29 { // all of the beginning, some of the rest
		data[i/8] ^= 1 << (i % 8)
		if tr.restore(data) == nil {
			t.Fatalf("bit %d of byte %d of %d: nothing was noticed", i%8, i/8, len(data))
		}
		data[i/8] ^= 1 << (i % 8)
	}
	if err := tr.restore(data); err != nil {
		t.Error(err)
	}
}
