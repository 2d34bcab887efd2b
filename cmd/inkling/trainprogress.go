package main

import (
	"fmt"
	"math"
	"time"

	"github.com/schollz/progressbar/v3"

	"inkling/model/train"
)

// lineEvery is the time between two lines of progress where there is no terminal.
// It grows with the length of a training.
const (
	lineEvery = 5 * time.Second
	mostEvery = time.Minute
)

// A trainProgress shows how far a training is: a bar on a terminal, otherwise a line every
// few seconds. Both name the part that is trained and the time left for all of them.
type trainProgress struct {
	a     *app
	next  bool // what comes next is learned: there are no accuracies
	bar   *progressbar.ProgressBar
	began time.Time
	last  time.Time // of a line
	loss  float64   // sum since then
	n     int       // updates since then
	valid string    // of the last epoch
}

// update is a train.Hooks.Progress.
func (t *trainProgress) update(p train.Progress) {
	t.loss += p.Loss
	t.n++
	if time.Since(t.last) < t.every() && p.Share < 1 {
		return
	}
	text := fmt.Sprintf("%s: loss %.3f%s", p.Part, t.loss/float64(t.n), t.valid)
	if t.bar == nil {
		t.a.logf("%s, update %d of %d; %.0f %% of the training done%s", text, p.Update, p.Updates, math.Floor(100*p.Share), left(p.Left))
	} else {
		t.bar.Describe(text + left(p.Left))
		t.bar.Set(int(1000 * p.Share))
	}
	t.last, t.loss, t.n = time.Now(), 0, 0
}

func (t *trainProgress) every() time.Duration {
	if t.bar != nil {
		return time.Second / 2
	}
	return min(max(lineEvery, time.Since(t.began)/12), mostEvery)
}

// epoch is a train.Hooks.Epoch.
func (t *trainProgress) epoch(r train.Row) {
	if r.Validated == 0 {
		return
	}
	t.valid = fmt.Sprintf(", validation %.3f", r.ValidLoss)
	if !t.next {
		t.valid += ", " + accuracies(r.ValidConfirm, r.ValidRunning)
	}
}

// accuracies writes those of both heads; NaN is that of a head that there is not.
func accuracies(confirmed, running float64) string {
	text := fmt.Sprintf("confirmed %.1f %%", 100*confirmed)
	if !math.IsNaN(running) {
		text += fmt.Sprintf(", running %.1f %%", 100*running)
	}
	return text
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

func (c *trainCmd) newProgress(a *app) *trainProgress {
	t := &trainProgress{a: a, next: c.Predict != "", began: time.Now(), last: time.Now()}
	if terminal(a.rawErr) {
		t.bar = progressbar.NewOptions(1000, progressbar.OptionSetWriter(a.rawErr), progressbar.OptionSetWidth(24),
			progressbar.OptionSetPredictTime(false), progressbar.OptionThrottle(100*time.Millisecond))
	}
	return t
}
