package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"inkling/internal/testkit"

	"pgregory.net/rapid"

	"inkling/cell"
)

// However a pass is cut into windows, its outputs and gradients are the same to the
// bit; a truncated gradient is the sum of those of pieces that hand on their state
// alone.
func TestWindowsOfAPassChangeNoBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, hid := rapid.IntRange(1, 9).Draw(t, "D"), rapid.IntRange(1, 20).Draw(t, "H")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		active := make([]int, rapid.IntRange(1, 300).Draw(t, "steps"))
		rows := 0
		for i := range active {
			active[i] = 1 + rng.IntN(8)
			rows += active[i]
		}
		slices.Sort(active)
		slices.Reverse(active)
		w := cell.NewWeights(d, hid)
		w.Init(rng)
		l := cell.New(w)
		l.PackBackward(w, true)
		x, dh := testkit.Normal(rng, rows*d), testkit.Normal(rng, rows*hid)
		truncate := rapid.SampledFrom([]int{1, 7, 100, 1000}).Draw(t, "truncate")
		var p pass
		run := func(window int) (h, dx []float32, grad *cell.Weights) {
			g, dx, grad := l.NewGradient(), make([]float32, rows*d), cell.NewWeights(d, hid)
			h = slices.Clone(p.forward(l, active, x, span{truncate, window}))
			p.backward(l, g, dx, dh)
			g.AddTo(grad)
			return h, dx, grad
		}
		h, dx, grad := run(1000)
		h1, dx1, grad1 := run(rapid.IntRange(1, 60).Draw(t, "window"))
		if !slices.Equal(h, h1) || !slices.Equal(dx, dx1) || !slices.Equal(grad.HH, grad1.HH) ||
			!slices.Equal(grad.IH, grad1.IH) || !slices.Equal(grad.BiasIH, grad1.BiasIH) {
			t.Fatal("windows show")
		}

		sum, row := l.NewGradient(), 0
		var h0, c0 []float32
		for from := 0; from < len(active); from += truncate {
			part := active[from:min(from+truncate, len(active))]
			end := row
			for _, n := range part {
				end += n
			}
			var tape cell.Tape
			if from > 0 {
				h0, c0 = h0[:part[0]*hid], c0[:part[0]*hid]
			}
			l.Forward(&tape, part, x[row*d:end*d], h0, c0)
			h0, c0 = tape.Final()
			l.Backward(&tape, sum, nil, dh[row*hid:end*hid], nil, nil)
			row = end
		}
		want := cell.NewWeights(d, hid)
		sum.AddTo(want)
		for i, v := range want.HH {
			if math.Abs(float64(grad.HH[i]-v)) > 1e-4*max(1, math.Abs(float64(v))) {
				t.Fatalf("weight %d has gradient %v, want %v", i, grad.HH[i], v)
			}
		}
	})
}
