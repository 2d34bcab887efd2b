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

// What only one model has does not pile up where it is given up, and is counted as before; what
// the other one says of it later is counted as late.
func TestComparerGivesUp(t *testing.T) {
	c := &Comparer{}
	said := func(i uint64) Said { return Said{i, 10 * i, 10*i + 5, "a", 1} }
	again := func() (bytes int) {
		t.Helper()
		data, err := json.Marshal(c)
		if err == nil {
			c = &Comparer{}
			err = json.Unmarshal(data, c)
		}
		if err != nil {
			t.Fatal(err)
		}
		return len(data)
	}
	const many, most = 5000, 100
	for i := range uint64(many) {
		c.Active("s", said(i))
		c.Active("t", said(i))
		c.Shadow("t", said(i))
		c.Shadow("u", said(i))
		c.GiveUp(most)
	}
	if n := again(); n > 3*most*60 {
		t.Errorf("%d bytes are kept", n)
	}
	if got, want := c.Counts(), (Comparison{Agree: many, Active: many, Shadow: many}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for i := uint64(many - most - 3); i < many; i++ { // three of them are late
		c.Shadow("s", said(i))
		again()
	}
	c.Active("u", said(0))
	if got, want := c.Counts(), (Comparison{Agree: many + most, Active: many - most + 1, Shadow: many + 3, Late: 4}); got != want {
		t.Errorf("%+v, want %+v", got, want)
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
