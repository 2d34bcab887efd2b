package model

import (
	"math/rand/v2"
	"testing"

	"inkling/internal/testkit"
	"pgregory.net/rapid"
)

// What Watch returns is what the network does: the running head on its outputs gives the
// running probabilities of Predict, to the bit.
func TestWatchSeesWhatPredictDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawModel(t)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "frames"), 2))
		frames := make([]float32, m.Dim()*rapid.IntRange(1, 60).Draw(t, "T"))
		for i := range frames {
			frames[i] = float32(rng.NormFloat64())
		}
		g, want := m.Watch(frames), m.Predict(frames)
		n := want.Steps * m.Config.Hidden
		for _, x := range [][]float32{g.Input, g.Forget, g.Output, g.Cell, g.Hidden} {
			if len(x) != n {
				t.Fatalf("%d values, want %d", len(x), n)
			}
		}
		if !m.HasRunning() {
			return
		}
		s, got := m.NewState(), make([]float32, len(want.Running))
		for i := range want.Steps {
			m.running(got[i*3:][:3], s, g.Hidden[i*m.Config.Hidden:][:m.Config.Hidden])
		}
		testkit.SameBits(t, "running", got, want.Running)
	})
}
