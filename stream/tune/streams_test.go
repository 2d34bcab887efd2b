package tune

import (
	"strings"
	"testing"

	"inkling/internal/testkit/testset"
	"inkling/model/compose"
	"inkling/model/dataset"
	"inkling/stream/evaluate"
)

// ungrouped returns a set whose examples are each a group of their own.
func ungrouped(n int, labels ...string) *dataset.Set {
	set := testset.Random(1, n, 1, labels)
	for i := range set.Examples {
		set.Examples[i].Group = set.Examples[i].Name
	}
	return set
}

func composeOptions() compose.Options {
	return compose.Options{Duration: 10, Pause: [2]float64{0.1, 0.2}}
}

// used returns the names of the examples that recordings are composed of.
func used(recordings []evaluate.Recording) map[string]bool {
	names := map[string]bool{}
	for _, r := range recordings {
		for _, a := range r.Annotations {
			names[a.Where] = true
		}
	}
	return names
}

// No example is in both the streams to search on and those of the proof, and the proof has
// the length that was asked for.
func TestSearchAndProofShareNoExample(t *testing.T) {
	set := ungrouped(60, "a", "b")
	goal := Goal{FalseAlarms: 1, Confidence: 0.9}
	s, err := Compose("x", set, composeOptions(), &goal, 35)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Proof) != 4 || len(s.Search) != 2 || s.SearchExamples+s.ProofExamples != 60 || !(s.Distinct > 0) {
		t.Errorf("%d streams to search on, %d for the proof, of %d and %d examples, %v h distinct", len(s.Search), len(s.Proof), s.SearchExamples, s.ProofExamples, s.Distinct)
	}
	search, proof := used(s.Search), used(s.Proof)
	if len(search) == 0 || len(proof) == 0 {
		t.Fatalf("%d and %d examples", len(search), len(proof))
	}
	for name := range search {
		if proof[name] {
			t.Errorf("%s is in both", name)
		}
	}
}

// Without a confidence there is nothing to prove: one stream of all examples serves for both.
func TestWithoutConfidenceThereIsOneStream(t *testing.T) {
	set := ungrouped(20, "a", "b")
	s, err := Compose("x", set, composeOptions(), &Goal{FalseAlarms: 1}, 0)
	if err != nil || len(s.Search) != 1 || s.Proof != nil || s.SearchExamples != 20 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestComposeRefusesTooFewExamples(t *testing.T) {
	set := ungrouped(1, "a")
	_, err := Compose("x", set, composeOptions(), &Goal{FalseAlarms: 1, Confidence: 0.9}, 0)
	if err == nil || !strings.HasPrefix(err.Error(), "too few examples, of a label or of the background") {
		t.Error(err)
	}
}
