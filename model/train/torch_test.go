package train

import (
	"fmt"
	"testing"

	"inkling/internal/testkit"

	"inkling/model"
	"inkling/model/dataset"
	"inkling/model/feature"
)

// torchCase is a case of testdata/torch.json, written by testdata/make.py.
type torchCase struct {
	Name      string               `json:"name"`
	Layers    int                  `json:"layers"`
	Running   model.RunningHead    `json:"running"`
	Confirm   bool                 `json:"confirm"`
	Ramp      bool                 `json:"ramp"`
	Distill   float64              `json:"distill"`
	Smoothing float64              `json:"smoothing"`
	Balanced  bool                 `json:"balanced"`
	Truncate  int                  `json:"truncate"`
	Dim       int                  `json:"dim"`
	Hidden    int                  `json:"hidden"`
	Classes   int                  `json:"classes"`
	LR        float64              `json:"lr"`
	Decay     float64              `json:"decay"`
	Clip      float64              `json:"clip"`
	Weight    float64              `json:"running_weight"`
	X         [][]float32          `json:"x"`
	Labels    []int                `json:"labels"`
	Params    map[string][]float32 `json:"params"`
	RunningP  [][]float32          `json:"running_p"`
	ConfirmP  [][]float32          `json:"confirm_p"`
	Grads     map[string][]float32 `json:"grads"`
	Norm      float64              `json:"norm"`
	Losses    []float64            `json:"losses"`
}

func torchCases(t *testing.T) []torchCase {
	return testkit.Cases[torchCase](t, "testdata/torch.json", 6)
}

// options without augmentation: the network sees the frames as they are.
func (c *torchCase) options() Options {
	o := Options{Hidden: c.Hidden, Layers: c.Layers, Running: c.Running, NoConfirm: !c.Confirm, Epochs: 1, Batch: len(c.X),
		LR: c.LR, Schedule: Constant, Clip: c.Clip, WeightDecay: c.Decay, BPTTSteps: c.Truncate, RunningWeight: c.Weight,
		RampRunning: c.Ramp, Distill: c.Distill, Smoothing: c.Smoothing, ClassWeights: c.Balanced, WeightPower: 1}
	if o.BPTTSteps == 0 {
		o.BPTTSteps = 1000
	}
	return o
}

// trainer is one whose only batch is the case's, in the case's order.
func (c *torchCase) trainer(t *testing.T, o Options, workers int) *trainer {
	set := &dataset.Set{Kind: dataset.Series, Channels: c.Dim}
	for i := range c.Classes {
		set.Labels = append(set.Labels, fmt.Sprint("class ", i))
	}
	for i, x := range c.X {
		set.Examples = append(set.Examples, dataset.Example{Name: fmt.Sprint(i), Label: c.Labels[i], Samples: x})
	}
	plain := append([][]float32(nil), c.X...)
	mean, scale := make([]float32, c.Dim), make([]float32, c.Dim)
	for i := range scale {
		scale[i] = 1
	}
	front := feature.Config{Kind: feature.KindRaw, Samples: 1, Decimate: 1}
	corpus := &corpus{set: set, origin: set, front: front, dim: c.Dim, plain: plain, mean: mean, scale: scale}
	tr := newTrainer(corpus, nil, o, workers)
	seen := 0
	for _, x := range tr.params.Tensors() {
		if want, ok := c.Params[x.Name]; ok {
			copy(x.Data, want)
			seen++
		} else if !x.Fixed {
			t.Fatalf("the fixture has no %s", x.Name)
		}
	}
	if seen != len(c.Params) {
		t.Fatalf("the fixture has %d tensors, the network %d", len(c.Params), seen)
	}
	return tr
}

func (c *torchCase) all() []int {
	indices := make([]int, len(c.X))
	for i := range indices {
		indices[i] = i
	}
	return indices
}

// Outputs, the joint loss and every gradient are PyTorch's.
func TestGradientsAgreeWithPyTorch(t *testing.T) {
	for _, c := range torchCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			o := c.options()
			o.Clip = 0
			tr := c.trainer(t, o, 2)
			e := tr.evaluate(tr.params, tr.train)
			for i, v := range e.finals {
				if c.Running != model.RunningNone {
					testkit.Near(t, "running probabilities", v.Running, c.RunningP[i])
				}
				if c.Confirm {
					testkit.Near(t, "confirmed probabilities", v.Probs, c.ConfirmP[i])
				}
			}
			st, norm := tr.update(0, c.all())
			testkit.Near(t, "loss", []float32{float32(st.loss)}, []float32{float32(c.Losses[0])})
			testkit.Near(t, "norm", []float32{float32(norm)}, []float32{float32(c.Norm)})
			for _, x := range tr.grad.Tensors() {
				if !x.Fixed {
					testkit.Near(t, x.Name, x.Data, c.Grads[x.Name])
				}
			}
		})
	}
}

// Ten AdamW losses, with clipping and decay, are PyTorch's.
func TestTenLossesAgreeWithPyTorch(t *testing.T) {
	for _, c := range torchCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			tr := c.trainer(t, c.options(), 2)
			if len(c.Losses) != 10 {
				t.Fatalf("%d losses, want 10", len(c.Losses))
			}
			for u, want := range c.Losses {
				st, _ := tr.update(u, c.all())
				testkit.Near(t, fmt.Sprint("loss ", u+1), []float32{float32(st.loss)}, []float32{float32(want)})
			}
		})
	}
}
