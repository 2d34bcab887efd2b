package main

import (
	"math"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress returns a function that shows how far something is, and the time left: a bar on a
// terminal, otherwise a line now and then of what takes long.
func (a *app) progress(what string) func(done, total float64) {
	if !terminal(a.rawErr) {
		return a.progressLines(what)
	}
	var bar *progressbar.ProgressBar
	return func(done, total float64) {
		whole := int(math.Round(total))
		if bar == nil || done < float64(bar.State().CurrentNum) {
			if whole == 0 {
				whole = -1 // unknown
			}
			bar = progressbar.NewOptions(whole, progressbar.OptionSetWriter(a.rawErr), progressbar.OptionSetWidth(24), progressbar.OptionSetDescription(what),
				progressbar.OptionSetPredictTime(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		}
		bar.Set(int(math.Round(done)))
	}
}

// longWork is the time after which a line tells how far something is.
const longWork = 10 * time.Second

func (a *app) progressLines(what string) func(done, total float64) {
	began := time.Now()
	last := began
	return func(done, total float64) {
		since := time.Since(began)
		if total <= 0 || done >= total || time.Since(last) < min(max(longWork, since/12), mostEvery) {
			return
		}
		last = time.Now()
		var rest time.Duration
		if done > 0 {
			rest = time.Duration(float64(since) * (total - done) / done)
		}
		a.logf("%s: %.0f %%%s", what, math.Floor(100*done/total), left(rest))
	}
}
