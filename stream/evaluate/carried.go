package evaluate

import (
	"context"
	"fmt"
	"math/rand/v2"

	"inkling/internal/f32"
	"inkling/model"
)

// checkCarry tells why the state cannot be carried over examples.
func (j *job) checkCarry() error {
	if j.o.Carry && j.m.Config.Running != model.RunningSoftmax {
		return fmt.Errorf("the running head is %q: only that of kind %s can carry its state from one example to the next; train with --running %s, better with --stream",
			j.m.Config.Running, model.RunningSoftmax, model.RunningSoftmax)
	}
	return nil
}

// carries tells whether examples are heard one after another too.
func (j *job) carries() bool {
	return j.m.HasRunning() && (j.o.Carry || j.m.Config.Decision.State == "carry")
}

// carried is the running label's accuracy where examples follow each other in a random
// order, that of seed 1, and the forward state is carried over from each to the next,
// as in an endless stream of them; the front end begins anew with each, as it does with
// a segment. The first one follows nothing.
func (j *job) carried(ctx context.Context) (map[string]Share, error) {
	var w worker
	var frames []float32
	s, probs := j.m.NewState(), make([]float32, j.m.Classes())
	var right [Tenths]int
	for _, i := range rand.New(rand.NewPCG(1, 0)).Perm(len(j.pieces)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		samples, err := j.samples(i)
		if err != nil {
			return nil, err
		}
		if len(samples) == 0 {
			continue
		}
		if err := w.extract(j, samples, &frames); err != nil {
			return nil, err
		}
		s.Begin()
		d := j.m.Dim()
		steps, k := len(frames)/d, 0
		for t := range steps {
			j.m.Step(probs, s, frames[t*d:(t+1)*d])
			for ; k < Tenths && stepAt(k+1, steps) == t+1; k++ {
				right[k] += one(f32.Argmax(probs) == j.outcomes[i].Truth)
			}
		}
	}
	at := map[string]Share{}
	for k, n := range right {
		at[Fraction(k+1)] = ShareOf(n, len(j.pieces))
	}
	return at, nil
}
