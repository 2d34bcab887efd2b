package cell

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/i8"
	"inkling/internal/testkit"
)

// randomFixed returns weights of integers, and the same weights as float32.
func randomFixed(rng *rand.Rand, in, hidden int) (ints, floats *Weights) {
	w := NewWeights(in, hidden)
	w.Init(rng)
	for r := range 4 * hidden {
		w.Rows = append(w.Rows, float32(0.002+0.006*rng.Float64()))
		w.BiasIH[r] += float32(0.3 * rng.NormFloat64())
	}
	for range in {
		w.Inputs = append(w.Inputs, float32(0.3+rng.Float64()))
	}
	for r, row := range w.Rows {
		for d := range in {
			n := math.Max(-127, math.Min(127, math.Round(float64(w.IH[r*in+d]/(row*w.Inputs[d])))))
			w.IH[r*in+d] = float32(n * float64(row) * float64(w.Inputs[d]))
		}
		for k := range hidden {
			n := math.Max(-127, math.Min(127, math.Round(float64(w.HH[r*hidden+k]/row))))
			w.HH[r*hidden+k] = float32(n * float64(row))
		}
	}
	plain := *w
	plain.Rows, plain.Inputs = nil, nil
	return w, &plain
}

// eachInteger runs f with every integer kernel of this machine.
func eachInteger(t *testing.T, f func(t *testing.T)) {
	defer i8.Use(i8.Kernel())
	for _, name := range i8.Kernels() {
		t.Run(name, func(t *testing.T) {
			if err := i8.Use(name); err != nil {
				t.Fatal(err)
			}
			f(t)
		})
	}
}

// An LSTM of integers follows the float LSTM of the same weights, within what the fixed
// point resolves.
func TestIntegersFollowFloats(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 7))
	for _, size := range [][2]int{{1, 10}, {13, 40}, {5, 100}} {
		ints, floats := randomFixed(rng, size[0], size[1])
		if err := ints.Check(); err != nil {
			t.Fatal(err)
		}
		a, b := New(ints), New(floats)
		sa, sb := a.NewState(), b.NewState()
		worst := 0.0
		for range 300 {
			x := randomSlice(rng, size[0])
			a.Step(sa, x)
			b.Step(sb, x)
			for i, v := range sa.H {
				worst = max(worst, math.Abs(float64(v-sb.H[i])))
			}
		}
		if worst > 5e-3 {
			t.Errorf("%v: h differs by %v", size, worst)
		}
	}
}

// Steps, sequences, batches and saved states of integers agree to the bit, for features and
// for codes, and whatever the kernel and the number of workers.
func TestIntegersAgreeToTheBit(t *testing.T) {
	eachInteger(t, func(t *testing.T) { rapid.Check(t, integersAgree) })
}

func integersAgree(t *rapid.T) {
	d, h := rapid.IntRange(1, 20).Draw(t, "D"), units(t)
	coded := rapid.Bool().Draw(t, "coded")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 6))
	w, _ := randomFixed(rng, d, h)
	l := New(w)
	if coded {
		l = NewCoded(w)
	}
	input := func(n int) []float32 {
		x := randomSlice(rng, n)
		for i := range x {
			if coded {
				x[i] = float32(rng.IntN(d))
			}
		}
		return x
	}
	n := rapid.IntRange(1, 40).Draw(t, "streams")
	b := l.NewBatch(rapid.IntRange(0, n).Draw(t, "room"))
	b.Share(rapid.IntRange(1, 3).Draw(t, "workers"))
	b.Resize(n)
	states := make([]*State, n)
	for i := range states {
		states[i] = l.NewState()
		l.Sequence(states[i], nil, input(l.In()*rapid.IntRange(0, 3).Draw(t, "before")))
		b.Load(i, states[i])
	}
	for range 3 {
		x := input(n * l.In())
		l.StepBatch(b, x)
		for i, s := range states {
			l.Step(s, x[i*l.In():(i+1)*l.In()])
			testkit.SameBits(t, "h", b.H(i), s.H)
		}
	}
	out, restored := l.NewState(), l.NewState()
	for i, s := range states {
		b.Store(i, out)
		saved := out.Append(nil)
		if !bytes.Equal(saved, s.Append(nil)) {
			t.Fatal("the stored state differs")
		}
		rest, err := restored.Restore(append(saved, 7))
		if err != nil || len(rest) != 1 || !bytes.Equal(restored.Append(nil), saved) {
			t.Fatalf("restored: %v, %d bytes left", err, len(rest))
		}
		x := input(l.In())
		l.Step(restored, x)
		l.Step(s, x)
		testkit.SameBits(t, "restored h", restored.H, s.H)
	}
	xs := input(5 * l.In())
	hs, s, ts := make([]float32, 5*h), l.NewState(), l.NewState()
	l.Reverse(s, hs, xs)
	for i := 4; i >= 0; i-- {
		l.Step(ts, xs[i*l.In():(i+1)*l.In()])
		testkit.SameBits(t, "reverse", hs[i*h:(i+1)*h], ts.H)
	}
}

// A state that no integer LSTM can have is refused.
func TestRestoreRefusesDamagedIntegers(t *testing.T) {
	w, _ := randomFixed(rand.New(rand.NewPCG(1, 8)), 2, 3)
	s := New(w).NewState()
	good := s.Append(nil)
	for _, bad := range [][]byte{good[:len(good)-1], append([]byte{1, 2, 3, 4}, good[4:]...), slices.Concat([]byte{0, 0, 0, 0x40}, good[4:]),
		slices.Concat(good[:12], []byte{0, 0, 0, 0x80}, good[16:])} {
		if _, err := s.Restore(bad); err == nil {
			t.Errorf("restored % x", bad)
		}
	}
}

// The cell state of integers does not drift: it is within one bound of the float state over
// a million steps, and ends where it began once the input ends.
func TestIntegersDoNotDrift(t *testing.T) {
	steps := 30000
	if testing.Short() {
		steps = 3000
	}
	if os.Getenv("INKLING_LONG") == "1" {
		steps = 1000000
	}
	rng := rand.New(rand.NewPCG(1, 9))
	ints, floats := randomFixed(rng, 1, 24)
	for r := range 24 { // slow forget gates, of time constants up to 500 steps
		for _, w := range []*Weights{ints, floats} {
			w.BiasIH[24+r] = 1 + float32(r)/4
		}
	}
	a, b := New(ints), New(floats)
	sa, sb := a.NewState(), b.NewState()
	x := make([]float32, 1)
	var parts [10]float64
	for i := range steps {
		x[0] = float32(math.Sin(float64(i)/17) + 0.3*rng.NormFloat64())
		a.Step(sa, x)
		b.Step(sb, x)
		for k, v := range sa.H {
			d := math.Abs(float64(v - sb.H[k]))
			parts[i*10/steps] = max(parts[i*10/steps], d)
		}
	}
	t.Logf("greatest difference of h in each tenth: %.4f", parts)
	if last := parts[9]; last > 0.05 || last > 3*parts[1]+0.01 {
		t.Errorf("h differs by %v at the end and by %v in the second tenth of %d steps", last, parts[1], steps)
	}
}
