//go:build !edge

package main

import (
	"fmt"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"inkling/model/train"
)

// lineEvery is the time between two lines of progress where there is no terminal.
// It grows with the length of a training.
const (
	lineEvery = 5 * time.Second
)

// A trainProgress shows how far a training is: curves over a bar on a terminal, otherwise a
// line every few seconds. Both name the part that is trained and the time left for all of
// them.
type trainProgress struct {
	a       *app
	next    bool    // what comes next is learned: there are no accuracies
	canvas  *canvas // nil: there is no terminal
	columns func() int
	undo    func()
	curves  trainCurves
	bar     string // the last one drawn
	began   time.Time
	last    time.Time // of a line
	loss    float64   // sum since then
	n       int       // updates since then
	valid   string    // of the last epoch
}

// update is a train.Hooks.Progress.
func (t *trainProgress) update(p train.Progress) {
	t.loss += p.Loss
	t.n++
	if time.Since(t.last) < t.every() && p.Share < 1 {
		return
	}
	mean := t.loss / float64(t.n)
	t.last, t.loss, t.n = time.Now(), 0, 0
	if t.canvas == nil {
		t.a.logf("%s: loss %.3f%s, update %d of %d; %.0f %% of the training done%s", p.Part, mean, t.valid, p.Update, p.Updates, math.Floor(100*p.Share), left(p.Left))
		return
	}
	t.curves.update(p, mean)
	t.bar = fmt.Sprintf("%s %3.0f %%  %s, loss %.3f%s", progressBar(p.Share), math.Floor(100*p.Share), p.Part, mean, left(p.Left))
	t.draw()
}

const barColumns = 24

// progressBar draws the share of a whole.
func progressBar(share float64) string {
	n := int(min(max(share, 0), 1) * barColumns)
	return strings.Repeat("━", n) + strings.Repeat("─", barColumns-n)
}

// draw draws the curves and the bar.
func (t *trainProgress) draw() {
	columns := t.columns()
	t.canvas.draw(append(t.curves.lines(columns), t.bar), columns)
}

// print prints lines of others above the curves.
func (t *trainProgress) print(lines string) {
	if strings.Trim(lines, "\n") != "" { // a line feed alone would leave the bar
		t.canvas.print(lines)
		t.draw()
	}
}

// end leaves the terminal to others.
func (t *trainProgress) end() {
	if t.canvas == nil {
		return
	}
	t.undo()
	if t.bar != "" {
		t.draw() // with the last epoch
	}
	t.canvas.leave()
}

func (t *trainProgress) every() time.Duration {
	if t.canvas != nil {
		return time.Second / 2
	}
	return min(max(lineEvery, time.Since(t.began)/12), mostEvery)
}

// epoch is a train.Hooks.Epoch.
func (t *trainProgress) epoch(r train.Row) {
	t.curves.epoch(r)
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

func (c *trainCmd) newProgress(a *app) *trainProgress {
	t := &trainProgress{a: a, next: c.Predict != "", began: time.Now(), last: time.Now()}
	if f, ok := a.rawErr.(*os.File); ok && terminal(f) && os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == "" {
		t.canvas = &canvas{w: f}
		t.columns = func() int {
			width, _, err := term.GetSize(int(f.Fd()))
			if err != nil {
				return 80
			}
			return width
		}
		t.undo = a.errors.divert(t.print)
	}
	return t
}
