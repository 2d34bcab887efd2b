package dataset

// Folds divides s into n parts of about equal size for cross-validation. Fold k holds
// out held[k] and trains on train[k], the rest. Groups are never divided and no example
// is held out twice. A hash of seed and content deals out the groups of each label, so
// folds do not depend on the order of the examples. A fold whose training part would
// lack one of the labels used is left out.
func (s *Set) Folds(n int, seed string) (train, held []*Set) {
	fold := make([]int, len(s.Examples))
	next := map[string]int{} // the next fold of each stratum
	for _, p := range s.parts(seed) {
		k, seen := next[p.stratum]
		if !seen {
			k = len(next) // strata begin in different folds
		}
		for _, i := range p.examples {
			fold[i] = k % n
		}
		next[p.stratum] = k + 1
	}
	labels := s.LabelsUsed()
	for k := range n {
		t := s.subset(func(i int) bool { return fold[i] != k })
		h := s.subset(func(i int) bool { return fold[i] == k })
		if len(h.Examples) > 0 && t.LabelsUsed() == labels {
			train, held = append(train, t), append(held, h)
		}
	}
	return train, held
}

// LabelsUsed returns the number of labels that have an example.
func (s *Set) LabelsUsed() (n int) {
	for _, c := range s.Counts() {
		if c > 0 {
			n++
		}
	}
	return n
}
