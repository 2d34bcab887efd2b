package dataset

import "slices"

// Union returns the examples of s followed by those of t, with the labels of both. All
// other fields are those of s. Samples are shared.
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
