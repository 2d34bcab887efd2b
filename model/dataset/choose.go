package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Only returns the examples that have one of labels. Samples with other labels become
// unlabelled, and examples without a labelled sample are left out.
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

// setSteps gives each sample of e a label, and e the most frequent one.
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

// Crops cuts every example into consecutive pieces of this length, in seconds, or in
// samples per channel if the rate is unknown. Pieces are named FILE@START and stay in
// the group of their example. What remains at an example's end and pieces without a
// labelled sample are dropped. A shorter example is kept whole.
func (s *Set) Crops(seconds float64) (*Set, error) {
	rate := s.Rate
	if rate == 0 {
		rate = 1
	}
	n := int(min(math.Round(seconds*rate), math.MaxInt32))
	if !(seconds*rate >= 0.5) {
		return nil, fmt.Errorf("crops of %v s: give at least the length of a sample", seconds)
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
			c.at += at
			c.Samples = e.Samples[at*s.Channels : (at+n)*s.Channels : (at+n)*s.Channels]
			c.Hash = hashExample(s.Labels[c.Label], rate, s.Channels, c.Samples)
			t.Examples = append(t.Examples, c)
		}
	}
	t.rehash()
	return &t, nil
}

// Keep returns the examples for which keep reports true, with all labels of s.
func (s *Set) Keep(keep func(e *Example) bool) *Set {
	return s.subset(func(i int) bool { return keep(&s.Examples[i]) })
}
