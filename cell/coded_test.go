package cell

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/testkit"
)

// oneHot returns the one-hot vectors of codes, k features each.
func oneHot(codes []float32, k int) []float32 {
	x := make([]float32, len(codes)*k)
	for i, c := range codes {
		x[i*k+int(c)] = 1
	}
	return x
}

func randomCodes(rng *rand.Rand, n, k int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.IntN(k))
	}
	return x
}

// A code gives what its one-hot vector gives, on every path and in the gradient.
func TestCodesAreOneHotRows(t *testing.T) {
	eachKernel(t, func(t *testing.T) { rapid.Check(t, codesAgree) })
}

func codesAgree(t *rapid.T) {
	k, h := rapid.OneOf(rapid.IntRange(1, 20), rapid.Just(270)).Draw(t, "K"), rapid.IntRange(1, 40).Draw(t, "H")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 9))
	w, dense := randomLSTM(rng, k, h)
	coded := NewCoded(w)
	if coded.In() != 1 {
		t.Fatalf("%d values a timestep", coded.In())
	}
	steps := rapid.IntRange(1, 20).Draw(t, "T")
	codes := randomCodes(rng, steps, k)
	want := stepAll(dense, oneHot(codes, k))
	testkit.SameBits(t, "Step", stepAll(coded, codes), want)
	got := make([]float32, steps*h)
	coded.Sequence(coded.NewState(), got, codes)
	testkit.SameBits(t, "Sequence", got, want)
	coded.Reverse(coded.NewState(), got, codes)
	testkit.SameBits(t, "Reverse", got, reversed(stepAll(dense, reversed(oneHot(codes, k), k)), h))
	codedStreams(t, rng, coded, dense, k)
	codedGradient(t, rng, w, coded, dense)
}

// codedStreams steps many streams at once.
func codedStreams(t *rapid.T, rng *rand.Rand, coded, dense *LSTM, k int) {
	few := rapid.IntRange(1, 6)
	n := rapid.OneOf(few, few, few, rapid.IntRange(48, 52)).Draw(t, "streams")
	b, want := coded.NewBatch(n), dense.NewBatch(n)
	b.Share(rapid.IntRange(1, 3).Draw(t, "workers"))
	for range 3 {
		x := randomCodes(rng, n, k)
		coded.StepBatch(b, x)
		dense.StepBatch(want, oneHot(x, k))
		testkit.SameBits(t, "StepBatch h", b.h, want.h)
		testkit.SameBits(t, "StepBatch c", b.c, want.c)
	}
	xs, hot, steps := make([][]float32, n), make([][]float32, n), 9
	for i := range xs {
		steps = rapid.IntRange(max(0, steps-1), steps).Draw(t, "steps")
		xs[i] = randomCodes(rng, steps, k)
		hot[i] = oneHot(xs[i], k)
	}
	for _, reverse := range []bool{false, true} {
		coded.Sequences(b, xs, reverse, nil)
		dense.Sequences(want, hot, reverse, nil)
		testkit.SameBits(t, "Sequences", b.h, want.h)
	}
}

func codedGradient(t *rapid.T, rng *rand.Rand, w *Weights, coded, dense *LSTM) {
	k, h := w.In, w.Hidden
	active := descending(t, 25, 9)
	rows := total(active)
	codes, dh := randomCodes(rng, rows, k), randomSlice(rng, rows*h)
	var a, b Tape
	testkit.SameBits(t, "Forward", coded.Forward(&a, active, codes, nil, nil), dense.Forward(&b, active, oneHot(codes, k), nil, nil))
	coded.PackBackward(w, false)
	dense.PackBackward(w, false)
	ga, gb := coded.NewGradient(), dense.NewGradient()
	coded.Backward(&a, ga, nil, dh, nil, nil)
	dense.Backward(&b, gb, nil, dh, nil, nil)
	got, want := NewWeights(k, h), NewWeights(k, h)
	ga.AddTo(got)
	gb.AddTo(want)
	testkit.SameBits(t, "gradient on ih", got.IH, want.IH)
	testkit.SameBits(t, "gradient on hh", got.HH, want.HH)
	testkit.SameBits(t, "gradient on bias_ih", got.BiasIH, want.BiasIH)
	testkit.SameBits(t, "gradient on bias_hh", got.BiasHH, want.BiasHH)
}

// A value that is not a code counts as code 0, so a frame of another front end
// cannot cause a panic.
func TestInvalidCodeCountsAsZero(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 9))
	w, _ := randomLSTM(rng, 4, 5)
	l := NewCoded(w)
	want := stepAll(l, []float32{0})
	for _, v := range []float32{-1, 4, 1e30, float32(math.NaN()), float32(math.Inf(-1))} {
		testkit.SameBits(t, "no code", stepAll(l, []float32{v}), want)
	}
}

func TestCodesAllocateNothing(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 9))
		w, _ := randomLSTM(rng, 80, 50)
		l := NewCoded(w)
		s, b, x := l.NewState(), l.NewBatch(70), randomCodes(rng, 70, 80)
		if n := testing.AllocsPerRun(20, func() {
			l.Step(s, x[:1])
			l.StepBatch(b, x)
		}); n != 0 {
			t.Errorf("a step of codes allocates %v times", n)
		}
	})
}
