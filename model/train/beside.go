package train

import (
	"context"
	"errors"
)

// The folds of a cross-fitting need nothing of each other, so as many are trained side by
// side as there are processors. Each has its own goroutine, and its own share of the
// processors. What belongs to Fit, hooks and verdicts, runs in Fit's goroutine: a fold hands
// it over as a call and waits.

// A calls runs functions of several goroutines in one.
type calls chan call

type call struct {
	do   func() error
	done chan error
}

// run has the goroutine that serves q call do, and returns its error. A nil calls calls it
// itself.
func (q calls) run(do func() error) error {
	if q == nil {
		return do()
	}
	c := call{do, make(chan error)}
	q <- c
	return <-c.done
}

// serve runs each of work in a goroutine of its own and serves their calls until all have
// ended. After an error the context of the others ends; serve returns the first one.
func (q calls) serve(ctx context.Context, work []func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error)
	for _, w := range work {
		go func() { ended <- w(ctx) }()
	}
	var first error
	for left := len(work); left > 0; {
		select {
		case c := <-q:
			c.done <- c.do()
		case err := <-ended:
			left--
			if err != nil && (first == nil || errors.Is(first, context.Canceled)) {
				first = err
			}
			if err != nil {
				cancel()
			}
		}
	}
	return first
}
