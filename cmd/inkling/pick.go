//go:build !edge

package main

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"inkling/model/dataset"
)

// pickFlags choose examples, by number or at random; play and plot choose the same.
type pickFlags struct {
	Numbers   []string `arg:"" optional:"" name:"numbers" help:"Examples by number: 1 2 3 100, or 5-8. The first is 1, in the order of the data, after --split and --labels."`
	readFlags `group:"Data"`
	Count     *int    `short:"n" name:"number" help:"Number of random examples [3]." placeholder:"N"`
	Seed      *uint64 `help:"Same seed, same random examples [1]." placeholder:"N"`
	Mix       bool    `help:"Add the examples up, to be heard at once. Shorter ones end in silence."`
}

// A pick is an example with its number in the data.
type pick struct {
	number int
	dataset.Example
}

// pick returns the examples that the flags choose.
func (c *pickFlags) pick(a *app, data string) (*dataset.Set, []pick, error) {
	set, err := c.open(a, data, 0)
	if err != nil {
		return nil, nil, err
	}
	if c.Split != "" {
		if set, err = set.Split(c.Split); err != nil {
			return nil, nil, err
		}
	}
	chosen, err := c.choose(len(set.Examples))
	if err != nil {
		return nil, nil, err
	}
	var out []pick
	for _, i := range chosen {
		out = append(out, pick{i + 1, set.Examples[i]})
	}
	return set, out, nil
}

// choose returns the indices of the chosen ones of n examples.
func (c *pickFlags) choose(n int) ([]int, error) {
	if len(c.Numbers) > 0 {
		if c.Count != nil || c.Seed != nil {
			return nil, usagef("-n and --seed choose at random, and the examples %s are given: leave one of them out", strings.Join(c.Numbers, " "))
		}
		var list []int
		for _, s := range c.Numbers {
			from, to, err := numberRange(s, n)
			if err != nil {
				return nil, err
			}
			for i := from; i <= to; i++ {
				list = append(list, i-1)
			}
		}
		return list, nil
	}
	count, seed := 3, uint64(1)
	if c.Count != nil {
		if count = *c.Count; count < 1 {
			return nil, usagef("-n %d: give 1 or more", count)
		}
	}
	if c.Seed != nil {
		seed = *c.Seed
	}
	return rand.New(rand.NewPCG(seed, 0)).Perm(n)[:min(count, n)], nil
}

// numberRange reads "7" or "5-8", numbers from 1 to n.
func numberRange(s string, n int) (from, to int, err error) {
	first, last, ranged := strings.Cut(s, "-")
	if !ranged {
		last = first
	}
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	switch {
	case err1 != nil || err2 != nil || from < 1 || to < from:
		return 0, 0, usagef("example %q: give a number from 1, or a range such as 5-8", s)
	case to > n:
		return 0, 0, usagef("example %s: there are %d examples: give a number from 1 to %d", s, n, n)
	}
	return from, to, nil
}

// shown returns the examples to draw, with --mix their sum.
func (c *pickFlags) shown(set *dataset.Set, list []pick) (*dataset.Set, []dataset.Example, error) {
	if !c.Mix {
		var out []dataset.Example
		for _, p := range list {
			out = append(out, p.Example)
		}
		return set, out, nil
	}
	if set.Kind == dataset.Text {
		return nil, nil, usagef("--mix adds signals up, and these data are text: leave it out")
	}
	set, sum := mixed(set, list)
	return set, []dataset.Example{sum}, nil
}

// mixed returns a set of the sum of examples, with the labels of all of them, and that sum.
// A sum over full scale is made quieter as a whole.
func mixed(set *dataset.Set, list []pick) (*dataset.Set, dataset.Example) {
	var sum []float32
	var names []string
	for _, p := range list {
		if grow := len(p.Samples) - len(sum); grow > 0 {
			sum = append(sum, make([]float32, grow)...)
		}
		for i, v := range p.Samples {
			sum[i] += v
		}
		names = append(names, set.Labels[p.Label])
	}
	if set.Kind == dataset.Audio {
		softer(sum)
	}
	s := *set
	s.Labels = append(slices.Clone(set.Labels), strings.Join(names, " + "))
	return &s, dataset.Example{Label: len(set.Labels), Samples: sum, Rate: set.Rate}
}

// softer makes a sound whose peak is over full scale quieter as a whole.
func softer(x []float32) {
	peak := float32(1)
	for _, v := range x {
		peak = max(peak, v, -v)
	}
	for i := range x {
		x[i] /= peak
	}
}
