package cell

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/testkit"
)

// loss64 computes Σ dh·h of a packed batch in float64, independently of the loops of
// the package.
func loss64(p *params64, active []int, x, h0, c0, dh []float64) (sum float64) {
	n := p.hidden
	hs, cs := slices.Clone(h0), slices.Clone(c0)
	row := 0
	for _, batch := range active {
		for i := range batch {
			h, c := p.step(hs[i*n:(i+1)*n], cs[i*n:(i+1)*n], x[row*p.in:(row+1)*p.in])
			copy(hs[i*n:], h)
			copy(cs[i*n:], c)
			for j, v := range h {
				sum += v * dh[row*n+j]
			}
			row++
		}
	}
	return sum
}

type params64 struct {
	in, hidden int
	ih, hh, b  []float64
}

func (p *params64) step(h0, c0, x []float64) (h, c []float64) {
	n := p.hidden
	z := slices.Clone(p.b)
	for r := range z {
		for k, v := range x {
			z[r] += p.ih[r*p.in+k] * v
		}
		for k, v := range h0 {
			z[r] += p.hh[r*n+k] * v
		}
	}
	sigma := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
	h, c = make([]float64, n), make([]float64, n)
	for j := range n {
		c[j] = sigma(z[n+j])*c0[j] + sigma(z[j])*math.Tanh(z[2*n+j])
		h[j] = sigma(z[3*n+j]) * math.Tanh(c[j])
	}
	return h, c
}

func wide(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

// Every gradient equals the central difference of the loss in float64.
func TestGradientsMatchFiniteDifferences(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			d, n := rapid.IntRange(1, 5).Draw(t, "D"), rapid.IntRange(1, 10).Draw(t, "H")
			rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 3))
			active := descending(t, 4, 3)
			rows := total(active)
			w, l := randomLSTM(rng, d, n)
			x, dh := randomSlice(rng, rows*d), randomSlice(rng, rows*n)
			h0, c0 := randomSlice(rng, active[0]*n), randomSlice(rng, active[0]*n)
			var tp Tape
			l.Forward(&tp, active, x, h0, c0)
			grad, dx := NewWeights(d, n), make([]float32, rows*d)
			backwardInto(l, &tp, w, grad, dx, dh)

			p := &params64{in: d, hidden: n, ih: wide(w.IH), hh: wide(w.HH), b: wide(w.BiasIH)}
			for i, v := range w.BiasHH {
				p.b[i] += float64(v)
			}
			x64, dh64, h64, c64 := wide(x), wide(dh), wide(h0), wide(c0)
			check := func(name string, at []float64, got []float32) {
				const step = 1e-5
				for i := range at {
					keep := at[i]
					at[i] = keep + step
					up := loss64(p, active, x64, h64, c64, dh64)
					at[i] = keep - step
					down := loss64(p, active, x64, h64, c64, dh64)
					at[i] = keep
					want := (up - down) / (2 * step)
					if !(math.Abs(float64(got[i])-want) <= 1e-5*max(1, math.Abs(want))) {
						t.Fatalf("gradient on %s %d is %v, want %v", name, i, got[i], want)
					}
				}
			}
			check("x", x64, dx)
			check("ih", p.ih, grad.IH)
			check("hh", p.hh, grad.HH)
			check("bias_ih", p.b, grad.BiasIH)
			check("bias_hh", p.b, grad.BiasHH)
		})
	})
}

func total(active []int) (rows int) {
	for _, n := range active {
		rows += n
	}
	return rows
}

// descending draws the active counts of a batch of at most wide sequences and long
// timesteps.
func descending(t *rapid.T, long, wide int) []int {
	active := rapid.SliceOfN(rapid.IntRange(1, wide), 1, long).Draw(t, "active")
	slices.Sort(active)
	slices.Reverse(active)
	return active
}

// backwardInto adds the gradient of the tape's Forward to grad.
func backwardInto(l *LSTM, tp *Tape, w, grad *Weights, dx, dh []float32) {
	l.PackBackward(w, true)
	g := l.NewGradient()
	l.Backward(tp, g, dx, dh, nil, nil)
	g.AddTo(grad)
}

// Backward adds to the gradient, whatever an earlier batch left on the tape.
func TestBackwardAccumulates(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(4, 4))
		w, l := randomLSTM(rng, 3, 9)
		l.PackBackward(w, true)
		var used Tape
		grad, same, added := l.NewGradient(), l.NewGradient(), l.NewGradient()
		for _, active := range [][]int{{7, 7, 3}, {300, 200, 1, 1}, {2}} {
			rows := total(active)
			x, dh := randomSlice(rng, rows*3), randomSlice(rng, rows*9)
			var tp Tape
			l.Forward(&tp, active, x, nil, nil)
			l.Backward(&tp, same, nil, dh, nil, nil)
			l.Forward(&used, active, x, nil, nil)
			l.Backward(&used, grad, nil, dh, nil, nil)
			alone := l.NewGradient()
			l.Forward(&used, active, x, nil, nil)
			l.Backward(&used, alone, nil, dh, nil, nil)
			added.Add(alone)
		}
		testkit.SameBits(t, "on fresh tapes", grad.sums, same.sums)
		for i, v := range added.sums {
			if d := math.Abs(float64(v - grad.sums[i])); d > 1e-5*max(1, math.Abs(float64(v))) {
				t.Fatalf("value %d: in one gradient %v, added up %v", i, grad.sums[i], v)
			}
		}
		grad.Zero()
		testkit.SameBits(t, "zero", grad.sums, make([]float32, len(grad.sums)))
	})
}
