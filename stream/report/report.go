// Package report writes what package evaluate has measured, for people: text for a
// terminal, pages of HTML that stand alone, and pictures in PNG or SVG.
//
// Wrap a result in the type of its kind and write it:
//
//	report.Clips{Report: r}.WriteText(os.Stdout)
//	report.Clips{Report: r}.WriteHTML(page)
//
// Confusion, Curves, Waveform and the other functions each draw one picture.
package report

import (
	"io"

	"inkling/stream/evaluate"
	"inkling/stream/tune"
)

// Text is a result that can be written for a terminal, Page one that can be written as
// HTML as well.
type (
	Text interface{ WriteText(io.Writer) error }
	Page interface {
		Text
		WriteHTML(io.Writer) error
	}
)

// The kinds of result: examples one by one, streams, labels for every step, heartbeats,
// forecasts of values, forecasts of characters, and a tuned model.
type (
	Clips     struct{ *evaluate.Report }
	Stream    struct{ *evaluate.StreamReport }
	Steps     struct{ *evaluate.StepReport }
	Beats     struct{ *evaluate.BeatReport }
	Forecasts struct{ *evaluate.ForecastReport }
	Reading   struct{ *evaluate.ReadingReport }
	Tuned     struct{ *tune.Result }
)
