package train

import (
	"math"

	"inkling/internal/f32"
)

// window returns the number of timesteps whose activations each direction keeps at once. It
// is all of the longest sequence if they fit into o.ActivationBudget, otherwise as many as
// fit, but at least the square root of that number: with fewer, the states kept between
// windows would take more memory than the windows (Chen et al. 2016).
func (t *trainer) window(workers int) int {
	longest, _ := t.train.steps()
	if t.o.Carry > 0 {
		longest *= pieces
	}
	if t.valid != nil {
		n, _ := t.valid.steps()
		longest = max(longest, n)
	}
	if t.ls.stem != nil {
		longest = t.ls.stem.Frames(longest)
	}
	longest = min(longest, t.o.BPTTSteps)
	steps := int(t.o.ActivationBudget / max(1, int64(workers)*t.bytesPerStep()))
	if steps >= longest {
		return longest
	}
	return max(steps, int(math.Ceil(math.Sqrt(float64(longest)))), 1)
}

// bytesPerStep returns the memory that all directions need for one timestep of a shard:
// gates, c, h and the inputs of the sums.
func (t *trainer) bytesPerStep() (sum int64) {
	for _, d := range directions(t.params) {
		sum += 4 * int64(f32.GateStride(d.Hidden)+2*d.Hidden+1+d.In+d.Hidden) * shard
	}
	return sum
}
