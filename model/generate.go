package model

import (
	"iter"
	"math/rand/v2"
)

// Generate returns n characters that continue the text that s has read. Each is drawn
// as by Draw, and s advances over it. The model must predict text.
func (m *Model) Generate(s *State, n int, temperature float64, rng *rand.Rand) iter.Seq[rune] {
	return func(yield func(rune) bool) {
		alphabet := []rune(m.Config.Front.Alphabet)
		probs, code := make([]float32, m.Outputs()), make([]float32, 1)
		for range n {
			m.Next(probs, s)
			k := Draw(probs, temperature, rng)
			if !yield(alphabet[k-1]) {
				return
			}
			code[0] = float32(k)
			m.Step(nil, s, code)
		}
	}
}
