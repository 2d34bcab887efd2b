package train

import (
	"reflect"
	"testing"

	"inkling/internal/f32"
	"inkling/model/feature"
	"inkling/model/stem"
)

// Channels are dropped above the stem, for a whole sequence, and the gradient on what
// was dropped is none; the samples below lose none.
func TestDropoutAboveTheStem(t *testing.T) {
	c := gradientCase{dim: 1, seed: 4, labels: []int{0, 1}, xs: [][]float32{{1, -1, 2, .5, 0, 1}, {.5, 1, .5, -1, .25, 2, 1, 1, 1}},
		o: Options{Hidden: 6, Layers: 1, Epochs: 1, Batch: 2, Running: "softmax", Schedule: Constant, LR: 1e-3, Clip: 0, RunningWeight: 0.5,
			BPTTSteps: 100, Dropout: 0.5, Stem: stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{{Kernel: 3, Stride: 2, Channels: 40}}}}}
	tr := c.trainer()
	tr.ls.pack(tr.params, true, 1)
	w, seqs, plain := tr.workers[0], make([]sequence, 1), make([]sequence, 1)
	plain[0] = tr.train.sequence(1)
	w.stem.forward(tr.ls.stem, plain)
	want := append([]float32(nil), plain[0].x...)
	tr.throughStem(w, seqs, 0, []int{1})
	grad := tr.shards[0]
	grad.zero()
	w.batch.pack(seqs, tr.ls.in())
	w.run(tr.params, tr.ls)
	w.head.loss(tr.config, tr.params, &w.batch, tr.terms(), []float64{1, 1})
	w.backward(tr.params, grad, tr.ls)
	g := stem.NewParams(&tr.config.Stem, 1)
	tr.ls.stem.AddTo(g, grad.stem)
	dropped, kept := 0, 0
	for j := range 40 {
		alive, zero := false, true
		for i := j; i < len(want); i += 40 {
			alive = alive || want[i] != 0
			zero = zero && seqs[0].x[i] == 0
			if seqs[0].x[i] != 0 && seqs[0].x[i] != 2*want[i] {
				t.Fatalf("value %d is %v of %v", i, seqs[0].x[i], want[i])
			}
		}
		switch {
		case !alive:
		case zero && g.Layers[0].Bias[j] == 0:
			dropped++
		case !zero && g.Layers[0].Bias[j] != 0:
			kept++
		default:
			t.Errorf("channel %d: dropped %v, gradient %v", j, zero, g.Layers[0].Bias[j])
		}
	}
	if dropped < 8 || kept < 8 {
		t.Errorf("%d channels dropped, %d kept", dropped, kept)
	}
}

// What OverStem makes of the defaults learns the toy set; no stem changes nothing.
func TestLearnsOverConvolutions(t *testing.T) {
	t.Parallel()
	o, _, _ := Defaults(toySet(150, 1), "")
	if same := o.OverStem(stem.Config{}); !reflect.DeepEqual(same, o) {
		t.Errorf("no stem: %+v, want %+v", same, o)
	}
	o.Front.Deltas = 1
	o = o.OverStem(stem.Config{Kind: stem.KindConv, Layers: []stem.Layer{{Kernel: 8, Stride: 2, Channels: 24}, {Kernel: 5, Stride: 2, Channels: 24}}})
	o.Hidden, o.MinUpdates, o.Seed, o.Folds, o.Validation = 16, 250, 1, 0, 0
	r, err := Fit(t.Context(), toySet(150, 1), nil, o, Hooks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &r.Model.Config
	if c.Front.Samples != 1 || c.Front.Deltas != 0 || len(r.Model.Params.Stem.Layers) != 2 || !c.ConfirmEvidence {
		t.Errorf("%+v", c)
	}
	right, running, test := 0, 0, toySet(90, 2)
	for _, e := range test.Examples {
		x, err := r.Model.Front()
		if err != nil {
			t.Fatal(err)
		}
		p := r.Model.Predict(x.Flush(x.Push(nil, e.Samples)))
		if want := (len(e.Samples)/2 + 3) / 4; p.Steps != want {
			t.Fatalf("%d steps of %d samples, want %d", p.Steps, len(e.Samples)/2, want)
		}
		if f32.Argmax(p.Confirm) == e.Label {
			right++
		}
		if f32.Argmax(p.Running[(p.Steps-1)*3:]) == e.Label {
			running++
		}
	}
	if right < 86 || running < 80 {
		t.Errorf("%d of 90 confirmed right, %d running", right, running)
	}
}

// Gabor filters learn from samples as they are: centres and bandwidths move, and
// low tones are distinguished from high ones.
func TestLearnsGaborFilters(t *testing.T) {
	t.Parallel()
	test := toyAudio(60, 2)
	o, _, _ := Defaults(toyAudio(60, 1), "")
	o.Front, o.Stem = feature.Config{Kind: feature.KindRaw}, stem.Config{Kind: stem.KindGabor, Filters: 8, HopMS: 20}
	o.Detector, o.Hidden, o.MinUpdates, o.Seed, o.Folds, o.Validation = 0, 12, 80, 1, 0, 0
	r, err := Fit(t.Context(), toyAudio(60, 1), nil, o, Hooks{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := r.Model.Params
	if p.Mean[0] != 0 || p.Scale[0] != 1 {
		t.Errorf("samples enter as (x − %v)·%v", p.Mean[0], p.Scale[0])
	}
	start := stem.NewParams(&r.Model.Config.Stem, 1)
	stem.New(r.Model.Config.Stem, 8000, 1, start).Fit(start, [][]float32{test.Examples[0].Samples})
	for i, c := range start.Centre {
		if by := p.Stem.Centre[i] - c; by < -100 || by > 100 || by == 0 || p.Stem.Bandwidth[i] == start.Bandwidth[i] {
			t.Errorf("filter %d began at %v mel and is at %v, with bandwidth %v and %v", i, c, p.Stem.Centre[i], start.Bandwidth[i], p.Stem.Bandwidth[i])
		}
	}
	right, _ := rightOf(t, r.Model, test)
	if right < 58 {
		t.Errorf("%d of 60 right", right)
	}
}
