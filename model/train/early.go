package train

// earlyTolerance is how much accuracy the early label may give up.
const earlyTolerance = 0.02

// earlyRule returns the rule "the running label holds p ≥ θ for k steps" that
// answers earliest, on average over the share of the sequence seen, among those
// whose accuracy on held-out sequences is at most earlyTolerance below confirm.
// A sequence on which the rule never fires counts as its confirmed label at the
// end. k is 0, never, when no rule is good enough.
func earlyRule(vs []verdict, classes int, confirm float64) (theta float64, steps int) {
	best := 2.0
	for _, k := range []int{1, 2, 3, 5, 8, 12} {
		for _, p := range []float64{0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995} {
			right, seen := 0, 0.0
			for _, v := range vs {
				label, share := v.early(classes, p, k)
				if label == v.label {
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
	if best >= 1 {
		return 0, 0
	}
	return theta, steps
}

// early is the label under the rule and the share of the sequence it took.
func (v *verdict) early(classes int, p float64, k int) (label int, share float64) {
	held, last := 0, -1
	for at := 0; at < len(v.running); at += classes {
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
