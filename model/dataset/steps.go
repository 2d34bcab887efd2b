package dataset

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Stepwise reports whether some examples have a label for every sample.
func (s *Set) Stepwise() bool {
	return slices.ContainsFunc(s.Examples, func(e Example) bool { return e.Steps != nil })
}

// labelsOf returns the labels that occur in e, sorted.
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

// SampleCounts returns the number of samples per channel of each label. Unlabelled samples
// do not count.
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

// Runs cuts every example whose samples have labels into runs of one label. Each run is
// an example, named FILE@START, in the same group. Unlabelled samples are left out. Other
// examples stay as they are.
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

// Windows cuts every example into pieces of equal length, at most this number of seconds,
// or of samples per channel if the rate is unknown. Pieces are named FILE@START and stay
// in the group of their example.
func (s *Set) Windows(seconds float64) (*Set, error) {
	most := math.Round(seconds * cmp.Or(s.Rate, 1))
	if !(most >= 1 && most <= 1<<40) {
		return nil, fmt.Errorf("windows of %v s: give at least the length of a sample", seconds)
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

// cutting cuts each example at the samples that where returns, in ascending order, and
// leaves out pieces without a label.
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

// pieceOf returns e with the samples [from, to) of each channel. If all of them have one
// label, the piece has it and no Steps. If none has a label, Label is −1.
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
