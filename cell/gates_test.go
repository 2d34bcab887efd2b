package cell

import (
	"math"
	"testing"

	"inkling/internal/testkit"
)

// Gates are those of the definition, in float64 from PyTorch's weights, and the states
// follow from them.
func TestGatesAreThoseOfTheDefinition(t *testing.T) {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	eachKernel(t, func(t *testing.T) {
		for _, c := range testkit.Cases[torchCase](t, "testdata/torch.json", 7) {
			w, d, hid := c.weights(), c.In, c.Hidden
			steps := min(len(c.X)/d, 9)
			active := make([]int, steps)
			for i := range active {
				active[i] = 1
			}
			var tp Tape
			out := New(w).Forward(&tp, active, c.X[:steps*d], nil, nil)
			g := tp.Gates()
			testkit.Near(t, "h", g.Hidden, out)
			var want [5][]float32
			h, s := make([]float64, hid), make([]float64, hid)
			for i := range steps {
				next := make([]float64, hid)
				for j := range hid {
					sum := func(gate int) float64 {
						row := gate*hid + j
						v := float64(w.BiasIH[row]) + float64(w.BiasHH[row])
						for k := range d {
							v += float64(w.IH[row*d+k]) * float64(c.X[i*d+k])
						}
						for k := range hid {
							v += float64(w.HH[row*hid+k]) * h[k]
						}
						return v
					}
					in, forget, outGate := sigmoid(sum(0)), sigmoid(sum(1)), sigmoid(sum(3))
					s[j] = forget*s[j] + in*math.Tanh(sum(2))
					next[j] = outGate * math.Tanh(s[j])
					for k, v := range []float64{in, forget, outGate, s[j], next[j]} {
						want[k] = append(want[k], float32(v))
					}
				}
				h = next
			}
			for k, got := range [][]float32{g.Input, g.Forget, g.Output, g.Cell, g.Hidden} {
				testkit.Near(t, []string{"input", "forget", "output", "cell", "hidden"}[k], got, want[k])
			}
		}
	})
}
