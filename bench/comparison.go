package main

import (
	"fmt"
	"math"
	"time"

	"inkling/model/measure"
)

// A comparison is one line of a table: the same work by inkling and its peers, timed in one
// alternating run. The code that builds it compares their numbers first.
type comparison struct {
	section string // which table
	what    string
	ours    measure.Work
	peers   []measure.Case // named by their column
	peak    bool           // whether to time the peak rate as well, if the kernel can
	scale   float64        // repetitions that the table counts as one; 0: 1
	asked   []target
	closers []func()
}

// A target is a bound on the ratio of minima for every column whose name begins with of, or
// if of is "peak", on the share of the peak rate. With atMost the ratio is inkling's time
// divided by the other time, and the bound is an upper one.
type target struct {
	of     string
	ratio  float64
	atMost bool
}

const (
	peakName    = "peak"
	ortName     = "ONNX Runtime"
	torchName   = "PyTorch"
	gonumName   = "gonum"
	scipyName   = "SciPy"
	inklingName = "inkling"
)

func (c *comparison) add(name string, threads int, run func(int) (time.Duration, error)) {
	p := measure.Case{Name: name, Run: run}
	if threads > 1 {
		p.Rest = spinning
	}
	c.peers = append(c.peers, p)
}

func (c *comparison) close() {
	for _, f := range c.closers {
		f()
	}
}

// cases returns everything to time: inkling, the peers, and the peak rate if wanted.
func (c *comparison) cases() []measure.Case {
	all := append([]measure.Case{c.ours.Case}, c.peers...)
	all[0].Name = inklingName
	if p := measure.Peak(c.ours.Threads); c.peak && p.Flops > 0 {
		all = append(all, p.Case)
	}
	return all
}

// A result holds the measurements of a comparison.
type result struct {
	*comparison
	times map[string]measure.Times // of one repetition, by column
	peak  float64                  // GFLOP/s; 0: unknown
}

func (c *comparison) result(times []measure.Times) result {
	r := result{comparison: c, times: map[string]measure.Times{}}
	for i, k := range c.cases() {
		r.times[k.Name] = times[i]
	}
	if t, ok := r.times[peakName]; ok {
		r.peak = rate(measure.Peak(c.ours.Threads).Flops, t)
	}
	return r
}

// samePeak sets the peak of all results with the same number of threads to the highest of
// them, because lower ones only mean that the machine was busy.
func samePeak(results []result) {
	best := map[int]float64{}
	for _, r := range results {
		best[r.ours.Threads] = max(best[r.ours.Threads], r.peak)
	}
	for i := range results {
		if results[i].peak > 0 {
			results[i].peak = best[results[i].ours.Threads]
		}
	}
}

// rate returns the GFLOP/s of the fastest run.
func rate(flops float64, t measure.Times) float64 { return flops / t.Min / 1e3 }

// faster returns how many times faster inkling is than the column, by the fastest runs.
func (r *result) faster(column string) float64 {
	return r.times[column].Min / r.times[inklingName].Min
}

// share returns the share of the peak rate that inkling reached, or 0 if it is unknown.
func (r *result) share() float64 {
	if r.peak == 0 {
		return 0
	}
	return rate(r.ours.Flops, r.times[inklingName]) / r.peak
}

// near reports an error unless the numbers agree, so that only equal work is timed.
func near(what string, got, want []float32) error {
	if len(got) != len(want) {
		return fmt.Errorf("%s: %d values, inkling has %d: nothing was timed", what, len(got), len(want))
	}
	for i, v := range got {
		if !(math.Abs(float64(v)-float64(want[i])) <= 1e-4*max(1, math.Abs(float64(want[i])))) {
			return fmt.Errorf("%s: value %d is %v, inkling has %v: nothing was timed", what, i, v, want[i])
		}
	}
	return nil
}
