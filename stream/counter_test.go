package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"testing"
)

// A stream of forecasts that has run for years goes on as one that has just begun, also
// where an int has 32 bits: its counters are shifted to both sides of each limit.
func TestCountersPassTheirLimits(t *testing.T) {
	const begun = 12_345 // steps, a number that no other field of the state has
	m := nextModel(t, 1, 0, 1, 1, nil)
	x := make([]float32, begun+40)
	for i := range x {
		x[i] = float32(i%7) / 7
	}
	young, err := NewClassifier(m, &Options{})
	if err != nil {
		t.Fatal(err)
	}
	feed := func(c *Classifier, from uint64, x []float32) []Event {
		b := block(from, x...)
		b.Stream = "s"
		if err := c.Feed(&b); err != nil {
			t.Fatal(err)
		}
		var events []Event
		for _, e := range c.Advance(nil) {
			events = append(events, e.Clone())
		}
		return events
	}
	feed(young, 0, x[:begun])
	state := young.fields(nil)
	want := feed(young, begun, x[begun:])
	count := binary.LittleEndian.AppendUint64(nil, begun)
	if n := bytes.Count(state, count); n < 4 {
		t.Fatalf("%d counters", n)
	}
	for _, to := range []uint64{math.MaxInt32 - 20, math.MaxInt32, math.MaxUint32 - 20, math.MaxUint32 + 5, 1 << 50} {
		old := bytes.ReplaceAll(state, count, binary.LittleEndian.AppendUint64(nil, to))
		for _, cut := range []int{0, 7, 25} { // saved and restored once more
			c, err := young.plan.restoreStream("", &savedOf{name: "s", state: old})
			if err != nil {
				t.Fatalf("%d: %v", to, err)
			}
			got := feed(c, to, x[begun:begun+cut])
			if c, err = young.plan.restoreStream("", &savedOf{name: "s", state: c.fields(nil)}); err != nil {
				t.Fatalf("%d, and %d more: %v", to, cut, err)
			}
			got = append(got, feed(c, to+uint64(cut), x[begun+cut:])...)
			if len(got) != len(want) {
				t.Fatalf("%d: %d events, want %d", to, len(got), len(want))
			}
			for i := range want {
				w, g := &want[i], &got[i]
				step := min(uint64(w.Step)-begun+to, math.MaxInt)
				if g.Sample != w.Sample-begun+to || uint64(g.Step) != step || fmt.Sprint(g.Prediction) != fmt.Sprint(w.Prediction) {
					t.Fatalf("%d: %+v\nwant %+v", to, g, w)
				}
			}
		}
	}
}
