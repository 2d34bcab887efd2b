package segment

import (
	"errors"
	"slices"
	"testing"
)

// What was learned about a stream ends with it: the next one is cut as if it were the
// first.
func TestCollectorForgetsTheNoiseFloor(t *testing.T) {
	x := append(tones(400, Span{100, 300}), tones(600, Span{0, 600})...)
	c, err := NewCollector(Config{Kind: Activity, MaxDuration: 0.3}, 1000, 1)
	if err != nil {
		t.Fatal(err)
	}
	var passes [2][][]float32
	for i := range passes {
		found := func(p []float32) error { passes[i] = append(passes[i], p); return nil }
		if err := errors.Join(c.Feed(x, found), c.End(found)); err != nil {
			t.Fatal(err)
		}
	}
	if len(passes[0]) == 0 || !slices.EqualFunc(passes[0], passes[1], slices.Equal) {
		t.Fatalf("%d pieces in the first stream, %d in the second, or other samples", len(passes[0]), len(passes[1]))
	}
}

func TestCollectorReturnsTheErrorOfItsCallback(t *testing.T) {
	c, err := NewCollector(Config{Kind: Fixed, Steps: 2, MaxDuration: 9}, 10, 1)
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	if err := c.Feed([]float32{1, 2, 3}, func([]float32) error { return full }); err != full {
		t.Errorf("Feed returned %v", err)
	}
}

func TestCollectorRefusesSegmentersThatCollectNothing(t *testing.T) {
	for _, kind := range []Kind{"no such", Beat} {
		if _, err := NewCollector(Config{Kind: kind}, 360, 1); err == nil {
			t.Errorf("the segmenter %q was accepted", kind)
		}
	}
}
