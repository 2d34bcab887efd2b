package evaluate

import (
	"context"
	"fmt"
	"math/rand/v2"

	"inkling/internal/f32"
	"inkling/model"
	"inkling/model/decide"
)

// checkCarry returns an error if the state cannot be carried over examples.
func (j *job) checkCarry() error {
	if j.o.Carry && j.m.Config.Running != model.RunningSoftmax {
		return fmt.Errorf("the running head is %q: only one of kind %s can carry its state from one example to the next: train with train.Options.Running %s, and preferably with train.Options.Carry",
			j.m.Config.Running, model.RunningSoftmax, model.RunningSoftmax)
	}
	return nil
}

// carries reports whether the running head is also evaluated with its state carried on.
func (j *job) carries() bool {
	return j.m.HasRunning() && (j.o.Carry || j.m.Config.Decision.State == decide.Carry)
}

// carried returns the running label's accuracy with examples in a random order (that of
// seed 1) and the forward state carried from each to the next, as in an endless stream of
// them. The front end starts afresh with each example, as it does with each segment.
func (j *job) carried(ctx context.Context) (map[string]Share, error) {
	var x front
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
		if err := x.extract(j.m, j.set.Channels, samples, &frames); err != nil {
			return nil, err
		}
		s.ResetElapsed()
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
