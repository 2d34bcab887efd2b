package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Stepwise tells whether there are examples with a label for every sample.
func (s *Set) Stepwise() bool {
	return slices.ContainsFunc(s.Examples, func(e Example) bool { return e.Steps != nil })
}

// labelsOf lists the labels that occur in e, sorted.
func labelsOf(e *Example) []int {
	if e.Steps == nil {
		return []int{e.Label}
	}
	var labels []int
	for i, l := range e.Steps {
		if l >= 0 && (i == 0 || l != e.Steps[i-1]) && !slices.Contains(labels, int(l)) {
			labels = append(labels, int(l))
		}
	}
	slices.Sort(labels)
	return labels
}

// SampleCounts is the number of samples, of a channel, of each label; those without a
// label are in none.
func (s *Set) SampleCounts() []int {
	n := make([]int, len(s.Labels))
	for i := range s.Examples {
		e := &s.Examples[i]
		if e.Steps == nil {
			n[e.Label] += s.Frames(i)
		}
		for _, l := range e.Steps {
			if l >= 0 {
				n[l]++
			}
		}
	}
	return n
}

// Runs cuts every example with labels of its own for its samples where the label
// changes: a run of one label is an example, named FILE@START and of the same group.
// Samples without a label are left out. Other examples stay as they are.
func (s *Set) Runs() *Set {
	return s.cutting(func(e *Example) (cuts []int) {
		for i := range e.Steps {
			if i > 0 && e.Steps[i] != e.Steps[i-1] {
				cuts = append(cuts, i)
			}
		}
		return cuts
	})
}

// Windows cuts every example into pieces of equal length that are no longer than so
// many seconds (samples a channel where the rate is unknown), named FILE@START and
// of the same group.
func (s *Set) Windows(seconds float64) (*Set, error) {
	most := math.Round(seconds * cmp.Or(s.Rate, 1))
	if !(most >= 1 && most <= 1<<40) {
		return nil, fmt.Errorf("windows of %v s: give at least one sample", seconds)
	}
	return s.cutting(func(e *Example) (cuts []int) {
		total := len(e.Samples) / s.Channels
		n := (total + int(most) - 1) / int(most)
		for k := 1; k < n; k++ {
			cuts = append(cuts, k*total/n)
		}
		return cuts
	}), nil
}

// cutting cuts each example at the samples that where lists, ascending, and leaves out
// pieces without a label.
func (s *Set) cutting(where func(e *Example) []int) *Set {
	t := *s
	t.Examples = nil
	for i := range s.Examples {
		e := &s.Examples[i]
		cuts := append(where(e), s.Frames(i))
		if len(cuts) == 1 && e.Steps == nil {
			t.Examples = append(t.Examples, *e)
			continue
		}
		from := 0
		for _, to := range cuts {
			if p := s.pieceOf(e, from, to); p.Label >= 0 {
				t.Examples = append(t.Examples, p)
			}
			from = to
		}
	}
	t.rehash()
	return &t
}

// pieceOf is the samples of a channel of e from one to another. One whose samples all
// have one label is an example of that; its Label is −1 where none has one.
func (s *Set) pieceOf(e *Example, from, to int) Example {
	p := *e
	p.Name = fmt.Sprintf("%s@%.6g", e.Name, float64(from)/cmp.Or(s.Rate, 1))
	p.Group = cmp.Or(e.Group, e.Name)
	p.Samples = e.Samples[from*s.Channels : to*s.Channels : to*s.Channels]
	label := "steps"
	if e.Steps != nil {
		p.setSteps(e.Steps[from:to:to])
	}
	if p.Steps == nil && p.Label >= 0 {
		label = s.Labels[p.Label]
	}
	p.Hash = hashExample(label, cmp.Or(s.Rate, 1), s.Channels, p.Samples)
	return p
}
