package dataset

import "slices"

// Union is a Set of the examples of s and then of t, under the labels of both. It has
// all else of s and shares the samples.
func (s *Set) Union(t *Set) *Set {
	u := *s
	u.Labels = slices.Concat(s.Labels, t.Labels)
	slices.Sort(u.Labels)
	u.Labels = slices.Compact(u.Labels)
	u.Examples = make([]Example, 0, len(s.Examples)+len(t.Examples))
	for _, from := range []*Set{s, t} {
		for _, e := range from.Examples {
			e.Label, _ = slices.BinarySearch(u.Labels, from.Labels[e.Label])
			u.Examples = append(u.Examples, e)
		}
	}
	u.rehash()
	return &u
}
