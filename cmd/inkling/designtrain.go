//go:build !edge

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"inkling/model/dataset"
	"inkling/model/train"
	"inkling/stream/report"
	"inkling/stream/web"
)

// Train runs the command of train that choices make.
func (d *designer) Train(ctx context.Context, choices map[string]string, tell func(web.News)) error {
	words, err := d.words(choices)
	if err != nil {
		return err
	}
	c, err := parseTrain(words)
	if err != nil {
		return d.problem(err)
	}
	c.Quiet, c.watch = true, &watch{tell: tell}
	log := &lineWriter{line: func(l string) { tell(web.News{Line: l}) }}
	a := &app{ctx: ctx, stdin: strings.NewReader(""), stdout: log, stderr: log, rawOut: io.Discard, rawErr: log}
	return d.problem(c.Run(a))
}

// A watch tells a page how a training goes on.
type watch struct {
	tell func(web.News)
	last time.Time
	part string
	sum  float64
	n    int
}

// watchEvery is the time between two reports of a training.
const watchEvery = 100 * time.Millisecond

// update is a train.Hooks.Progress.
func (w *watch) update(p train.Progress) {
	if p.Part != w.part {
		w.part, w.sum, w.n, w.last = p.Part, 0, 0, time.Time{}
	}
	w.sum, w.n = w.sum+p.Loss, w.n+1
	if time.Since(w.last) < watchEvery && p.Update < p.Updates {
		return
	}
	n := web.Progress{Part: p.Part, Share: p.Share, Loss: w.sum / float64(w.n), Left: p.Left}
	if p.Part == train.FinalModel {
		n.At = p.Update
	}
	w.tell(web.News{Progress: &n})
	w.last, w.sum, w.n = time.Now(), 0, 0
}

// epoch is a train.Hooks.Epoch.
func (w *watch) epoch(r train.Row) {
	w.tell(web.News{Epoch: &web.Epoch{Updates: r.Updates, Loss: r.Loss, Confirm: r.Confirm, Running: r.Running,
		ValidLoss: r.ValidLoss, ValidConfirm: r.ValidConfirm, ValidRunning: r.ValidRunning}})
}

// A lineWriter calls line for every line that is written to it but empty ones.
type lineWriter struct {
	line func(string)
	rest []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		l, rest, ended := bytes.Cut(w.rest, []byte("\n"))
		if !ended {
			return len(p), nil
		}
		if s := strings.TrimSpace(string(l)); s != "" {
			w.line(s)
		}
		w.rest = rest
	}
}

// all returns every example that the command line names, of every split that it does.
func (d *designer) all(ctx context.Context) (*dataset.Set, error) {
	s, err := d.settle(ctx, nil)
	if err != nil {
		return nil, err
	}
	if split := s.cmd.Split; split != "" && s.data.all != s.data.train {
		return s.data.all.Split(split)
	}
	return s.data.all, nil
}

// Pick chooses examples as play and plot choose them.
func (d *designer) Pick(ctx context.Context, numbers string, n int, seed uint64) (*web.Picked, error) {
	set, err := d.all(ctx)
	if err != nil {
		return nil, err
	}
	f := pickFlags{Numbers: strings.Fields(numbers)}
	if len(f.Numbers) == 0 {
		f.Count, f.Seed = &n, &seed
	}
	chosen, err := f.choose(len(set.Examples))
	if err != nil {
		return nil, &web.Problem{Text: err.Error()}
	}
	p := &web.Picked{}
	for _, i := range chosen {
		p.Numbers = append(p.Numbers, i+1)
	}
	words := []string{"inkling", "play", d.data[0]}
	if set.Kind != dataset.Audio || set.Rate == 0 {
		words = []string{"inkling", "plot", "waveform", d.data[0]}
	}
	words = append(words, f.Numbers...)
	if f.Count != nil {
		words = append(words, "-n", strconv.Itoa(n), "--seed", strconv.FormatUint(seed, 10))
	}
	for _, g := range d.given {
		if flagOfWord(d.play, "--"+g.name) != nil {
			words = append(words, g.words...)
		}
	}
	if words[1] == "plot" {
		words = append(words, "-o", "examples.png")
	}
	p.Command = shellWords(words)
	return p, nil
}

// mostExcerpt is how many characters of a text are shown.
const mostExcerpt = 400

// Example returns an example by its number.
func (d *designer) Example(ctx context.Context, number int) (*web.Example, error) {
	set, err := d.all(ctx)
	if err != nil {
		return nil, err
	}
	if number < 1 || number > len(set.Examples) {
		return nil, &web.Problem{Text: fmt.Sprintf("there are %d examples: give a number from 1 to %d", len(set.Examples), len(set.Examples))}
	}
	e := set.Examples[number-1]
	x := &web.Example{Name: e.Name, Rate: set.Rate, Channels: max(set.Channels, 1)}
	if len(set.Labels) > 0 && e.Steps == nil {
		x.Label = set.Labels[e.Label]
	}
	n := set.Frames(number - 1)
	if set.Kind == dataset.Text {
		x.Words, x.Text = fmt.Sprintf("%d characters", n), beginning(e.Samples)
		return x, nil
	}
	x.Words = fmt.Sprintf("%d samples", n)
	if set.Rate > 0 {
		x.Words = fmt.Sprintf("%.3g s", float64(n)/set.Rate)
	}
	if set.Kind == dataset.Audio && set.Rate > 0 {
		x.Samples = e.Samples
	}
	var svg bytes.Buffer
	if err := report.WriteWaveform(&svg, set, []dataset.Example{e}); err != nil {
		return nil, &web.Problem{Text: err.Error()}
	}
	x.Picture = svg.Bytes()
	return x, nil
}

// beginning returns the beginning of a text of code points.
func beginning(codes []float32) string {
	var r []rune
	for _, c := range codes[:min(len(codes), mostExcerpt)] {
		r = append(r, rune(c))
	}
	if len(codes) > mostExcerpt {
		r = append(r, '…')
	}
	return string(r)
}
