package table

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drainOrder releases what may be released.
func drainOrder(o *Order, all bool) (times []float64) {
	for r := o.Pop(all); r != nil; r = o.Pop(all) {
		times = append(times, r.Time)
	}
	return times
}

// However rows are shuffled within the bound, they come in the order of their times, from
// any number of lanes; and each as soon as nothing can come before it.
func TestOrderIsThatOfTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rnd := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		type came struct {
			at, time float64
			lane     int
		}
		var rows []came
		var want []float64
		lanes := rapid.IntRange(1, 4).Draw(t, "lanes")
		for lane := range lanes {
			step := []float64{0.01, 0.02, 0.3}[rnd.IntN(3)]
			shift := rnd.Float64() * step
			for i := range 300 {
				at := shift + float64(i)*step*(1+0.1*rnd.Float64()/300)
				if rnd.Float64() < 0.01 {
					continue // lost
				}
				c := came{at, at, lane}
				if rnd.Float64() < 0.05 {
					c.at += 0.2 * rnd.Float64()
				}
				rows, want = append(rows, c), append(want, at)
			}
		}
		slices.SortStableFunc(rows, func(a, b came) int {
			if a.at < b.at {
				return -1
			} else if a.at > b.at {
				return 1
			}
			return 0
		})
		slices.Sort(want)
		o := NewOrder(1<<lanes-1, 0.25)
		var got []float64
		for _, c := range rows {
			if v := o.Push(0, Has(c.lane), &Row{Time: c.time, Values: []float32{1}}); v != Taken {
				t.Fatalf("the row of %v: %v, after %v", c.time, v, o.released)
			}
			got = append(got, drainOrder(o, false)...)
		}
		got = append(got, drainOrder(o, true)...)
		if !slices.Equal(got, want) || o.Waiting() != 0 {
			t.Fatalf("%d rows, want %d", len(got), len(want))
		}
	})
}

// A lane that comes evenly does not wait once its begin is over; behind a hole it does.
func TestEvenRowsDoNotWait(t *testing.T) {
	o := NewOrder(All, 0.25)
	push := func(at float64) []float64 {
		o.Push(0, All, &Row{Time: at, Values: []float32{1}})
		return drainOrder(o, false)
	}
	if got := push(0); got != nil {
		t.Fatalf("%v released before the begin is over", got)
	}
	for i := 1; i <= 60; i++ {
		push(float64(i) / 100)
	}
	for i := 61; i < 80; i++ {
		if got := push(float64(i) / 100); len(got) == 0 || got[len(got)-1] != float64(i)/100 || o.Waiting() > 0 {
			t.Fatalf("row %d: released %v", i, got)
		}
	}
	if got := push(0.81); got != nil {
		t.Errorf("%v released behind a hole", got)
	}
	if got := push(0.80); !slices.Equal(got, nil) && !slices.Equal(got, []float64{0.8, 0.81}) {
		t.Errorf("%v", got)
	}
	if got := o.Push(0, All, &Row{Time: 0.78}); got != Repeated {
		t.Errorf("a row that comes again: %v", got)
	}
	if got := o.Push(0, All, &Row{Time: 0.7801}); got != Late {
		t.Errorf("a late row: %v", got)
	}
}
