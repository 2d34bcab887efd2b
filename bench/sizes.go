package main

import (
	"context"
	"fmt"
	"io"

	"inkling/model"
	"inkling/model/measure"
)

// A size is the time of a single step at one size of the network.
type size struct {
	hidden, d int
	us        float64
	gflops    float64
	share     float64 // of the rate at H = 100 and the same D
}

var (
	sizeHidden = []int{17, 32, 64, 100, 128, 256, 512}
	sizeInputs = []int{1, 4, 13, 40, 128}
)

// sizes times single steps of all sizes in one alternating run.
func sizes(ctx context.Context, plan measure.Plan) ([]size, error) {
	var works []measure.Work
	var cases []measure.Case
	for _, h := range sizeHidden {
		for _, d := range sizeInputs {
			m, err := measure.Network(h, d, model.RunningNone, true)
			if err != nil {
				return nil, err
			}
			w := measure.Step(m)
			works, cases = append(works, w), append(cases, w.Case)
		}
	}
	times, err := measure.Alternate(ctx, plan, cases)
	if err != nil {
		return nil, err
	}
	var all []size
	at100 := map[int]float64{}
	for i, w := range works {
		s := size{hidden: w.Hidden, d: w.Input, us: times[i].Min, gflops: rate(w.Flops, times[i])}
		if s.hidden == hidden {
			at100[s.d] = s.gflops
		}
		all = append(all, s)
	}
	for i := range all {
		all[i].share = all[i].gflops / at100[all[i].d]
	}
	return all, nil
}

// sizeAsked is the share of the rate at H = 100 that other sizes should reach.
const sizeAsked = 0.8

func writeSizes(w io.Writer, all []size) {
	fmt.Fprintf(w, "| H |")
	for _, d := range sizeInputs {
		fmt.Fprintf(w, " D = %d |", d)
	}
	fmt.Fprintf(w, "\n| --- |")
	for range sizeInputs {
		fmt.Fprintf(w, " --- |")
	}
	for i, s := range all {
		if i%len(sizeInputs) == 0 {
			fmt.Fprintf(w, "\n| %d |", s.hidden)
		}
		share := fmt.Sprintf("%.2f", s.share)
		if s.share < sizeAsked {
			share = "**" + share + "**"
		}
		fmt.Fprintf(w, " %s, %.1f, %s |", duration(s.us), s.gflops, share)
	}
	fmt.Fprintln(w)
}
