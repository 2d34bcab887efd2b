//go:build !edge

package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"inkling/model"
	"inkling/stream"
)

// A fitted is a model with the options of the group.
type fitted struct {
	m *model.Model
	o *stream.Options

	once sync.Once // for unchecked
}

// A fleet is the models that the partitions of a worker go on with.
type fleet struct {
	w     *workGroup
	store *modelStore

	mu       sync.Mutex
	plan     modelPlan
	known    map[string]*fitted // by hash
	switches map[*stream.Switch]bool
	changed  chan struct{} // closed when the shadow changes
}

// newFleet begins with the plan that there is.
func newFleet(ctx context.Context, w *workGroup) (*fleet, error) {
	f := &fleet{w: w, known: map[string]*fitted{}, switches: map[*stream.Switch]bool{}, changed: make(chan struct{})}
	f.known[w.model.Hash()] = &fitted{m: w.model, o: w.options}
	var err error
	if f.store, err = w.openModels(ctx); err != nil {
		return nil, err
	}
	if f.plan, _, err = f.store.plan(ctx); err != nil {
		return nil, fmt.Errorf("the plan of models: %w", err)
	}
	for _, hash := range []string{f.plan.Model, f.plan.Canary} {
		if _, err := f.find(ctx, hash); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// find returns a model by its hash; "": that of the configuration. Only the caller waits while
// it is fetched.
func (f *fleet) find(ctx context.Context, hash string) (*fitted, error) {
	f.mu.Lock()
	x := f.at(hash)
	f.mu.Unlock()
	if x != nil {
		return x, nil
	}
	x, err := f.fetch(ctx, hash)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if first := f.known[hash]; first != nil { // somebody else has fetched it as well
		return first, nil
	}
	f.known[hash] = x
	return x, nil
}

// at is find for a model that was found before. The caller holds f.mu.
func (f *fleet) at(hash string) *fitted { return f.known[cmp.Or(hash, f.w.model.Hash())] }

func (f *fleet) fetch(ctx context.Context, hash string) (*fitted, error) {
	m, err := f.store.load(ctx, hash)
	if err != nil {
		return nil, err
	}
	if err := f.w.fits(m); err != nil {
		return nil, fmt.Errorf("model %s: %w", hash, err)
	}
	o, err := f.w.p.cmd.options(m)
	if err != nil {
		return nil, &reworded{"model " + hash + ": " + keysFor(err), err}
	}
	return &fitted{m: m, o: o}, nil
}

// join returns what a partition begins with; leave ends that it is told of changes.
func (f *fleet) join() (x *fitted, s *stream.Switch, leave func(), err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s = &stream.Switch{}
	if err := f.canary(s); err != nil {
		return nil, nil, nil, err
	}
	f.switches[s] = true
	return f.at(f.plan.Model), s, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.switches, s)
	}, nil
}

func (f *fleet) canary(s *stream.Switch) error {
	if f.plan.Canary == "" {
		return s.Canary(nil, nil, 0)
	}
	x := f.at(f.plan.Canary)
	return s.Canary(x.m, x.o, f.plan.Share)
}

// shadow returns the hash of the shadow, "": there is none, and what is closed when it changes.
func (f *fleet) shadow() (hash string, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.plan.Shadow, f.changed
}

// former returns the model with which streams end the segments that it has begun.
func (f *fleet) former(hash string) (*model.Model, *stream.Options, error) {
	if f.w.keys.OnModelChange == "reset" {
		return nil, nil, nil
	}
	m, o, err := f.formerly(hash)
	if err != nil {
		err = fmt.Errorf(`%w; or set on-model-change = "reset", which loses open segments`, err)
	}
	return m, o, err
}

// formerly is former whatever is to become of such segments.
func (f *fleet) formerly(hash string) (*model.Model, *stream.Options, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	x, err := f.find(ctx, hash)
	if err != nil {
		return nil, nil, err
	}
	return x.m, x.o, nil
}

// turn has all partitions go on with a plan, or none of them. A shadow is fetched by those who
// run it: nothing else of the plan waits for it.
func (f *fleet) turn(ctx context.Context, p modelPlan) error {
	x, err := f.find(ctx, p.Model)
	if err == nil {
		_, err = f.find(ctx, p.Canary)
	}
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	changed := f.plan.Model != p.Model
	if f.plan.Shadow != p.Shadow {
		close(f.changed)
		f.changed = make(chan struct{})
	}
	f.plan = p
	for s := range f.switches {
		if err = errors.Join(err, f.canary(s)); changed {
			err = errors.Join(err, s.To(x.m, x.o))
		}
	}
	return err
}

// follow follows the plan until ctx ends. A model that cannot be had changes nothing, and is
// tried again.
func (f *fleet) follow(ctx context.Context, a *app) {
	told := ""
	for ctx.Err() == nil {
		one, cancel := context.WithTimeout(ctx, time.Minute) // a watch can stall: it is begun again
		watch, err := f.store.plans.Watch(one, planKey)
		if err == nil {
			err = f.watch(ctx, a, watch)
			watch.Stop()
		}
		cancel()
		if err != nil && ctx.Err() == nil && err.Error() != told {
			told = err.Error()
			a.logf("the models stay as they are: %v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// unchecked says which models of the plan have no self-test. A shadow is looked at when it
// begins.
func (f *fleet) unchecked(a *app) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, hash := range []string{f.plan.Model, f.plan.Canary} {
		if x := f.known[hash]; x != nil {
			x.unchecked(a, hash)
		}
	}
}

// unchecked says once that a model has no self-test, if it has none.
func (x *fitted) unchecked(a *app, hash string) {
	if x.m.SelfTest() == nil {
		x.once.Do(func() { a.logf("model %s: %v; this machine takes it unchecked", hash, model.ErrNoSelfTest) })
	}
}

func (f *fleet) watch(ctx context.Context, a *app, watch jetstream.KeyWatcher) error {
	for e := range watch.Updates() {
		if e == nil || e.Operation() != jetstream.KeyValuePut {
			continue
		}
		var p modelPlan
		if err := json.Unmarshal(e.Value(), &p); err != nil {
			return err
		}
		f.mu.Lock()
		same := p == f.plan
		f.mu.Unlock()
		if same {
			continue
		}
		if err := f.turn(ctx, p); err != nil {
			return err
		}
		a.logf("models: %s", p)
		f.unchecked(a)
	}
	return nil
}
