package parallel

import (
	"sync/atomic"
	"testing"
)

func TestWorkersCallEveryIndexOnce(t *testing.T) {
	for _, c := range []struct{ n, workers int }{{0, 3}, {1, 4}, {100, 1}, {100, 3}, {5, 8}} {
		called := make([]atomic.Int32, c.n)
		busy := make([]atomic.Bool, c.workers)
		Workers(c.n, c.workers, func(w, i int) {
			if busy[w].Swap(true) {
				t.Errorf("%+v: worker %d runs two calls at once", c, w)
			}
			called[i].Add(1)
			busy[w].Store(false)
		})
		for i := range called {
			if n := called[i].Load(); n != 1 {
				t.Errorf("%+v: index %d called %d times", c, i, n)
			}
		}
	}
}
