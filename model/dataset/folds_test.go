package dataset

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Folds hold every example out once, groups whole, and miss no label in training;
// their sizes differ little, and the order of the examples does not matter.
func TestFolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, groups := rapid.IntRange(20, 80).Draw(t, "examples"), rapid.IntRange(12, 40).Draw(t, "groups")
		s := &Set{Labels: []string{"a", "b"}, Channels: 1}
		for i := range n {
			g := i % groups
			s.Examples = append(s.Examples, Example{Name: fmt.Sprint(i), Hash: fmt.Sprint("h", i), Group: fmt.Sprint("g", g), Label: g % 2})
		}
		k := rapid.IntRange(2, 5).Draw(t, "folds")
		train, held := s.Folds(k, "1")
		seen := map[string]int{}
		for i := range held {
			if len(train[i].Examples)+len(held[i].Examples) != n {
				t.Fatalf("fold %d: %d and %d of %d", i, len(train[i].Examples), len(held[i].Examples), n)
			}
			for _, e := range held[i].Examples {
				seen[e.Name]++
				if slices.ContainsFunc(train[i].Examples, func(o Example) bool { return o.Group == e.Group }) {
					t.Fatalf("group %s on both sides of fold %d", e.Group, i)
				}
			}
		}
		if len(held) != k || len(seen) != n {
			t.Fatalf("%d folds hold out %d of %d", len(held), len(seen), n)
		}
		turned := *s
		turned.Examples = slices.Clone(s.Examples)
		slices.Reverse(turned.Examples)
		_, again := turned.Folds(k, "1")
		for i := range held {
			if again[i].Hash != held[i].Hash {
				t.Fatalf("fold %d depends on the order", i)
			}
		}
	})
}
