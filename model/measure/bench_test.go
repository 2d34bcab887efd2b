package measure

import (
	"testing"

	"inkling/model"
)

// BenchmarkModel times a step with its head and the confirmation of a segment of 100 steps.
func BenchmarkModel(b *testing.B) {
	m, err := Network(100, 40, model.RunningSoftmax, true)
	if err != nil {
		b.Fatal(err)
	}
	for _, w := range []Work{Step(m), Confirm(m, 100)} {
		b.Run(w.Name, func(b *testing.B) {
			if _, err := w.Run(b.N); err != nil {
				b.Fatal(err)
			}
		})
	}
}
