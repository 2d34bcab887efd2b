package train

import (
	"math"
	"slices"
)

// earlyTolerance is how much accuracy the early label may give up.
const earlyTolerance = 0.02

// blindP and blindSteps are the early rule of a model without validation.
const (
	blindP     = 0.95
	blindSteps = 5
)

// earlyRule returns the rule "the running label holds p ≥ θ for k steps after
// the first warm" that answers earliest, on average over the share of the
// sequence seen, among those whose accuracy on held-out sequences is at most
// earlyTolerance below confirm. A sequence on which the rule never fires counts
// as its confirmed label at the end. k is 0, never, when no rule is good enough.
func earlyRule(vs []verdict, classes, warm int, confirm float64) (theta float64, steps int) {
	best := 1.0
	for _, k := range []int{1, 2, 3, 5, 8, 12} {
		for _, p := range []float64{0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995} {
			right, seen := 0, 0.0
			for i := range vs {
				label, share := vs[i].early(classes, warm, p, k)
				if label == vs[i].label {
					right++
				}
				seen += share / float64(len(vs))
			}
			accuracy := float64(right) / float64(max(len(vs), 1))
			if accuracy >= confirm-earlyTolerance && seen < best {
				best, theta, steps = seen, p, k
			}
		}
	}
	return theta, steps
}

// early is the label under the rule and the share of the sequence it took.
func (v *verdict) early(classes, warm int, p float64, k int) (label int, share float64) {
	held, last := 0, -1
	for at := warm * classes; at < len(v.running); at += classes {
		row := v.running[at : at+classes]
		l := argmax(row)
		if l != last {
			held = 0
		}
		last = l
		if float64(row[l]) < p {
			held = 0
			continue
		}
		if held++; held == k {
			return l, float64(at+classes) / float64(len(v.running))
		}
	}
	return v.confirm, 1
}

// warmSteps is how many steps the running head needs before it knows more than
// which label is the commonest: the first step after which its accuracy on
// held-out sequences is a standard error above that of always naming it, at most
// a tenth of the median sequence.
func warmSteps(vs []verdict, classes int) int {
	count, lengths := make([]int, classes), make([]int, 0, len(vs))
	for i := range vs {
		count[vs[i].label]++
		lengths = append(lengths, len(vs[i].running)/classes)
	}
	limit := median(slices.Clone(lengths)) / 10
	var most int
	for _, n := range count {
		most = max(most, n)
	}
	share := float64(most) / float64(max(len(vs), 1))
	chance := share + math.Sqrt(share*(1-share)/float64(max(len(vs), 1)))
	for t := range limit {
		right, n := 0, 0
		for i := range vs {
			if t < lengths[i] {
				n++
				if argmax(vs[i].running[t*classes:][:classes]) == vs[i].label {
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
