package measure

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/internal/f32"
	"inkling/model"
)

// fake is a case that takes so long a repetition, without waiting.
func fake(name string, order *[]string, each ...time.Duration) Case {
	turn := 0
	return Case{Name: name, Run: func(n int) (time.Duration, error) {
		*order = append(*order, name)
		turn++
		return time.Duration(n) * each[turn%len(each)], nil
	}}
}

func TestAlternateRunsCasesInTurn(t *testing.T) {
	var order []string
	plan := Plan{Budget: 1, Slice: 1, Rounds: 5}
	times, err := Alternate(t.Context(), plan, []Case{
		fake("a", &order, 4*time.Microsecond, 2*time.Microsecond, 3*time.Microsecond),
		fake("b", &order, time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	if a, b := times[0], times[1]; a.Min != 2 || a.Median != 3 || b.Min != 1000 || b.Median != 1000 || a.Runs != 5 {
		t.Errorf("%+v", times)
	}
	if rounds := order[2:]; !slices.Equal(rounds, strings.Fields("a b a b a b a b a b")) {
		t.Errorf("the order was %v", rounds)
	}
}

// Short work is repeated until a run takes about a slice, after an untimed tenth of it.
func TestShortWorkIsRepeatedForASlice(t *testing.T) {
	var sizes []int
	c := Case{Run: func(n int) (time.Duration, error) {
		sizes = append(sizes, n)
		return time.Duration(n) * time.Microsecond, nil
	}}
	if _, err := Alternate(t.Context(), Plan{Budget: 1, Slice: time.Millisecond, Rounds: 1}, []Case{c}); err != nil {
		t.Fatal(err)
	}
	if n := sizes[len(sizes)-2:]; !slices.Equal(n, []int{100, 1000}) {
		t.Errorf("the last runs repeat %v times", n)
	}
}

func TestAlternateEndsWithContextAndErrors(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	runs := 0
	c := Case{Name: "it", Run: func(n int) (time.Duration, error) {
		if runs++; runs == 4 {
			cancel()
		}
		return time.Second, nil
	}}
	times, err := Alternate(ctx, Plan{Rounds: 10, Budget: time.Hour}, []Case{c})
	if !errors.Is(err, context.Canceled) || times == nil || times[0].Runs != 3 {
		t.Errorf("interrupted in the third round: %v, %v", times, err)
	}
	if times, err := Alternate(ctx, Plan{}, []Case{c}); !errors.Is(err, context.Canceled) || times != nil {
		t.Errorf("interrupted before: %v, %v", times, err)
	}
	broken := errors.New("broken")
	c.Run = func(int) (time.Duration, error) { return 0, broken }
	if _, err := Alternate(t.Context(), Plan{}, []Case{c}); !errors.Is(err, broken) || !strings.Contains(err.Error(), "it") {
		t.Errorf("an error of a case: %v", err)
	}
}

// Every work runs with its number of threads and restores GOMAXPROCS.
func TestEveryWorkRunsOnItsThreads(t *testing.T) {
	m, err := Network(8, 2, model.RunningSoftmax, true)
	if err != nil {
		t.Fatal(err)
	}
	logmel, err := LogMel()
	if err != nil {
		t.Fatal(err)
	}
	live, err := Stream(m)
	if err != nil {
		t.Fatal(err)
	}
	written := 0
	parts, err := Parts(m, func(steps int) { written += steps })
	if err != nil || len(parts) != 4 {
		t.Fatal(len(parts), err)
	}
	before := runtime.GOMAXPROCS(0)
	for _, w := range append([]Work{Step(m), Steps(m, 3), Confirm(m, 3), Sequence(m, 5, 7, 2), Peak(1), logmel, live}, parts...) {
		run := w.Run
		w.Run = func(n int) (time.Duration, error) {
			if got := runtime.GOMAXPROCS(0); got != w.Threads {
				t.Errorf("%s runs on %d processors, want %d", w.Name, got, w.Threads)
			}
			return run(n)
		}
		if took, err := w.run(2); err != nil || took < 0 {
			t.Errorf("%s: %v, %v", w.Name, took, err)
		}
		if w.Flops == 0 && !slices.Contains([]string{"logmel", "stream", "front", "running", "ending", "output"}, w.Name) && !(w.Name == "peak" && f32.Peak(1) == 0) {
			t.Errorf("%s counts no operations", w.Name)
		}
	}
	if written < 2*1000 { // a step for each sample
		t.Errorf("%d steps were written", written)
	}
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("GOMAXPROCS is %d, was %d", got, before)
	}
}
