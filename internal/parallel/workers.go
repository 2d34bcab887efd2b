package parallel

import (
	"sync"
	"sync/atomic"
)

// Workers calls do(worker, i) for every i < n from the given number of goroutines, each
// with a worker number of its own, and returns when all calls have.
func Workers(n, workers int, do func(worker, i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range min(workers, n) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(w, i)
			}
		})
	}
	wg.Wait()
}
