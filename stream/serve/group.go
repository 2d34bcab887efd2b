package serve

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// A Group runs pipelines beside one another. One that fails is run again, after a pause;
// the others go on.
type Group struct {
	// Failed is told why a pipeline has failed, and when it is run again; 0: it is not.
	Failed func(name string, err error, again time.Duration)

	ctx     context.Context
	mu      sync.Mutex
	running map[string]*job
	errs    []error
	n       int       // that have not ended, and changes that go on
	fewer   sync.Cond // n has become less
}

type job struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// ErrFinal marks errors that running again does not help against.
var ErrFinal = errors.New("final")

// NewGroup returns a group whose pipelines end with ctx.
func NewGroup(ctx context.Context, failed func(name string, err error, again time.Duration)) *Group {
	g := &Group{Failed: failed, ctx: ctx, running: map[string]*job{}}
	g.fewer.L = &g.mu
	return g
}

// Change calls change, which may stop pipelines and start others. Wait does not return
// meanwhile.
func (g *Group) Change(change func()) {
	g.add(1)
	defer g.add(-1)
	change()
}

func (g *Group) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n += n
	g.fewer.Broadcast()
}

// Pauses before a pipeline that failed is run again; one that has run for lastPause
// begins with the first.
const (
	firstPause = time.Second
	lastPause  = 30 * time.Second
)

// Start runs a pipeline, whose name no other that is running has. run returns when its
// context ends, or by itself: with nil it has done all there was to do.
func (g *Group) Start(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(g.ctx)
	j := &job{cancel: cancel, done: make(chan struct{})}
	g.mu.Lock()
	g.running[name] = j
	g.n++
	g.mu.Unlock()
	go func() {
		defer g.add(-1)
		defer close(j.done)
		defer cancel()
		if err := g.keep(ctx, name, run); err != nil {
			g.mu.Lock()
			g.errs = append(g.errs, fmt.Errorf("pipeline %s: %w", name, err))
			g.mu.Unlock()
		}
	}()
}

// keep runs a pipeline until it is done, or told to end.
func (g *Group) keep(ctx context.Context, name string, run func(context.Context) error) error {
	pause := firstPause
	for {
		began := time.Now()
		err := run(ctx)
		if err == nil || ctx.Err() != nil || errors.Is(err, ErrFinal) {
			if err != nil {
				g.Failed(name, err, 0)
			}
			return err
		}
		if time.Since(began) >= lastPause {
			pause = firstPause
		}
		g.Failed(name, err, pause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// Stop ends a pipeline and waits until it has ended.
func (g *Group) Stop(name string) {
	g.mu.Lock()
	j := g.running[name]
	delete(g.running, name)
	g.mu.Unlock()
	if j != nil {
		j.cancel()
		<-j.done
	}
}

// Wait returns when every pipeline has ended by itself or with the group's context, and
// joins what they failed with.
func (g *Group) Wait() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.n > 0 {
		g.fewer.Wait()
	}
	return errors.Join(g.errs...)
}
