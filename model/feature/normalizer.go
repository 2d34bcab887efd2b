package feature

import "math"

// A Normalizer computes the constants that give each feature zero mean and unit
// variance over a set of frames (Welford's algorithm, in float64).
type Normalizer struct {
	n        float64
	mean, m2 []float64
}

// Add adds frames of dim features to the set.
func (z *Normalizer) Add(frames []float32, dim int) {
	if z.mean == nil {
		z.mean, z.m2 = make([]float64, dim), make([]float64, dim)
	}
	for ; len(frames) >= dim; frames = frames[dim:] {
		z.n++
		for i, v := range frames[:dim] {
			d := float64(v) - z.mean[i]
			z.mean[i] += d / z.n
			z.m2[i] += d * (float64(v) - z.mean[i])
		}
	}
}

// Constants returns the mean and 1/σ of each feature. The scale of a constant feature
// is 1.
func (z *Normalizer) Constants() (mean, scale []float32) {
	mean, scale = make([]float32, len(z.mean)), make([]float32, len(z.mean))
	for i := range mean {
		mean[i] = float32(z.mean[i])
		scale[i] = 1
		if sd := math.Sqrt(z.m2[i] / max(z.n, 1)); sd > 1e-6*max(1, math.Abs(z.mean[i])) {
			scale[i] = float32(1 / sd)
		}
	}
	return mean, scale
}
