//go:build !edge

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/model"
	"inkling/stream"
	"inkling/stream/natsio"
	"inkling/stream/worker"
)

// A modelPlan says which models the streams of a group go on with. It lies in a KV bucket.
type modelPlan struct {
	Model  string  `json:"model,omitempty"`  // hash; "": that of the configuration
	Canary string  `json:"canary,omitempty"` // hash of that of a share of the streams
	Share  float64 `json:"share,omitempty"`
	Shadow string  `json:"shadow,omitempty"` // hash of one that labels beside it
}

const planKey = "plan"

// A modelStore has the models of a group: their files in an object store, by their hashes, and
// the plan.
type modelStore struct {
	nc    *nats.Conn
	log   func(format string, args ...any)
	files jetstream.ObjectStore
	plans jetstream.KeyValue
}

func (w *workGroup) openModels(ctx context.Context) (*modelStore, error) {
	s := &modelStore{nc: w.nc, log: w.log}
	files := jetstream.ObjectStoreConfig{Bucket: w.keys.Models, Description: "models of inkling, by hash", Replicas: w.keys.Replicas}
	var err error
	s.files, err = natsio.Ensure(ctx, w.nc, "object store "+files.Bucket, w.log,
		func(ctx context.Context) (jetstream.ObjectStore, error) { return w.js.ObjectStore(ctx, files.Bucket) },
		func(ctx context.Context) (jetstream.ObjectStore, error) { return w.js.CreateObjectStore(ctx, files) },
		jetstream.ErrBucketNotFound, jetstream.ErrBucketExists)
	if err != nil {
		return nil, fmt.Errorf("object store %s: %w", files.Bucket, err)
	}
	plans := jetstream.KeyValueConfig{Bucket: w.planBucket(), Description: "which models an inkling group has", History: 20, Replicas: w.keys.Replicas}
	if s.plans, err = worker.EnsureBucket(ctx, w.js, plans, w.log); err != nil {
		return nil, fmt.Errorf("KV bucket %s: %w", plans.Bucket, err)
	}
	return s, nil
}

func (w *workGroup) planBucket() string { return w.layout.Output + "_model" }

// plan returns the plan, and its revision.
func (s *modelStore) plan(ctx context.Context) (p modelPlan, revision uint64, err error) {
	var e jetstream.KeyValueEntry
	err = natsio.Try(ctx, s.nc, "the plan of models", s.log, func(ctx context.Context) (err error) {
		e, err = s.plans.Get(ctx, planKey)
		return err
	})
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return p, 0, nil
	}
	if err != nil {
		return p, 0, err
	}
	return p, e.Revision(), json.Unmarshal(e.Value(), &p)
}

// change changes the plan, unless somebody else does at the same time.
func (s *modelStore) change(ctx context.Context, do func(*modelPlan)) error {
	p, revision, err := s.plan(ctx)
	if err != nil {
		return err
	}
	do(&p)
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if _, err = s.plans.Update(ctx, planKey, data, revision); errors.Is(err, jetstream.ErrKeyExists) {
		return errors.New("somebody else has just changed which model the group has: look at it with `inkling model list`, and try again")
	}
	return err
}

// mostModel is how large the file of a model in the object store may be, in bytes.
const mostModel = 256 << 20

// findFit returns the hash that begins so, of a model that workers of the group can go on with.
func (w *workGroup) findFit(ctx context.Context, s *modelStore, beginning string) (string, error) {
	hash, err := s.find(ctx, beginning)
	if err != nil {
		return "", err
	}
	f := &fleet{w: w, store: s, known: map[string]*fitted{}}
	_, err = f.find(ctx, hash)
	return hash, err
}

// load returns the model of a hash, whose file has to be what it says, and whose self-test has
// to hold on this machine.
func (s *modelStore) load(ctx context.Context, hash string) (*model.Model, error) {
	var data []byte
	err := natsio.Try(ctx, s.nc, "model "+hash, s.log, func(ctx context.Context) error {
		info, err := s.files.GetInfo(ctx, hash)
		switch {
		case err != nil:
			return err
		case info.Size > mostModel:
			return fmt.Errorf("%d MB, at most %d are read", info.Size>>20, mostModel>>20)
		}
		data, err = s.files.GetBytes(ctx, hash)
		return err
	})
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil, fmt.Errorf("the model %s is not in the object store: push it with `inkling model push`", hash)
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", hash, err)
	}
	m, err := model.Load(bytes.NewReader(data))
	if err != nil {
		return nil, ofModel("model "+hash, err)
	}
	if m.Hash() != hash {
		return nil, fmt.Errorf("model %s: what lies under this name is the model %s", hash, m.Hash())
	}
	if err := tested(m); err != nil {
		return nil, ofModel("model "+hash, err)
	}
	return m, nil
}

// ofModel says of which model an error is, in place of the package's name before it.
func ofModel(name string, err error) error {
	return fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "model: "))
}

// tested reports whether this machine computes m otherwise than the one that wrote its file.
func tested(m *model.Model) error {
	if _, err := m.Test(); err != nil && !errors.Is(err, model.ErrNoSelfTest) {
		return err
	}
	return nil
}

// find returns the hash that begins so.
func (s *modelStore) find(ctx context.Context, beginning string) (string, error) {
	all, err := s.files.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return "", err
	}
	var found []string
	for _, o := range all {
		if strings.HasPrefix(o.Name, beginning) {
			found = append(found, o.Name)
		}
	}
	switch {
	case beginning == "" || len(found) == 0:
		return "", fmt.Errorf("no model in the object store has a hash that begins with %q: `inkling model list` shows them, `inkling model push` adds one", beginning)
	case len(found) > 1:
		return "", fmt.Errorf("%d models have a hash that begins with %q: give more of it", len(found), beginning)
	}
	return found[0], nil
}

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
		return nil, fmt.Errorf("model %s: %s", hash, keysFor(err))
	}
	return &fitted{m: m, o: o}, nil
}

// fits reports why a model cannot follow that of the configuration in a group.
func (w *workGroup) fits(m *model.Model) error {
	if m.HasNext() != w.model.HasNext() {
		return errors.New("a model of labels and one of what comes next cannot follow one another in a group")
	}
	if m.Config.Channels != w.model.Config.Channels {
		return fmt.Errorf("it has %d channels, and the group's model has %d: messages are read by those of the configuration", m.Config.Channels, w.model.Config.Channels)
	}
	return nil
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

func (p modelPlan) String() string {
	text := "that of the configuration"
	if p.Model != "" {
		text = p.Model
	}
	if p.Canary != "" {
		text += fmt.Sprintf(", and %s for %.4g %% of the streams", p.Canary, 100*p.Share)
	}
	if p.Shadow != "" {
		text += ", with the shadow " + p.Shadow
	}
	return text
}
