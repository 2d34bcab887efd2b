package main

import (
	"fmt"
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

// mostEvery is the most that lies between two lines of progress.
const mostEvery = time.Minute

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

// left says how long something still takes, after what it is said of; "" if that is not
// known.
func left(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return ", about " + roughly(d) + " left"
}

// roughly writes a duration with a unit that suits an estimate: 8s, 50s, 3m20s, 1h5m.
func roughly(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return max(d.Round(time.Second), time.Second).String()
	case d < 2*time.Minute:
		return d.Round(5 * time.Second).String()
	case d < time.Hour:
		return d.Round(10 * time.Second).String()
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%dh%dm", int(d.Hours()), int(d.Minutes())%60)
}
