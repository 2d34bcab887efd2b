package model

import (
	"iter"
	"math/rand/v2"
)

// Generate writes n characters that follow what s has seen, each drawn as Draw does, and
// moves s over them. It is for models of the next character of text.
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
