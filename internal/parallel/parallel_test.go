package parallel

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Every index is called once, progress counts them, errors stand at their index; with
// stop every index before the first error has been called.
func TestForEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 50).Draw(t, "n")
		stop := rapid.Bool().Draw(t, "stop")
		fails := rapid.SliceOfNDistinct(rapid.IntRange(0, 60), 0, 3, rapid.ID).Draw(t, "fails")
		called, told, bad := make([]int, n), 0, errors.New("bad")
		errs := ForEach(n, stop, func(done, total int) {
			if told++; done != told || total != n {
				t.Fatalf("progress %d of %d, want %d of %d", done, total, told, n)
			}
		}, func(i int) error {
			if called[i]++; slices.Contains(fails, i) {
				return bad
			}
			return nil
		})
		first := slices.IndexFunc(errs, func(err error) bool { return err != nil })
		must := n
		if stop && first >= 0 {
			must = first + 1
		}
		sum := 0
		for i, c := range called {
			sum += c
			if c > 1 || i < must && c != 1 {
				t.Fatalf("%d called %d times, first error at %d", i, c, first)
			}
			if (errs[i] != nil) != (c == 1 && slices.Contains(fails, i)) {
				t.Fatalf("error of %d is %v", i, errs[i])
			}
		}
		if len(errs) != n || told != sum {
			t.Fatalf("%d errors, progress %d times, of %d; %d called", len(errs), told, n, sum)
		}
	})
}
