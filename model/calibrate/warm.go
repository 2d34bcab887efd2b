package calibrate

import (
	"inkling/internal/f32"
	"math"
	"slices"
)

// warmSteps returns the number of steps that the running head needs before its accuracy on
// held-out sequences is a standard error above that of always choosing the commonest label,
// at most a tenth of the median sequence.
func warmSteps(vs []HeldOut, classes int) int {
	count, lengths := make([]int, classes), make([]int, 0, len(vs))
	for i := range vs {
		count[vs[i].Label]++
		lengths = append(lengths, len(vs[i].Running)/classes)
	}
	if len(vs) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(lengths))
	limit := sorted[len(sorted)/2] / 10
	share := float64(slices.Max(count)) / float64(len(vs))
	chance := share + math.Sqrt(share*(1-share)/float64(len(vs)))
	for t := range limit {
		right, n := 0, 0
		for i := range vs {
			if t < lengths[i] {
				n++
				if f32.Argmax(vs[i].Running[t*classes:][:classes]) == vs[i].Label {
					right++
				}
			}
		}
		if float64(right) > chance*float64(n) {
			return t
		}
	}
	return limit
}
