package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Only is the set of the examples with one of labels. Of those with a label a sample
// it keeps what has some of them; the other samples have none.
func (s *Set) Only(labels []string) (*Set, error) {
	for _, l := range labels {
		if !slices.Contains(s.Labels, l) {
			return nil, fmt.Errorf("there is no label %q: the data have %s", l, strings.Join(s.Labels, ", "))
		}
	}
	t := *s
	t.Labels, t.Examples = sorted(labels), nil
	to := make([]int32, len(s.Labels))
	for i, l := range s.Labels {
		to[i] = int32(slices.Index(t.Labels, l))
	}
	for _, e := range s.Examples {
		if e.Steps == nil {
			e.Label = int(to[e.Label])
		} else {
			steps := slices.Clone(e.Steps)
			for k, l := range steps {
				if l >= 0 {
					steps[k] = to[l]
				}
			}
			e.setSteps(steps)
		}
		if e.Label >= 0 {
			t.Examples = append(t.Examples, e)
		}
	}
	t.rehash()
	return &t, nil
}

// setSteps gives e these labels, a sample each; its own becomes the most frequent one.
func (e *Example) setSteps(steps []int32) {
	var label int32
	label, e.Steps = common(steps)
	e.Label = int(label)
}

func sorted(labels []string) []string {
	out := slices.Clone(labels)
	slices.Sort(out)
	return slices.Compact(out)
}

// Crops cuts every example into consecutive pieces of so many seconds (samples a
// channel where the rate is unknown), named FILE@START, which stay in their
// example's group. What is left at an end is dropped, and a piece in which no sample
// has a label; an example shorter than that is kept whole.
func (s *Set) Crops(seconds float64) (*Set, error) {
	rate := s.Rate
	if rate == 0 {
		rate = 1
	}
	n := int(math.Round(seconds * rate))
	if n < 1 || math.IsNaN(seconds) {
		return nil, fmt.Errorf("crops of %v s: give at least one sample", seconds)
	}
	t := *s
	t.Examples = nil
	for i, e := range s.Examples {
		if e.Group == "" {
			e.Group = e.Name
		}
		total := s.Frames(i)
		if total < n {
			t.Examples = append(t.Examples, e)
			continue
		}
		for at := 0; at+n <= total; at += n {
			c := e
			c.Name = fmt.Sprintf("%s@%.6g", e.Name, float64(at)/rate)
			if e.Steps != nil {
				if c.setSteps(e.Steps[at : at+n : at+n]); c.Label < 0 {
					continue
				}
			}
			c.Samples = e.Samples[at*s.Channels : (at+n)*s.Channels : (at+n)*s.Channels]
			c.Hash = hashExample(s.Labels[c.Label], rate, s.Channels, c.Samples)
			t.Examples = append(t.Examples, c)
		}
	}
	t.rehash()
	return &t, nil
}

// Keep returns the examples that keep says, under all of s's labels.
func (s *Set) Keep(keep func(e *Example) bool) *Set {
	return s.subset(func(i int) bool { return keep(&s.Examples[i]) })
}
