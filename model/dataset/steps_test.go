package dataset

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// stepwise is a set of one channel at 10 Hz in which every sample is its own number.
func stepwise(steps ...[]int32) *Set {
	s := &Set{Kind: Series, Labels: []string{"a", "b", "c"}, Channels: 1, Rate: 10}
	for i, labels := range steps {
		e := Example{Name: fmt.Sprint("file", i), Group: fmt.Sprint("g", i), Steps: labels, Rate: 10, Hash: fmt.Sprint(i)}
		label, _ := common(labels)
		e.Label = int(label)
		for t := range labels {
			e.Samples = append(e.Samples, float32(100*i+t))
		}
		s.Examples = append(s.Examples, e)
	}
	return s
}

func TestRuns(t *testing.T) {
	s := stepwise([]int32{-1, 0, 0, 2, 2, 2, -1, 2}, []int32{1, 1})
	r := s.Runs()
	var got []string
	for i, e := range r.Examples {
		got = append(got, fmt.Sprint(e.Name, " ", r.Labels[e.Label], " ", r.Frames(i), " ", e.Samples[0], " ", e.Steps == nil, " ", e.Group))
	}
	want := []string{"file0@0.1 a 2 1 true g0", "file0@0.3 c 3 3 true g0", "file0@0.7 c 1 7 true g0", "file1@0 b 2 100 true g1"}
	if !slices.Equal(got, want) || r.Stepwise() || !s.Stepwise() {
		t.Errorf("%q", got)
	}
	if n := s.SampleCounts(); !slices.Equal(n, []int{2, 2, 4}) {
		t.Errorf("samples: %v", n)
	}
	if n := s.Counts(); !slices.Equal(n, []int{1, 1, 1}) {
		t.Errorf("examples with each label: %v", n)
	}
	if l, p := s.Majority(); l != 2 || p != 0.5 {
		t.Errorf("majority %d, %v", l, p)
	}
}

// Whatever the labels: runs and windows hold every labelled sample once, in order and
// under its label, and no window is longer than was asked for.
func TestRunsAndWindowsKeepWhatIsLabelled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := rapid.SliceOfN(rapid.Int32Range(-1, 2), 1, 60).Draw(t, "steps")
		s, most := stepwise(steps), rapid.IntRange(1, 30).Draw(t, "most")
		w, err := s.Windows(float64(most) / 10)
		if err != nil {
			t.Fatal(err)
		}
		rw, _ := s.Runs().Windows(float64(most) / 10)
		for _, set := range []*Set{s.Runs(), w, rw} {
			next := 0
			for i, e := range set.Examples {
				if set != w && e.Steps != nil || set != rw && set == w && set.Frames(i) > most {
					t.Fatalf("%s has %d samples, steps %v", e.Name, set.Frames(i), e.Steps)
				}
				for k, v := range e.Samples {
					l := int32(e.Label)
					if e.Steps != nil {
						l = e.Steps[k]
					}
					for next < int(v) {
						if steps[next] >= 0 {
							t.Fatalf("sample %d is lost", next)
						}
						next++
					}
					if l != steps[int(v)] {
						t.Fatalf("sample %v has label %d, want %d", v, l, steps[int(v)])
					}
					next++
				}
			}
		}
	})
}
