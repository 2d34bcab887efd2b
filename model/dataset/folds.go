package dataset

// Folds divides s into n parts of about equal size, groups whole, and returns what
// each leaves for training beside what it holds out; no example is held out twice.
// The groups of each label are dealt out in the order of a hash of seed and their
// content, so the folds do not depend on the order of the examples. A fold whose
// training part would lack a label that s has is left out, its examples with it.
func (s *Set) Folds(n int, seed string) (train, held []*Set) {
	fold := make([]int, len(s.Examples))
	next := map[string]int{} // of each stratum
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

// LabelsUsed is the number of labels with an example.
func (s *Set) LabelsUsed() (n int) {
	for _, c := range s.Counts() {
		if c > 0 {
			n++
		}
	}
	return n
}
