// Package parallel runs calls on all processors.
package parallel

import (
	"runtime"
	"sync"
)

// ForEach calls do(0) to do(n−1) from several goroutines and returns their n errors. If
// progress is not nil, it is called after each call of do; these calls do not overlap. If
// stop is true, no call begins after one has failed; all indices before the first error
// have then been called.
func ForEach(n int, stop bool, progress func(done, total int), do func(i int) error) []error {
	errs := make([]error, n)
	var mu sync.Mutex
	next, done, failed := 0, 0, false
	var wg sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				quit := i >= n || failed && stop
				mu.Unlock()
				if quit {
					return
				}
				err := do(i)
				mu.Lock()
				errs[i] = err
				failed = failed || err != nil
				if done++; progress != nil {
					progress(done, n)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errs
}
