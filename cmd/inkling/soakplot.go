//go:build !edge

package main

import (
	"inkling/model/dataset"
	"inkling/stream/report"
	"inkling/stream/soak"
)

func drawSoak(r *soak.Report, path string) error { return report.Soak(r.Rows, path) }

// pictures says whether this build draws pictures.
func pictures(string) error { return nil }

// openExamples returns the examples of a split of data, or those that eval would judge.
func openExamples(a *app, data, split string, rate float64, channels int) (*dataset.Set, error) {
	d := dataFlags{channels: channels, Split: split}
	return d.openTest(a, data, rate)
}

func soakProgress(a *app) func(done, total float64) { return a.progress("soaking") }
