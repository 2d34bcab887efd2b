package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
	"inkling/model/stem"
)

type gradientCase struct {
	codes  int // of text; 0: features
	o      Options
	dim    int
	labels []int
	steps  [][]int32 // labels of the steps; nil: label
	xs     [][]float32
	seed   uint64
}

func drawGradientCase(t *rapid.T) gradientCase {
	c := gradientCase{dim: rapid.IntRange(1, 5).Draw(t, "dim"), seed: rapid.Uint64().Draw(t, "seed")}
	c.o = Options{Hidden: rapid.IntRange(1, 6).Draw(t, "hidden"), Layers: rapid.IntRange(1, 3).Draw(t, "layers"), Epochs: 1,
		Running:   rapid.SampledFrom([]model.RunningHead{model.RunningNone, model.RunningSoftmax, model.RunningEvidence}).Draw(t, "running"),
		Smoothing: rapid.SampledFrom([]float64{0, 0.1}).Draw(t, "smoothing"), RampRunning: rapid.Bool().Draw(t, "ramp"),
		Schedule: Constant, LR: 1e-3, Clip: 0, RunningWeight: 0.5, BPTTSteps: 1000, ClassWeights: rapid.Bool().Draw(t, "weighed"), WeightPower: 1}
	if c.o.Running != model.RunningNone {
		c.o.NoConfirm = rapid.Bool().Draw(t, "no confirm head")
	}
	if !c.o.NoConfirm {
		c.o.Distill = rapid.SampledFrom([]float64{0, 0.5}).Draw(t, "distill")
	}
	if rapid.IntRange(0, 2).Draw(t, "text") == 0 {
		c.codes, c.dim = rapid.IntRange(2, 9).Draw(t, "codes"), 1
		c.o.AuxNext = rapid.SampledFrom([]float64{0, 0.7}).Draw(t, "aux-next")
	} else if rapid.Bool().Draw(t, "stem") {
		c.o.Stem = stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{
			{Kernel: rapid.IntRange(2, 4).Draw(t, "kernel"), Stride: 2, Channels: 6}, {Kernel: 3, Stride: 1, Channels: 4}}}
	}
	rng := rand.New(rand.NewPCG(c.seed, 1))
	n := rapid.IntRange(1, 11).Draw(t, "sequences")
	stepwise := c.codes == 0 && c.o.Running != model.RunningNone && rapid.Bool().Draw(t, "labels of steps")
	for range n {
		x := make([]float32, rapid.IntRange(1, 8).Draw(t, "steps")*c.dim)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
			if c.codes > 0 {
				x[i] = float32(rng.IntN(c.codes))
			}
		}
		c.xs = append(c.xs, x)
		c.labels = append(c.labels, rng.IntN(3))
		var steps []int32
		for range len(x) / c.dim {
			steps = append(steps, int32(rng.IntN(4))-1)
		}
		if !stepwise || rng.IntN(3) == 0 {
			steps = nil
		}
		c.steps = append(c.steps, steps)
	}
	c.o.Batch = n
	return c
}

func (c *gradientCase) trainer() *trainer {
	set := &dataset.Set{Kind: dataset.Series, Channels: c.dim, Labels: []string{"a", "b", "c"}}
	for i, x := range c.xs {
		set.Examples = append(set.Examples, dataset.Example{Label: c.labels[i], Samples: x})
	}
	scale := make([]float32, c.dim)
	for i := range scale {
		scale[i] = 1
	}
	k := &corpus{set: set, origin: set, front: feature.Config{Kind: feature.KindRaw, Samples: 1}, dim: c.dim, plain: c.xs,
		mean: make([]float32, c.dim), scale: scale}
	if c.codes > 0 {
		k.front = feature.Config{Kind: feature.KindChars, Alphabet: "abcdefgh"[:c.codes-1]}
	}
	if c.steps != nil {
		k.labels = c.steps
	}
	tr := newTrainer(k, nil, c.o, 2)
	rng := rand.New(rand.NewPCG(c.seed, 2))
	for _, x := range tr.params.Tensors() {
		for i := range x.Data {
			if !x.Fixed {
				x.Data[i] = float32(0.5 * rng.NormFloat64())
			}
		}
	}
	return tr
}

// total is the reference's loss of the batch. teachers, if not nil, stay fixed.
func (c *gradientCase) total(r *reference, scales []float64, teachers [][]float64) (loss float64, confirms [][]float64) {
	for i, x := range c.xs {
		var rows [][]float64
		for at := 0; at < len(x); at += c.dim {
			row := make([]float64, c.dim)
			for j := range row {
				row[j] = float64(x[at+j])
			}
			if c.codes > 0 {
				row = make([]float64, c.codes)
				row[int(x[at])] = 1
			}
			rows = append(rows, row)
		}
		var teacher []float64
		if teachers != nil {
			teacher = teachers[i]
		}
		if c.steps != nil && c.steps[i] != nil {
			labels := slices.Clone(c.steps[i])
			for t := range len(labels) / warmPart {
				labels[t] = -1
			}
			l, _ := r.loss(rows, 0, labels, nil)
			loss += l / float64(len(c.xs))
			confirms = append(confirms, make([]float64, 3))
			continue
		}
		l, confirm := r.loss(rows, c.labels[i], nil, teacher)
		loss += l * scales[c.labels[i]] / float64(len(c.xs))
		confirms = append(confirms, confirm)
	}
	return loss, confirms
}

// The gradient of the joint loss is its central difference, computed in float64;
// a dozen weights of each tensor are tried a case.
func TestGradientIsTheDerivative(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := drawGradientCase(t)
		tr := c.trainer()
		r := newReference(tr.config, tr.terms(), tr.params)
		want, teachers := c.total(r, tr.scales, nil)
		indices := make([]int, len(c.xs))
		for i := range indices {
			indices[i] = i
		}
		st, _ := tr.update(0, indices)
		if math.Abs(st.loss-want) > 1e-5*max(1, want) {
			t.Fatalf("loss %v, want %v", st.loss, want)
		}
		const h = 1e-7 // small: beside a bend of ReLU there is no derivative
		for _, x := range tr.grad.Tensors() {
			if x.Fixed {
				continue
			}
			stride := 1 + len(x.Data)/12
			for i := int(c.seed % uint64(stride)); i < len(x.Data); i += stride {
				got, v := x.Data[i], r.p[x.Name]
				keep := v[i]
				v[i] = keep + h
				up, _ := c.total(r, tr.scales, teachers)
				v[i] = keep - h
				down, _ := c.total(r, tr.scales, teachers)
				v[i] = keep
				if d := (up - down) / (2 * h); math.Abs(float64(got)-d) > 1e-5*max(1, math.Abs(d)) {
					t.Fatalf("%s[%d]: gradient %v, the derivative is %v", x.Name, i, got, d)
				}
			}
		}
	})
}

// The gradient of dropped recurrent weights is masked as they were.
func TestDropConnectMasksTheGradient(t *testing.T) {
	c := gradientCase{dim: 3, seed: 4, labels: []int{0, 1}, xs: [][]float32{{1, -1, 2, .5, 0, 1}, {0, 1, .5, -1, .25, 2, 1, 1, 1}},
		o: Options{Hidden: 6, Layers: 2, Epochs: 1, Batch: 2, Running: model.RunningSoftmax, Schedule: Constant, LR: 1e-3, Clip: 0,
			RunningWeight: 0.5, BPTTSteps: 100, DropConnect: 0.4}}
	tr := c.trainer()
	before := tr.params.Clone(tr.config)
	tr.update(0, []int{0, 1})
	dropped, kept := 0, 0
	grads, masks, masked, was := directions(tr.grad), directions(tr.mask), directions(tr.masked), directions(before)
	for i, d := range grads {
		for j, g := range d.HH {
			f := masks[i].HH[j]
			switch {
			case f == 0 && g == 0:
				dropped++
			case f == float32(1/0.6) && g != 0:
				kept++
			default:
				t.Fatalf("direction %d, weight %d: factor %v, gradient %v", i, j, f, g)
			}
			if masked[i].HH[j] != float32(was[i].HH[j]*f) {
				t.Fatalf("direction %d, weight %d ran as %v", i, j, masked[i].HH[j])
			}
		}
		if !equalBits(masked[i].IH, was[i].IH) || !equalBits(masked[i].BiasIH, was[i].BiasIH) {
			t.Fatal("weights other than the recurrent ones were dropped")
		}
	}
	total := dropped + kept
	if share := float64(dropped) / float64(total); total != 3*4*6*6 || share < 0.33 || share > 0.47 {
		t.Errorf("%d of %d recurrent weights dropped, want about 0.4", dropped, total)
	}
}
