package keep

import (
	"slices"
	"strings"
)

// Worth returns clips in the order in which they are worth a look: in turn one of each kind,
// what the model was least sure of first. Clips of one kind have the same label, the same
// second label and the same reasons, so a hundred of the same do not hide one of another.
func Worth(clips []Clip) []Clip {
	kinds := map[string][]Clip{}
	for _, c := range clips {
		k := strings.Join([]string{c.Label, c.Other, strings.Join(names(c.Reason), " ")}, "\x00")
		kinds[k] = append(kinds[k], c)
	}
	var all [][]Clip
	for _, list := range kinds {
		slices.SortStableFunc(list, bySurprise)
		all = append(all, list)
	}
	slices.SortFunc(all, func(a, b []Clip) int { return bySurprise(a[0], b[0]) })
	out := make([]Clip, 0, len(clips))
	for turn := 0; len(out) < len(clips); turn++ {
		for _, list := range all {
			if turn < len(list) {
				out = append(out, list[turn])
			}
		}
	}
	return out
}

// bySurprise puts first what the model was surer of early on than in the end, then what is
// nearest to another label, then the latest.
func bySurprise(a, b Clip) int {
	margin := func(c *Clip) float64 {
		m := c.P - c.OtherP
		if slices.Contains(c.Reason, Overturned) || c.Running != "" && c.Running != c.Label {
			m /= 2
		}
		return m
	}
	switch x, y := margin(&a), margin(&b); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	if n := b.Time.Compare(a.Time); n != 0 {
		return n
	}
	return strings.Compare(a.File, b.File)
}

// Unseen returns the clips of which nobody has said anything yet.
func Unseen(clips []Clip, said []Example) (out []Clip) {
	type id struct {
		session, stream string
		segment         uint64
	}
	seen := map[id]bool{}
	for i := range said {
		seen[id{said[i].Session, said[i].Stream, said[i].Segment}] = true
	}
	for _, c := range clips {
		if !seen[id{c.Session, c.Stream, c.Segment}] {
			out = append(out, c)
		}
	}
	return out
}
