package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"inkling/internal/testkit"

	"pgregory.net/rapid"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// nextCase is a case of testdata/next.json, written by testdata/next.py.
type nextCase struct {
	Name      string               `json:"name"`
	Layers    int                  `json:"layers"`
	Residual  bool                 `json:"residual"`
	Quantiles []float64            `json:"quantiles"`
	Channels  int                  `json:"channels"`
	Samples   int                  `json:"samples"`
	Codes     int                  `json:"codes"` // of characters; 0: values
	Hidden    int                  `json:"hidden"`
	LR        float64              `json:"lr"`
	Decay     float64              `json:"decay"`
	Clip      float64              `json:"clip"`
	Unit      []float32            `json:"unit"`
	Lead      []int                `json:"lead"`
	X         [][]float32          `json:"x"` // each (T+1)×D
	Params    map[string][]float32 `json:"params"`
	Out       [][]float32          `json:"out"`
	Grads     map[string][]float32 `json:"grads"`
	Losses    []float64            `json:"losses"`
}

// trainer is one whose only batch is the case's.
func (c *nextCase) trainer(clip float64, workers int) *trainer {
	n := &model.Next{Loss: model.LossSquared, Residual: c.Residual}
	if len(c.Quantiles) > 0 {
		n.Loss, n.Quantiles = model.LossQuantile, c.Quantiles
	}
	o := Options{Hidden: c.Hidden, Layers: c.Layers, Next: n, Epochs: 1, Batch: len(c.X), LR: c.LR, Schedule: Constant, Clip: clip, WeightDecay: c.Decay,
		BPTTSteps: 1000, Front: feature.Config{Kind: feature.KindRaw, Samples: c.Samples, Decimate: 1}}
	if c.Codes > 0 {
		n.Loss, o.Front = model.LossEntropy, feature.Config{Kind: feature.KindChars, Alphabet: "abcdefghijklmnop"[:c.Codes-1]}
	}
	d := c.Channels * c.Samples
	k := &corpus{set: &dataset.Set{Kind: dataset.Series, Channels: c.Channels, Labels: []string{""}}, front: o.Front, dim: d,
		mean: make([]float32, d), scale: make([]float32, d), unit: c.Unit}
	for i := range k.scale {
		k.scale[i] = 1
	}
	for i, x := range c.X {
		k.set.Examples = append(k.set.Examples, dataset.Example{Samples: x})
		k.plain = append(k.plain, x)
		k.cuts = append(k.cuts, piece{frames: x, lead: c.Lead[i], counted: len(x)/d - 1 - c.Lead[i]})
	}
	return newTrainer(k, nil, o, workers)
}

func nextCases(t *testing.T) []nextCase {
	return testkit.Cases[nextCase](t, "testdata/next.json", 5)
}

func (c *nextCase) load(t *testing.T, tr *trainer) {
	for _, x := range tr.params.Tensors() {
		if want, ok := c.Params[x.Name]; ok {
			copy(x.Data, want)
		} else if !x.Fixed {
			t.Fatalf("the fixture has no %s", x.Name)
		}
	}
}

// Outputs, loss, every gradient and ten AdamW losses are PyTorch's.
func TestForecastsAgreeWithPyTorch(t *testing.T) {
	for _, c := range nextCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			tr := c.trainer(-1, 2)
			c.load(t, tr)
			w := tr.workers[0]
			for i := range c.X {
				tr.ls.pack(tr.params, true, 1)
				w.batch.pack([]sequence{tr.train.sequence(i)}, tr.ls.in())
				w.run(tr.params, tr.ls)
				if q, ok := w.head.(*forecastHead); ok {
					testkit.Near(t, "outputs", q.out, c.Out[i])
				}
			}
			st, _ := tr.update(0, all(len(c.X)))
			testkit.Near(t, "loss", []float32{float32(st.loss)}, []float32{float32(c.Losses[0])})
			for _, x := range tr.grad.Tensors() {
				if !x.Fixed {
					testkit.Near(t, x.Name, x.Data, c.Grads[x.Name])
				}
			}
			tr = c.trainer(c.Clip, 2)
			c.load(t, tr)
			for u, want := range c.Losses {
				st, _ := tr.update(u, all(len(c.X)))
				testkit.Near(t, fmt.Sprint("loss ", u+1), []float32{float32(st.loss)}, []float32{float32(want)})
			}
		})
	}
}

// total is the loss of the batch once more, in float64 and straight from the equations.
func (c *nextCase) total(r *reference) (sum float64) {
	d, rows, counted := c.Channels*c.Samples, max(len(c.Quantiles), 1), 0
	for i, x := range c.X {
		var xs [][]float64
		for at := 0; at < len(x); at += d {
			row := make([]float64, d)
			for j := range row {
				row[j] = float64(x[at+j])
			}
			if c.Codes > 0 {
				row = make([]float64, c.Codes)
				row[int(x[at])] = 1
			}
			xs = append(xs, row)
		}
		h := xs[:len(xs)-1]
		for l := range c.Layers - 1 {
			h = r.direction(fmt.Sprintf("lower.%d.", l), "_l0", h)
		}
		h = r.direction("lstm.", "_l0", h)
		counted += len(h) - c.Lead[i]
		for t := c.Lead[i]; t < len(h); t++ {
			if c.Codes > 0 {
				sum -= logSoftmax(affine(r.p["next.weight"], r.p["next.bias"], h[t]))[int(x[t+1])]
				continue
			}
			for k, v := range affine(r.p["next.weight"], r.p["next.bias"], h[t]) {
				j := k % d
				y := xs[t+1][j]
				if c.Residual {
					y -= xs[t][d-c.Channels+j%c.Channels]
				}
				e := y/float64(c.Unit[j]) - v
				if len(c.Quantiles) == 0 {
					e *= e
				} else {
					q := c.Quantiles[k/d]
					e = max(q*e, (q-1)*e)
				}
				sum += e / float64(d*rows)
			}
		}
	}
	return sum / float64(counted)
}

// The gradient of the loss is its central difference, computed in float64.
func TestForecastGradientIsTheDerivative(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := nextCase{Layers: rapid.IntRange(1, 3).Draw(t, "layers"), Residual: rapid.Bool().Draw(t, "residual"), Hidden: rapid.IntRange(1, 6).Draw(t, "hidden"),
			Channels: rapid.IntRange(1, 3).Draw(t, "channels"), Samples: rapid.IntRange(1, 3).Draw(t, "samples"), LR: 1e-3,
			Quantiles: rapid.SampledFrom([][]float64{nil, {0.5}, {0.1, 0.5, 0.9}}).Draw(t, "quantiles")}
		if rapid.Bool().Draw(t, "text") {
			c.Codes, c.Channels, c.Samples = rapid.IntRange(2, 9).Draw(t, "codes"), 1, 1
		}
		seed := rapid.Uint64().Draw(t, "seed")
		rng := rand.New(rand.NewPCG(seed, 1))
		d := c.Channels * c.Samples
		for range d {
			c.Unit = append(c.Unit, 0.5+rng.Float32())
		}
		for range rapid.IntRange(1, 10).Draw(t, "sequences") {
			x := make([]float32, rapid.IntRange(2, 9).Draw(t, "frames")*d)
			for j := range x {
				x[j] = float32(rng.NormFloat64())
				if c.Codes > 0 {
					x[j] = float32(rng.IntN(c.Codes))
				}
			}
			c.X = append(c.X, x)
			c.Lead = append(c.Lead, rng.IntN(len(x)/d-1))
		}
		tr := c.trainer(-1, 2)
		for _, x := range tr.params.Tensors() {
			for i := range x.Data {
				if !x.Fixed {
					x.Data[i] = float32(0.5 * rng.NormFloat64())
				}
			}
		}
		r := newReference(tr.config, lossTerms{}, tr.params)
		st, _ := tr.update(0, all(len(c.X)))
		if want := c.total(r); math.Abs(st.loss-want) > 1e-5*max(1, want) {
			t.Fatalf("loss %v, want %v", st.loss, want)
		}
		const h = 1e-7 // small: the pinball has a bend
		for _, x := range tr.grad.Tensors() {
			if x.Fixed {
				continue
			}
			stride := 1 + len(x.Data)/12
			for i := int(seed % uint64(stride)); i < len(x.Data); i += stride {
				v := r.p[x.Name]
				keep := v[i]
				v[i] = keep + h
				up := c.total(r)
				v[i] = keep - h
				down := c.total(r)
				v[i] = keep
				if want := (up - down) / (2 * h); math.Abs(float64(x.Data[i])-want) > 1e-5*max(1, math.Abs(want)) {
					t.Fatalf("%s[%d]: gradient %v, the derivative is %v", x.Name, i, x.Data[i], want)
				}
			}
		}
	})
}

// tides holds n recordings of two sums of waves, of groups of two recordings.
func tides(n, samples int, seed uint64) *dataset.Set {
	rng := rand.New(rand.NewPCG(seed, 9))
	s := &dataset.Set{Kind: dataset.Series, Labels: []string{""}, Channels: 2, Hash: fmt.Sprint("tides ", n, seed)}
	for i := range n {
		a, b := 2*math.Pi*rng.Float64(), 2*math.Pi*rng.Float64()
		e := dataset.Example{Name: fmt.Sprint("tide:", i), Group: fmt.Sprint("g", i/2), Hash: fmt.Sprintf("%08x", rng.Uint32())}
		for t := range samples {
			x := math.Sin(a+0.5*float64(t)) + 0.5*math.Sin(b+0.23*float64(t))
			e.Samples = append(e.Samples, float32(x), float32(100-10*math.Cos(a+0.5*float64(t))))
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}

func tideOptions(set *dataset.Set) Options {
	o, _ := NextDefaults(set)
	o.Hidden, o.Batch, o.LR, o.Span, o.Lead, o.Seed = 12, 16, 0.01, 40, 10, 3
	return o
}

// What comes next in waves is learned far below the naive forecast's error, whose square
// is the unit of the loss; validation holds out groups.
func TestLearnsWhatComesNext(t *testing.T) {
	t.Parallel()
	set := tides(24, 200, 1)
	o := tideOptions(set)
	o.MinUpdates = 250
	for _, q := range [][]float64{nil, {0.1, 0.5, 0.9}} {
		if o.Next = (&model.Next{Loss: model.LossSquared, Residual: true}); q != nil {
			o.Next.Loss, o.Next.Quantiles = model.LossQuantile, q
		}
		tr, err := prepare(set, nil, o)
		if err != nil {
			t.Fatal(err)
		}
		of := map[string]int{}
		for _, e := range tr.train.set.Examples {
			of[e.Group] |= 1
		}
		for _, e := range tr.valid.set.Examples {
			of[e.Group] |= 2
		}
		held := 0
		for g, sides := range of {
			if sides == 3 {
				t.Errorf("group %s is on both sides", g)
			}
			held += sides / 2
		}
		if held < 1 || len(of) != 12 {
			t.Errorf("%d of %d groups held out", held, len(of))
		}
		first := tr.evaluate(tr.params, tr.valid).loss
		r, err := Fit(t.Context(), set, nil, o, Hooks{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := r.Model.Config.Origin.Measured
		if q == nil && math.Abs(first-1) > 0.1 {
			t.Errorf("the untrained loss is %v, the naive forecast's is 1", first)
		}
		if m["validation_loss"] > 0.3*first || m["validation_steps"] < 300 {
			t.Errorf("loss %v to %v", first, m)
		}
	}
}

// The loss is that of the model's forecasts, in the signal's units, relative to the
// naive forecast's.
func TestForecastLossIsThatOfTheModel(t *testing.T) {
	set := tides(3, 120, 4)
	o := tideOptions(set)
	o.Epochs, o.Span, o.Validation, o.Front.Samples = 2, 1000, 0, 2
	tr, err := prepare(set, nil, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tr.epoch(t.Context(), &Hooks{}); err != nil {
		t.Fatal(err)
	}
	m, err := model.New(*tr.config, tr.params.Clone(tr.config))
	if err != nil {
		t.Fatal(err)
	}
	sum, n, d := 0.0, 0, m.Dim()
	for _, e := range set.Examples {
		said := m.Forecasts(e.Samples)
		for i, y := range e.Samples[d:] {
			j := i % d
			err := float64(y-said[i]) * float64(m.Params.Scale[j]) / float64(m.Params.NextScale[j])
			sum += err * err
			n++
		}
	}
	if got, want := tr.evaluate(tr.params, tr.train).loss, sum/float64(n); math.Abs(got-want) > 1e-4*want || want > 1 {
		t.Errorf("loss %v, of the forecasts %v", got, want)
	}
}

// Every frame but a recording's first is forecast once in each epoch without chance, and
// pieces stay within their recording.
func TestPiecesCoverARecording(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &corpus{dim: rapid.IntRange(1, 3).Draw(t, "dim")}
		frames := make([]float32, c.dim*rapid.IntRange(2, 300).Draw(t, "frames"))
		for i := range frames {
			frames[i] = float32(i / c.dim)
		}
		span, lead := rapid.IntRange(1, 60).Draw(t, "span"), rapid.IntRange(0, 60).Draw(t, "lead")
		c.cut(frames, span, lead)
		next := 1
		for i := range c.cuts {
			s := c.sequence(i)
			for t0 := s.lead; t0 < s.steps; t0++ {
				if int(s.next[t0*c.dim]) != next {
					t.Fatalf("piece %d forecasts frame %v, want %d", i, s.next[t0*c.dim], next)
				}
				next++
			}
			if s.steps-s.lead > span || s.lead > lead || i > 0 && s.lead < min(lead, span) {
				t.Fatalf("piece %d: %d steps, %d of them lead", i, s.steps, s.lead)
			}
			c.ahead(i, c.cuts[i].room)
		}
		if next != len(frames)/c.dim {
			t.Fatalf("%d frames forecast of %d", next-1, len(frames)/c.dim-1)
		}
	})
}

// What has no meaning without labels is refused, by name.
func TestForecastsRefuseWhatBelongsToLabels(t *testing.T) {
	set := tides(6, 60, 3)
	for want, change := range map[string]func(*Options){
		"Options.Folds":                 func(o *Options) { o.Folds = 3 },
		"Options.Running":               func(o *Options) { o.Running = model.RunningSoftmax },
		"Options.Noise is 0.1":          func(o *Options) { o.Noise = 0.1 },
		"Options.Stretch is 0.1":        func(o *Options) { o.Stretch = 0.1 },
		"Options.ClassWeights":          func(o *Options) { o.ClassWeights = true },
		"Options.SwapNames is 0.1":      func(o *Options) { o.SwapNames = 0.1 },
		"deltas 1":                      func(o *Options) { o.Front.Deltas = 1 },
		"loss":                          func(o *Options) { o.Next.Loss = "cubed" },
		"ascending":                     func(o *Options) { o.Next = &model.Next{Loss: model.LossQuantile, Quantiles: []float64{0.5, 0.1}} },
		"0.5":                           func(o *Options) { o.Next = &model.Next{Loss: model.LossQuantile, Quantiles: []float64{0.1, 0.9}} },
		"Span is -1: give 1 to 1048576": func(o *Options) { o.Span = -1 },
		"too short":                     func(o *Options) { o.Front.Samples = 50 },
	} {
		o := tideOptions(set)
		o.Epochs = 1
		change(&o)
		if _, err := Fit(t.Context(), set, nil, o, Hooks{}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
