// Package measure times several cases in alternating runs: a b c a b c …. Whatever slows
// the machine for a while thus slows all cases alike, and the ratios of their minima remain
// meaningful.
//
// Alternate times the cases. The package also defines the work that `inkling bench` and
// bench/ time.
package measure

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// A Case is one thing to time.
type Case struct {
	Name    string
	Threads int           // GOMAXPROCS during the run; 0 does not change it
	Rest    time.Duration // pause after the run, in which spinning threads fall asleep
	// Run does the work n times and returns the time that it took.
	Run func(n int) (time.Duration, error)
}

// Loop returns a Case.Run that calls f.
func Loop(f func()) func(n int) (time.Duration, error) {
	return func(n int) (time.Duration, error) {
		began := time.Now()
		for range n {
			f()
		}
		return time.Since(began), nil
	}
}

// Times holds the microseconds per repetition of the fastest and of the median run.
type Times struct {
	Min, Median float64
	Runs        int
}

// A Plan says how long to measure. Zero fields have the defaults in brackets.
type Plan struct {
	Budget time.Duration // rounds are repeated until this is spent [1 s]
	Slice  time.Duration // approximate time of a run of short work [1/15 of the budget per case, at most 10 ms]
	// Rounds is the least number of rounds, even if they exceed the budget, up to four
	// times the budget or one second [3].
	Rounds int
}

func (p Plan) withDefaults(cases int) Plan {
	if p.Budget == 0 {
		p.Budget = time.Second
	}
	if p.Slice == 0 {
		p.Slice = min(p.Budget/time.Duration(15*cases), 10*time.Millisecond)
	}
	if p.Rounds == 0 {
		p.Rounds = 3
	}
	return p
}

// more reports whether another round follows after the given number.
func (p *Plan) more(rounds int, spent time.Duration) bool {
	return spent < p.Budget || rounds < p.Rounds && spent < max(4*p.Budget, time.Second)
}

// Alternate runs the cases in turn, round after round, and returns the times of each. If
// ctx ends, it returns the error of ctx, and the times so far if there was a complete round.
func Alternate(ctx context.Context, p Plan, cases []Case) ([]Times, error) {
	p = p.withDefaults(len(cases))
	began := time.Now()
	repeat := make([]int, len(cases))
	for i := range cases {
		var err error
		if repeat[i], err = cases[i].calibrate(ctx, p.Slice); err != nil {
			return nil, err
		}
	}
	runs := make([][]float64, len(cases))
	for round := 0; round == 0 || p.more(round, time.Since(began)); round++ {
		for i := range cases {
			if err := ctx.Err(); err != nil {
				return summary(runs), err
			}
			took, err := cases[i].run(repeat[i])
			if err != nil {
				return nil, err
			}
			runs[i] = append(runs[i], 1e6*took.Seconds()/float64(repeat[i]))
		}
	}
	return summary(runs), nil
}

// summary returns the times of the runs of each case, or nil if a case has none.
func summary(runs [][]float64) []Times {
	times := make([]Times, len(runs))
	for i, r := range runs {
		if len(r) == 0 {
			return nil
		}
		r = slices.Sorted(slices.Values(r))
		times[i] = Times{Min: r[0], Median: r[len(r)/2], Runs: len(r)}
	}
	return times
}

// mostRepeats bounds a run of work that takes no time at all.
const mostRepeats = 1 << 30

// calibrate returns the number of repetitions that take about slice.
func (c *Case) calibrate(ctx context.Context, slice time.Duration) (int, error) {
	for n := 1; ; n *= 2 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		took, err := c.run(n)
		if err != nil {
			return 0, err
		}
		if took >= slice/3 && took > 0 {
			return max(1, int(float64(n)*float64(slice)/float64(took))), nil
		}
		if n >= mostRepeats {
			return n, nil
		}
	}
}

// run times n repetitions after warming the caches with a tenth of them.
func (c *Case) run(n int) (took time.Duration, err error) {
	if c.Threads > 0 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(c.Threads))
	}
	if n >= 10 {
		_, err = c.Run(n / 10)
	}
	if err == nil {
		took, err = c.Run(n)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c.Name, err)
	}
	time.Sleep(c.Rest)
	return took, nil
}
