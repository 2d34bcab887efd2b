package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/model/measure"
)

// Every comparison can be built, its numbers agree, and each of its cases runs. bench/run
// provides the library and Python.
func TestComparisonsAgree(t *testing.T) {
	found, _ := filepath.Glob(".cache/onnxruntime-*.so")
	if len(found) == 0 {
		t.Skip("no peers here: run bench/run once")
	}
	p, err := start(options{ort: found[0], python: "/usr/bin/python3"})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for _, build := range p.comparisons(options{quick: true}) {
		r, err := measured(t.Context(), measure.Plan{Budget: 1, Slice: 1, Rounds: 1}, build)
		if err != nil {
			t.Error(err)
			continue
		}
		for name, times := range r.times {
			if !(times.Min > 0) && name != peakName {
				t.Errorf("%s, %s: %s took %v", r.section, r.what, name, times)
			}
		}
	}
}

func TestTableTellsWhatFallsShort(t *testing.T) {
	c := &comparison{section: "batch", what: "N = 64", peak: true, ours: measure.Work{Flops: 80e3, Case: measure.Case{Threads: 1}},
		asked: []target{{of: ortName, ratio: 1.2}, {of: peakName, ratio: 0.82}}}
	c.add(ortName, 1, nil)
	r := result{comparison: c, peak: 100, times: map[string]measure.Times{inklingName: {Min: 1, Median: 1.5}, ortName: {Min: 1.5, Median: 2}}}
	var b strings.Builder
	writeTable(&b, []result{r})
	lines := strings.Split(b.String(), "\n")
	want := "| N = 64 | 1.00 µs (1.50 µs) | 1.50 µs (2.00 µs), 1.50× | 80.0 | 0.80 of 100 | ≥ 1.2× ONNX Runtime, ≥ 0.82 of the peak: **0.80** |"
	if lines[2] != want {
		t.Errorf("%s\nwant\n%s", lines[2], want)
	}
}

func TestLeastOfSeveralColumnsCounts(t *testing.T) {
	c := &comparison{peers: []measure.Case{{Name: "PyTorch, 1 thread"}, {Name: "PyTorch, 2 threads"}, {Name: "100 single steps"}}}
	r := result{comparison: c, times: map[string]measure.Times{inklingName: {Min: 2}, "PyTorch, 1 thread": {Min: 10}, "PyTorch, 2 threads": {Min: 8}, "100 single steps": {Min: 4}}}
	if got, known := r.reached(target{of: torchName, ratio: 3}); !known || got != 4 {
		t.Errorf("%v, %v", got, known)
	}
	if got, known := r.reached(target{of: "100 single steps", ratio: 1.2, atMost: true}); !known || got != 0.5 {
		t.Errorf("%v, %v", got, known)
	}
	if _, known := r.reached(target{of: ortName}); known {
		t.Error("a peer that was not there has a figure")
	}
}

func TestArraysReachTheWorkerWhole(t *testing.T) {
	x := measure.Noise(100, 1)
	y, err := decode(encode(x))
	if err != nil || !slices.Equal(x, y) {
		t.Errorf("%v, %v", y, err)
	}
}
