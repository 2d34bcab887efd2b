// Package measure times work in alternating runs: a b c a b c …, so that what
// slows a machine down for a while slows all of it alike, and ratios of minima
// carry over. It also holds the works that `inkling bench` and bench/ time.
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
	Threads int           // GOMAXPROCS while it runs; 0 leaves it
	Rest    time.Duration // how long threads that it leaves spinning take to fall asleep
	// Run does the work n times and tells how long that took.
	Run func(n int) (time.Duration, error)
}

// Loop is the Run of a Case that calls f.
func Loop(f func()) func(n int) (time.Duration, error) {
	return func(n int) (time.Duration, error) {
		began := time.Now()
		for range n {
			f()
		}
		return time.Since(began), nil
	}
}

// Times are microseconds a repetition, of the fastest and of the middle run.
type Times struct {
	Min, Median float64
	Runs        int
}

// A Plan says how long to measure. A zero field takes the default in brackets.
type Plan struct {
	Budget time.Duration // rounds go on until this is spent [1 s]
	Slice  time.Duration // a run repeats short work for about so long [a fifteenth of the budget a case, at most 10 ms]
	Rounds int           // so many, though the budget be spent, as long as it was not four times (or a second) [3]
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

// more tells whether another round is to follow so many.
func (p *Plan) more(rounds int, spent time.Duration) bool {
	return spent < p.Budget || rounds < p.Rounds && spent < max(4*p.Budget, time.Second)
}

// Alternate runs the cases in turn, round after round, and returns the times of
// each. When ctx ends it returns its error, and the times of what was measured
// if that is a whole round.
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

// summary is nil before the first round's end.
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

// calibrate returns how many repetitions take about slice.
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

// run times n repetitions, after a tenth of them that warm the caches up.
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
