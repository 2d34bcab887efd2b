package dataset

import "fmt"

// follows reports whether example i continues the example before it.
func (s *Set) follows(i int) bool {
	if i == 0 {
		return false
	}
	a, b := &s.Examples[i-1], &s.Examples[i]
	return a.Passage != "" && a.Passage == b.Passage && a.Split == b.Split && a.Label == b.Label
}

// Passages returns the runs of consecutive examples, each as [from, to).
func (s *Set) Passages() (runs [][2]int) {
	for i := range s.Examples {
		if s.follows(i) {
			runs[len(runs)-1][1] = i + 1
		} else {
			runs = append(runs, [2]int{i, i + 1})
		}
	}
	return runs
}

// Join makes one example of every n consecutive texts of a passage, separated by spaces.
// What remains at a passage's end is dropped. Example i of joined consists of the
// examples parts[i] of s, as [from, to).
func (s *Set) Join(n int) (joined *Set, parts [][2]int, err error) {
	switch {
	case s.Kind != Text:
		return nil, nil, fmt.Errorf("examples of %s cannot be joined: only text can", s.Kind)
	case n < 1:
		return nil, nil, fmt.Errorf("joining %d texts: give 1 or more", n)
	}
	t := *s
	t.Examples = nil
	for _, run := range s.Passages() {
		for at := run[0]; at+n <= run[1]; at += n {
			e := s.Examples[at]
			e.Samples = s.Joined(nil, at, at+n)
			e.Hash = hashExample(s.Labels[e.Label], 0, 1, e.Samples)
			t.Examples = append(t.Examples, e)
			parts = append(parts, [2]int{at, at + n})
		}
	}
	if len(parts) == 0 {
		return nil, nil, fmt.Errorf("no passage has %d consecutive texts: join fewer", n)
	}
	t.rehash()
	return &t, parts, nil
}

// Joined appends the samples of the texts [from, to), separated by spaces.
func (s *Set) Joined(dst []float32, from, to int) []float32 {
	for i := from; i < to; i++ {
		if i > from {
			dst = append(dst, ' ')
		}
		dst = append(dst, s.Examples[i].Samples...)
	}
	return dst
}
