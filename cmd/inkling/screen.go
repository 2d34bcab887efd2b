//go:build !edge

package main

import (
	"context"
	"os"

	"inkling/capture/mic"
	"inkling/model"
	"inkling/stream/view/screen"
)

// screen shows a run of m on the terminal f. Keys are read unless standard input is a source.
func (a *app) screen(f *os.File, m *model.Model, rate float64, stdin bool) shown {
	o := screen.Options{Out: f, Rate: rate, Labels: m.Config.Labels, Width: 80,
		Play: func(ctx context.Context, samples []float32, rate float64, channels int) error {
			return mic.Play(ctx, samples, rate, channels, "")
		}}
	if in, ok := a.stdin.(*os.File); ok && !stdin && terminal(in) {
		o.In = in
	}
	s := screen.New(o)
	undo := a.errors.divert(s.Print)
	stop := context.AfterFunc(a.ctx, s.Ending)
	return shown{s, s.Tap, func() {
		stop()
		s.Close()
		undo()
	}}
}
