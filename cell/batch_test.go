package cell

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"inkling/internal/f32"
	"inkling/internal/testkit"
)

// StepBatch equals Step on each stream, and Sequences equals Sequence on each
// sequence, for any batch and any number of workers.
func TestBatchAgreesToTheBit(t *testing.T) {
	eachKernel(t, func(t *testing.T) { rapid.Check(t, batchAgrees) })
}

func batchAgrees(t *rapid.T) {
	d, h := rapid.IntRange(1, 20).Draw(t, "D"), units(t)
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 6))
	_, l := randomLSTM(rng, d, h)
	few := rapid.IntRange(1, 20)
	n := rapid.OneOf(few, few, few, rapid.IntRange(f32.RowsAtOnce+1, f32.RowsAtOnce+12)).Draw(t, "streams")
	b := l.NewBatch(rapid.IntRange(0, n).Draw(t, "room"))
	b.Share(rapid.IntRange(1, 3).Draw(t, "workers"))
	b.Resize(n)
	states := make([]*State, n)
	for i := range states {
		states[i] = l.NewState()
		copy(states[i].H, randomSlice(rng, h))
		copy(states[i].C, randomSlice(rng, h))
		b.Load(i, states[i])
	}
	for range 3 {
		x := randomSlice(rng, n*d)
		l.StepBatch(b, x)
		for i, s := range states {
			l.Step(s, x[i*d:(i+1)*d])
			testkit.SameBits(t, "h", b.H(i), s.H)
		}
	}
	out := l.NewState()
	for i, s := range states {
		b.Store(i, out)
		testkit.SameBits(t, "stored h", out.H, s.H)
		testkit.SameBits(t, "stored c", out.C, s.C)
	}
	xs, steps := make([][]float32, n), 6
	for i := range xs {
		steps = rapid.IntRange(max(0, steps-1), steps).Draw(t, "steps")
		xs[i] = randomSlice(rng, steps*d)
	}
	for _, reverse := range []bool{false, true} {
		hs := make([][]float32, n)
		l.Sequences(b, xs, reverse, func(_, n int) {
			for i := range n {
				hs[i] = append(hs[i], b.H(i)...)
			}
		})
		for i, x := range xs {
			if reverse {
				x = reversed(x, d)
			}
			want := make([]float32, len(x)/d*h)
			s := l.NewState()
			l.Sequence(s, want, x)
			testkit.SameBits(t, "sequence", hs[i], want)
			testkit.SameBits(t, "last h", b.H(i), s.H)
		}
	}
}

func TestStepBatchAllocatesNothing(t *testing.T) {
	eachKernel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 3))
		_, l := randomLSTM(rng, 13, 50)
		s := l.NewState()
		for _, workers := range []int{1, 2} {
			b := l.NewBatch(100)
			b.Share(workers)
			x := randomSlice(rng, 13*100)
			f := func() {
				b.Resize(100)
				b.Load(7, s)
				l.StepBatch(b, x)
				b.Store(7, s)
			}
			f()
			if n := testing.AllocsPerRun(20, f); n != 0 {
				t.Errorf("StepBatch of %d workers allocates %v times", workers, n)
			}
		}
	})
}
