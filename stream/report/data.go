package report

import (
	"fmt"
	"io"
	"slices"

	"inkling/model/dataset"
)

// Data describes a data set for a terminal: its signals, and how many examples, or how
// much of the signals, each label has in each split.
func Data(w io.Writer, name string, set *dataset.Set) {
	fmt.Fprintf(w, "data %s\n  %d examples of %s, %d channels", printable(name), len(set.Examples), set.Kind, set.Channels)
	if set.Rate > 0 {
		fmt.Fprintf(w, ", %.6g Hz", set.Rate)
	}
	fmt.Fprintln(w, printable(channelNames(set.Names, set.Units)))
	if slices.ContainsFunc(set.Examples, func(e dataset.Example) bool { return e.Steps != nil }) {
		writeSteps(w, set)
		return
	}
	writeExamples(w, set)
}

// writeExamples writes the number of examples of each label and their lengths.
func writeExamples(w io.Writer, set *dataset.Set) {
	splits := set.Splits()
	fmt.Fprintf(w, "  %-20s %8s %10s %10s", "label", "examples", "shortest", "longest")
	for _, s := range splits {
		fmt.Fprintf(w, " %8s", printable(s))
	}
	fmt.Fprintln(w)
	for l, label := range set.Labels {
		n, lo, hi, in := 0, 0, 0, make([]int, len(splits))
		for i := range set.Examples {
			e := &set.Examples[i]
			if e.Label != l {
				continue
			}
			k := set.Frames(i)
			if n == 0 || k < lo {
				lo = k
			}
			hi, n = max(hi, k), n+1
			if s := slices.Index(splits, e.Split); s >= 0 {
				in[s]++
			}
		}
		fmt.Fprintf(w, "  %-20s %8d %10s %10s", printable(label), n, length(lo, set.Rate), length(hi, set.Rate))
		for _, k := range in {
			fmt.Fprintf(w, " %8d", k)
		}
		fmt.Fprintln(w)
	}
}

// writeSteps writes how much of the signals has each label.
func writeSteps(w io.Writer, set *dataset.Set) {
	splits := set.Splits()
	n := samplesOf(set, splits)
	fmt.Fprintf(w, "  %-20s %12s", "label of a sample", "in all")
	for _, s := range splits {
		fmt.Fprintf(w, " %12s", printable(s))
	}
	for l, label := range append(slices.Clone(set.Labels), "(none)") {
		if l == len(set.Labels) && n[l][0] == 0 {
			continue
		}
		fmt.Fprintf(w, "\n  %-20s", printable(label))
		for _, k := range n[l] {
			fmt.Fprintf(w, " %12s", length(k, set.Rate))
		}
	}
	fmt.Fprintln(w)
}

// samplesOf counts the samples of each label, those without one last: in all, then in each
// split.
func samplesOf(set *dataset.Set, splits []string) [][]int {
	n := make([][]int, len(set.Labels)+1)
	for l := range n {
		n[l] = make([]int, len(splits)+1)
	}
	add := func(label, samples int, split string) {
		if label < 0 {
			label = len(set.Labels)
		}
		n[label][0] += samples
		if s := slices.Index(splits, split); s >= 0 {
			n[label][s+1] += samples
		}
	}
	for i := range set.Examples {
		e := &set.Examples[i]
		if e.Steps == nil {
			add(e.Label, set.Frames(i), e.Split)
		}
		for _, l := range e.Steps {
			add(int(l), 1, e.Split)
		}
	}
	return n
}

// length is n samples in seconds, or in samples where the rate is unknown.
func length(n int, rate float64) string {
	if rate > 0 {
		return fmt.Sprintf("%.3f s", float64(n)/rate)
	}
	return fmt.Sprint(n)
}
