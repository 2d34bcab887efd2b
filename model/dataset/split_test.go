package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// made is a set of n examples a label; with groups > 0, of that many groups.
func made(labels, n, groups int) *Set {
	s := &Set{Kind: Series, Channels: 1}
	var names []string
	for i := range labels * n {
		e := Example{Name: fmt.Sprintf("f:%d", i), Samples: []float32{float32(i)}}
		e.Group = e.Name
		if groups > 0 {
			e.Group = fmt.Sprintf("g%d", i/labels%groups)
		}
		label := fmt.Sprintf("l%d", i%labels)
		e.Hash = hashExample(label, 0, 1, e.Samples)
		s.Examples, names = append(s.Examples, e), append(names, label)
	}
	s.finish(names, nil)
	return s
}

func hashes(s *Set) []string {
	var h []string
	for _, e := range s.Examples {
		h = append(h, e.Hash)
	}
	slices.Sort(h)
	return h
}

func TestHoldOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels, n := rapid.IntRange(1, 5).Draw(t, "labels"), rapid.IntRange(1, 60).Draw(t, "n")
		groups := rapid.IntRange(0, 8).Draw(t, "groups")
		fraction := rapid.Float64Range(0.05, 0.5).Draw(t, "fraction")
		seed := rapid.String().Draw(t, "seed")
		s := made(labels, n, groups)
		train, held := s.HoldOut(fraction, seed)

		if all := append(hashes(train), hashes(held)...); !equalSorted(all, hashes(s)) {
			t.Fatal("the two sides are not the whole")
		}
		side := map[string]bool{}
		for _, e := range held.Examples {
			side[e.Group] = true
		}
		for _, e := range train.Examples {
			if side[e.Group] {
				t.Fatalf("group %s is parted", e.Group)
			}
		}
		perLabel := n
		if groups > 0 {
			perLabel = min(groups, n)
		}
		for label := range s.Labels {
			a, b := train.Counts()[label], held.Counts()[label]
			if perLabel == 1 && a == 0 {
				t.Fatalf("label %d is not trained", label)
			}
			if perLabel >= 2 && (a == 0 || b == 0) {
				t.Fatalf("label %d: %d and %d of %d groups", label, a, b, perLabel)
			}
			if groups == 0 && n >= 2 {
				expected := fraction * float64(n)
				if float64(b) < expected/2-1 || float64(b) > max(1, expected*1.5+1) {
					t.Fatalf("label %d: %d held, expected about %v", label, b, expected)
				}
			}
		}

		// Neither order nor names matter.
		shuffled := *s
		shuffled.Examples = slices.Clone(s.Examples)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(s.Examples), func(i, j int) {
			e := shuffled.Examples
			e[i], e[j] = e[j], e[i]
		})
		if groups == 0 {
			for i := range shuffled.Examples {
				e := &shuffled.Examples[i]
				e.Name = "elsewhere/" + e.Name
				e.Group = e.Name
			}
		}
		if _, again := shuffled.HoldOut(fraction, seed); !slices.Equal(hashes(again), hashes(held)) || again.Hash != held.Hash {
			t.Fatal("the order of examples decides")
		}
	})
}

func equalSorted(a, b []string) bool {
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// Adding examples moves none of the others from one side to the other.
func TestHoldOutIsStable(t *testing.T) {
	_, before := made(4, 100, 0).HoldOut(0.2, "test")
	_, after := made(4, 130, 0).HoldOut(0.2, "test")
	for _, h := range hashes(before) {
		if !slices.Contains(hashes(after), h) {
			t.Errorf("%s was held and is not any more", h)
		}
	}
	older := hashes(made(4, 100, 0))
	for _, h := range hashes(after) {
		if slices.Contains(older, h) && !slices.Contains(hashes(before), h) {
			t.Errorf("%s was trained on and is held now", h)
		}
	}
	if n := len(before.Examples); n < 60 || n > 100 {
		t.Errorf("%d of 400 held", n)
	}
}

// Labels that only share groups: each must still be on both sides.
func TestHoldOutOfTangledGroups(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &Set{Channels: 1}
		var names []string
		for i := range rapid.IntRange(4, 30).Draw(t, "n") {
			g, l := rapid.IntRange(0, 5).Draw(t, "group"), rapid.IntRange(0, 2).Draw(t, "label")
			label := fmt.Sprint(l)
			x := []float32{float32(i)}
			s.Examples = append(s.Examples, Example{Name: fmt.Sprint(i), Group: fmt.Sprint("g", g), Samples: x, Hash: hashExample(label, 0, 1, x)})
			names = append(names, label)
		}
		s.finish(names, nil)
		train, held := s.HoldOut(0.3, "x")
		side := map[string]bool{}
		for _, e := range held.Examples {
			side[e.Group] = true
		}
		for _, e := range train.Examples {
			if side[e.Group] {
				t.Fatalf("group %s is parted", e.Group)
			}
		}
		if len(train.Examples)+len(held.Examples) != len(s.Examples) {
			t.Fatal("examples are lost")
		}
	})
}

func TestSplits(t *testing.T) {
	s := made(2, 10, 0)
	train, err := s.Train()
	if err != nil {
		t.Fatal(err)
	}
	test, err := s.Test()
	if err != nil || len(train.Examples)+len(test.Examples) != 20 || len(test.Examples) < 2 {
		t.Fatalf("%d and %d, %v", len(train.Examples), len(test.Examples), err)
	}
	if _, err := s.Split("train"); err == nil || !strings.Contains(err.Error(), "name none") {
		t.Error(err)
	}
	for i := range s.Examples {
		s.Examples[i].Split = []string{"train", "validation"}[i%2]
	}
	if all, err := s.Split(All); err != nil || len(all.Examples) != 20 {
		t.Error(err)
	}
	if v, err := s.Split("validation"); err != nil || len(v.Examples) != 10 || v.Hash == s.Hash || len(v.Labels) != 2 {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := s.Split("tset"); err == nil || !strings.Contains(err.Error(), "train, validation, and all") {
		t.Error(err)
	}
	if _, err := s.Test(); err == nil || !strings.Contains(err.Error(), "train, validation") {
		t.Error(err)
	}
	if _, err := made(2, 1, 0).Test(); err == nil || !strings.Contains(err.Error(), "too few") {
		t.Error(err)
	}
}
