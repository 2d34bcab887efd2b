package cell

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func randomLSTM(rng *rand.Rand, d, h int) (*Weights, *LSTM) {
	w := NewWeights(d, h)
	w.Init(rng)
	for i := range w.BiasHH {
		w.BiasHH[i] = float32(rng.NormFloat64() * 0.1)
	}
	return w, New(w)
}

func randomSlice(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

func sameBits(t interface{ Fatalf(string, ...any) }, what string, got, want []float32) {
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: value %d is %v, want %v to the bit", what, i, got[i], want[i])
		}
	}
}

// Step, Sequence, Reverse and Forward are one function.
func TestPathsAgreeToTheBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, h := rapid.IntRange(1, 40).Draw(t, "D"), rapid.IntRange(1, 40).Draw(t, "H")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		_, l := randomLSTM(rng, d, h)
		n := rapid.IntRange(1, 7).Draw(t, "sequences")
		lens := make([]int, n)
		last := 150
		for i := range lens {
			last = rapid.IntRange(1, last).Draw(t, "length")
			lens[i] = last
		}
		xs := make([][]float32, n)
		want := make([][]float32, n)
		for i := range xs {
			xs[i] = randomSlice(rng, lens[i]*d)
			want[i] = stepAll(l, xs[i])
			got := make([]float32, lens[i]*h)
			l.Sequence(l.NewState(), got, xs[i])
			sameBits(t, "Sequence", got, want[i])
			cut := rapid.IntRange(0, lens[i]).Draw(t, "cut")
			s := l.NewState()
			l.Sequence(s, got[:cut*h], xs[i][:cut*d])
			l.Sequence(s, got[cut*h:], xs[i][cut*d:])
			sameBits(t, "Sequence in two", got, want[i])
			l.Reverse(l.NewState(), got, xs[i])
			sameBits(t, "Reverse", got, reversed(stepAll(l, reversed(xs[i], d)), h))
		}
		active, x := packed(xs, lens, d)
		hs := l.Forward(new(Tape), active, x, nil, nil)
		_, unpacked := packed(want, lens, h)
		sameBits(t, "Forward", hs, unpacked)
	})
}

func stepAll(l *LSTM, xs []float32) (hs []float32) {
	s := l.NewState()
	for at := 0; at < len(xs); at += l.in {
		l.Step(s, xs[at:at+l.in])
		hs = append(hs, s.H...)
	}
	return hs
}

func reversed(x []float32, width int) []float32 {
	out := make([]float32, 0, len(x))
	for at := len(x) - width; at >= 0; at -= width {
		out = append(out, x[at:at+width]...)
	}
	return out
}

// packed lays sequences of width values a step out as Forward takes them.
func packed(xs [][]float32, lens []int, width int) (active []int, rows []float32) {
	for t := range lens[0] {
		n := 0
		for i, x := range xs {
			if lens[i] > t {
				rows = append(rows, x[t*width:(t+1)*width]...)
				n++
			}
		}
		active = append(active, n)
	}
	return active, rows
}

// One step from the same state stays within 5e-7 of float64, over the whole
// range of the gates.
func TestStepAgainstFloat64(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, h := rapid.IntRange(1, 8).Draw(t, "D"), rapid.IntRange(1, 20).Draw(t, "H")
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 2))
		w, l := randomLSTM(rng, d, h)
		s := l.NewState()
		for range 5 {
			x := randomSlice(rng, d)
			hs, cs := reference(w, s.H, s.C, x)
			l.Step(s, x)
			for j := range hs {
				if e := math.Abs(hs[j] - float64(s.H[j])); !(e <= 5e-7) {
					t.Fatalf("h[%d] is off by %g", j, e)
				}
				if e := math.Abs(cs[j] - float64(s.C[j])); !(e <= 1e-6*max(1, math.Abs(cs[j]))) {
					t.Fatalf("c[%d] is off by %g", j, e)
				}
			}
		}
	})
}

// reference is one step in float64, written out plainly.
func reference(w *Weights, h0, c0, x []float32) (h, c []float64) {
	n := w.Hidden
	z := make([]float64, 4*n)
	for r := range z {
		z[r] = float64(w.BiasIH[r]) + float64(w.BiasHH[r])
		for k, v := range x {
			z[r] += float64(w.IH[r*w.In+k]) * float64(v)
		}
		for k, v := range h0 {
			z[r] += float64(w.HH[r*n+k]) * float64(v)
		}
	}
	sigma := func(v float64) float64 { return 1 / (1 + math.Exp(-v)) }
	h, c = make([]float64, n), make([]float64, n)
	for j := range n {
		c[j] = sigma(z[n+j])*float64(c0[j]) + sigma(z[j])*math.Tanh(z[2*n+j])
		h[j] = sigma(z[3*n+j]) * math.Tanh(c[j])
	}
	return h, c
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	_, l := randomLSTM(rng, 13, 50)
	s := l.NewState()
	x := randomSlice(rng, 13*100)
	h := make([]float32, 50*100)
	l.Sequence(s, h, x)
	for name, f := range map[string]func(){
		"Step":     func() { l.Step(s, x[:13]) },
		"Sequence": func() { l.Sequence(s, h, x) },
		"Reverse":  func() { l.Reverse(s, h, x) },
	} {
		if n := testing.AllocsPerRun(10, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}
