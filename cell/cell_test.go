package cell

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/testkit"
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

// units draws a number of units: every remainder of the kernels' widths, and now and
// then the default, which takes most of the time.
func units(t *rapid.T) int {
	few := rapid.IntRange(1, 40)
	return rapid.OneOf(few, few, few, few, few, rapid.Just(100)).Draw(t, "H")
}

// Step, Sequence, Reverse and Forward give the same values.
func TestPathsAgreeToTheBit(t *testing.T) {
	eachKernel(t, func(t *testing.T) { rapid.Check(t, pathsAgree) })
}

func pathsAgree(t *rapid.T) {
	d, h := rapid.IntRange(1, 40).Draw(t, "D"), units(t)
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	_, l := randomLSTM(rng, d, h)
	n := rapid.IntRange(1, 4).Draw(t, "sequences")
	lens := make([]int, n)
	last := blockSteps + 20
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
		testkit.SameBits(t, "Sequence", got, want[i])
		cut := rapid.IntRange(0, lens[i]).Draw(t, "cut")
		s := l.NewState()
		l.Sequence(s, got[:cut*h], xs[i][:cut*d])
		l.Sequence(s, got[cut*h:], xs[i][cut*d:])
		testkit.SameBits(t, "Sequence in two", got, want[i])
		l.Reverse(l.NewState(), got, xs[i])
		testkit.SameBits(t, "Reverse", got, reversed(stepAll(l, reversed(xs[i], d)), h))
	}
	active, x := packed(xs, lens, d)
	hs := l.Forward(new(Tape), active, x, nil, nil)
	_, unpacked := packed(want, lens, h)
	testkit.SameBits(t, "Forward", hs, unpacked)
}

// The values of a sequence depend neither on its batch nor on what the tape held
// before, and a sequence split over two tapes loses nothing.
func TestBatchCompositionChangesNothing(t *testing.T) {
	eachKernel(t, func(t *testing.T) { rapid.Check(t, batchesAgree) })
}

func batchesAgree(t *rapid.T) {
	d, h := rapid.IntRange(1, 20).Draw(t, "D"), units(t)
	active := descending(t, 12, 40)
	cut := rapid.IntRange(0, len(active)-1).Draw(t, "cut")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 5))
	_, l := randomLSTM(rng, d, h)
	x := randomSlice(rng, total(active)*d)
	var tp, other Tape
	whole := l.Forward(&tp, active, x, nil, nil)

	rows := total(active[:cut])
	first := slices.Clone(l.Forward(&other, active[:cut], x[:rows*d], nil, nil))
	h0, c0 := other.Final()
	n := active[cut] * h
	var a, b []float32
	if cut > 0 {
		a, b = slices.Clone(h0[:n]), slices.Clone(c0[:n])
	}
	second := l.Forward(&other, active[cut:], x[rows*d:], a, b)
	testkit.SameBits(t, "two windows", append(first, second...), whole)

	i := rapid.IntRange(0, active[0]-1).Draw(t, "sequence")
	s, row := l.NewState(), 0
	for _, n := range active {
		if i >= n {
			break
		}
		l.Step(s, x[(row+i)*d:(row+i+1)*d])
		testkit.SameBits(t, "alone", s.H, whole[(row+i)*h:(row+i+1)*h])
		row += n
	}
	fh, fc := tp.Final()
	testkit.SameBits(t, "last h", fh[i*h:(i+1)*h], s.H)
	testkit.SameBits(t, "last c", fc[i*h:(i+1)*h], s.C)
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

// packed returns the sequences, of width values per step, as a packed batch.
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
	eachKernel(t, func(t *testing.T) { rapid.Check(t, stepIsExact) })
}

func stepIsExact(t *rapid.T) {
	d, h := rapid.IntRange(1, 40).Draw(t, "D"), units(t)
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
}

// reference computes one step in float64.
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
	eachKernel(t, allocatesNothing)
}

func allocatesNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	w, l := randomLSTM(rng, 13, 50)
	s := l.NewState()
	x := randomSlice(rng, 13*300)
	h := make([]float32, 50*300)
	l.Sequence(s, h, x)
	active := []int{100, 100, 99, 1}
	dx, grad, sum := make([]float32, len(x)), l.NewGradient(), NewWeights(13, 50)
	var tp Tape
	l.PackBackward(w, true)
	train := func() {
		l.Forward(&tp, active, x, nil, nil)
		tp.Final()
		l.Backward(&tp, grad, dx, h, nil, nil)
		grad.AddTo(sum)
		l.Pack(w)
		l.PackBackward(w, true)
	}
	train()
	for name, f := range map[string]func(){
		"Step":     func() { l.Step(s, x[:13]) },
		"Sequence": func() { l.Sequence(s, h, x) },
		"Reverse":  func() { l.Reverse(s, h, x) },
		"training": train,
	} {
		if n := testing.AllocsPerRun(10, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

// A NaN in the input reaches h, where training can see it; ±∞ saturates the gates.
func TestNaNReachesOutputAndInfSaturates(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		for _, h := range []int{1, 5, 8, 13, 100} {
			rng := rand.New(rand.NewPCG(6, uint64(h)))
			_, l := randomLSTM(rng, 2, h)
			s := l.NewState()
			l.Step(s, []float32{float32(math.NaN()), 1})
			for j, v := range s.H {
				if v == v {
					t.Fatalf("H=%d: h[%d] is %v after a NaN", h, j, v)
				}
			}
			s.Reset()
			l.Step(s, []float32{float32(math.Inf(1)), 1})
			for j, v := range s.H {
				if !(v >= -1 && v <= 1) {
					t.Fatalf("H=%d: h[%d] is %v after +Inf", h, j, v)
				}
			}
		}
	})
}

func TestCallersMistakesPanic(t *testing.T) {
	w, l := randomLSTM(rand.New(rand.NewPCG(1, 1)), 3, 4)
	s := l.NewState()
	var tp Tape
	l.Forward(&tp, []int{2, 1}, make([]float32, 9), nil, nil)
	l.PackBackward(w, true)
	grad := l.NewGradient()
	l.Backward(&tp, grad, nil, make([]float32, 12), nil, nil)
	for name, f := range map[string]func(){
		"short frame":       func() { l.Step(s, make([]float32, 2)) },
		"odd sequence":      func() { l.Sequence(s, nil, make([]float32, 4)) },
		"short outputs":     func() { l.Sequence(s, make([]float32, 4), make([]float32, 6)) },
		"rising batch":      func() { l.Forward(&tp, []int{1, 2}, make([]float32, 9), nil, nil) },
		"short batch":       func() { l.Forward(&tp, []int{2, 1}, make([]float32, 8), nil, nil) },
		"short state":       func() { l.Forward(&tp, []int{2}, make([]float32, 6), make([]float32, 4), nil) },
		"second Backward":   func() { l.Backward(&tp, grad, nil, make([]float32, 12), nil, nil) },
		"short gradient":    func() { l.Backward(&tp, grad, nil, make([]float32, 8), nil, nil) },
		"weights of others": func() { l.Pack(NewWeights(3, 5)) },
		"sum of others":     func() { grad.AddTo(NewWeights(3, 5)) },
		"no units":          func() { NewWeights(3, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			f()
		})
	}
}

func TestInitIsOrthogonalAndGlorotUniform(t *testing.T) {
	w := NewWeights(4, 30)
	w.Init(rand.New(rand.NewPCG(7, 7)))
	h := w.Hidden
	for g := range 4 {
		q := wide(w.HH[g*h*h : (g+1)*h*h])
		for i := range h {
			for j := range h {
				want := 0.0
				if i == j {
					want = 1
				}
				if e := math.Abs(dot(q[i*h:(i+1)*h], q[j*h:(j+1)*h]) - want); e > 1e-6 {
					t.Fatalf("gate %d: rows %d and %d are off orthonormal by %g", g, i, j, e)
				}
			}
		}
	}
	limit := float32(math.Sqrt(6.0 / 34))
	if m := slices.Max(w.IH); m > limit || m < 0.9*limit || -slices.Min(w.IH) > limit {
		t.Errorf("input weights reach %v, the limit is %v", m, limit)
	}
	for i := range w.BiasIH {
		want := float32(0)
		if i/h == 1 {
			want = 1
		}
		if w.BiasIH[i] != want || w.BiasHH[i] != 0 {
			t.Fatalf("biases of row %d are %v and %v", i, w.BiasIH[i], w.BiasHH[i])
		}
	}
}

// Concurrent streams and tapes may share one LSTM.
func TestSharedByConcurrentStreams(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(8, 8))
		_, l := randomLSTM(rng, 3, 21)
		x := randomSlice(rng, 3*200)
		want := stepAll(l, x)
		active := make([]int, 200)
		for i := range active {
			active[i] = 1
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 5 {
					if !slices.Equal(stepAll(l, x), want) || !slices.Equal(l.Forward(new(Tape), active, x, nil, nil), want) {
						t.Error("a stream's numbers depend on the others")
					}
				}
			})
		}
		wg.Wait()
	})
}
