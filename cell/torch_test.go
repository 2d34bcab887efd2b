package cell

import (
	"fmt"
	"testing"

	"inkling/internal/testkit"
)

// A torchCase is one case of testdata/torch.json, which testdata/make.py writes.
type torchCase struct {
	In      int       `json:"in"`
	Hidden  int       `json:"hidden"`
	Active  []int     `json:"active"`
	X       []float32 `json:"x"`
	H0      []float32 `json:"h0"`
	C0      []float32 `json:"c0"`
	IH      []float32 `json:"ih"`
	HH      []float32 `json:"hh"`
	BiasIH  []float32 `json:"bias_ih"`
	BiasHH  []float32 `json:"bias_hh"`
	H       []float32 `json:"h"`
	HN      []float32 `json:"hn"`
	CN      []float32 `json:"cn"`
	DH      []float32 `json:"dh"`
	DX      []float32 `json:"dx"`
	DIH     []float32 `json:"d_ih"`
	DHH     []float32 `json:"d_hh"`
	DBiasIH []float32 `json:"d_bias_ih"`
	DBiasHH []float32 `json:"d_bias_hh"`
}

func (c *torchCase) weights() *Weights {
	return &Weights{In: c.In, Hidden: c.Hidden, IH: c.IH, HH: c.HH, BiasIH: c.BiasIH, BiasHH: c.BiasHH}
}

// Forward, the final states and every gradient agree with PyTorch.
func TestAgainstPyTorch(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		var tp Tape // shared by all cases: nothing of the last one may remain
		for _, c := range testkit.Cases[torchCase](t, "testdata/torch.json", 7) {
			t.Run(fmt.Sprintf("D%dH%d", c.In, c.Hidden), func(t *testing.T) {
				w := c.weights()
				l := New(w)
				h := l.Forward(&tp, c.Active, c.X, c.H0, c.C0)
				testkit.Near(t, "h", h, c.H)
				hn, cn := tp.Final()
				testkit.Near(t, "last h", hn, c.HN)
				testkit.Near(t, "last c", cn, c.CN)
				grad, dx := NewWeights(c.In, c.Hidden), make([]float32, len(c.X))
				backwardInto(l, &tp, w, grad, dx, c.DH)
				testkit.Near(t, "dx", dx, c.DX)
				testkit.Near(t, "weight_ih", grad.IH, c.DIH)
				testkit.Near(t, "weight_hh", grad.HH, c.DHH)
				testkit.Near(t, "bias_ih", grad.BiasIH, c.DBiasIH)
				testkit.Near(t, "bias_hh", grad.BiasHH, c.DBiasHH)
			})
		}
	})
}
