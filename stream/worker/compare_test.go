package worker

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
)

// Segments are paired by what they share, whatever comes first.
func TestComparerCounts(t *testing.T) {
	active := []Said{{1, 0, 100, "a", 0.9}, {2, 200, 300, "b", 0.6}, {3, 400, 500, "", 0.4}, {4, 600, 700, "a", 0.8}, {5, 900, 1000, "c", 0.7}, {6, 1100, 1200, "", 0.1}}
	shadow := []Said{{1, 10, 110, "a", 0.8}, {2, 190, 290, "c", 0.7}, {3, 400, 500, "", 0.3}, {4, 690, 800, "a", 0.8}, {5, 820, 850, "b", 0.9}, {6, 930, 990, "b", 0.6}}
	want := Comparison{Agree: 2, Disagree: 2, Surer: 1, Active: 1, Shadow: 2, Truths: 4, Fixed: 1, Broken: 1}
	truths := map[string]map[uint64]string{"s": {1: "a", 2: "c", 4: "a", 5: "d"}, "t": {1: "a"}}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		c := &Comparer{Truths: truths}
		for i, j := 0, 0; i < len(active) || j < len(shadow); {
			if j == len(shadow) || i < len(active) && rng.IntN(2) == 0 {
				c.Active("s", active[i])
				i++
			} else {
				c.Shadow("s", shadow[j])
				j++
			}
			c.Counts()            // changes nothing
			if rng.IntN(4) == 0 { // nor does keeping it
				data, err := json.Marshal(c)
				again := &Comparer{Truths: truths}
				if err == nil {
					err = json.Unmarshal(data, again)
				}
				if c = again; err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := c.Counts(); got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
		if len(c.streams) > 1 {
			t.Errorf("%d streams are kept", len(c.streams))
		}
		if n := want.Segments(); n != 7 {
			t.Fatal(n)
		}
	}
}

// All segments of one model may come before those of the other, however many there are.
func TestComparerOneAfterTheOther(t *testing.T) {
	const many = 10001
	c := &Comparer{Truths: map[string]map[uint64]string{"s": {0: "a"}}}
	said := func(i uint64) Said { return Said{i, 10 * i, 10*i + 5, "a", 1} }
	for i := range uint64(many) {
		c.Active("s", said(i))
	}
	if got, want := c.Counts(), (Comparison{Active: many, Truths: 1, Broken: 1}); got != want {
		t.Errorf("before the shadow has said anything: %+v, want %+v", got, want)
	}
	for i := range uint64(many) {
		c.Shadow("s", said(i))
	}
	if got, want := c.Counts(), (Comparison{Agree: many, Truths: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
