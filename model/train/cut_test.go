package train

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"inkling/model/segment"
)

// Segments of a label need a detector to cut them: without one the model would take a whole
// stream for a segment.
func TestLabelSegmentsNeedADetector(t *testing.T) {
	o := toyOptions()
	o.Segment.Kind, o.Detector = segment.Label, 0
	_, fit := Fit(t.Context(), words(20), nil, o, Hooks{}, nil)
	_, _, search := Search(t.Context(), words(20), o, 1, Hooks{}, nil)
	_, outline := NewOutline(words(20), o)
	for name, err := range map[string]error{"Fit": fit, "Search": search, "NewOutline": outline} {
		if err == nil || !strings.Contains(err.Error(), "train.Options.Segment is label, which a detector cuts, and train.Options.Detector is 0: give it units, such as 32, or choose another segmenter") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Examples that a muted microphone recorded are told.
func TestMuteExamplesAreTold(t *testing.T) {
	for n := range 3 {
		set := words(24)
		for i := range n {
			clear(set.Examples[3+i].Samples)
		}
		var told []string
		if _, err := Fit(t.Context(), set, nil, toyOptions(), Hooks{Warn: func(s string) { told = append(told, s) }}, nil); err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf("examples that are silence, all of one value: %d, the first is 3.wav: record them again, or remove them", n)
		silent := slices.IndexFunc(told, func(s string) bool { return strings.Contains(s, "are silence") })
		if n == 0 && silent >= 0 || n > 0 && !slices.Contains(told, want) {
			t.Errorf("%d: %q", n, told)
		}
	}
}
