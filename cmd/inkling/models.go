//go:build !edge

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/model"
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
	return &reworded{name + ": " + strings.TrimPrefix(err.Error(), "model: "), err}
}

// A reworded is an error in words for a person, in which errors.Is and errors.As find err.
type reworded struct {
	text string
	err  error
}

func (e *reworded) Error() string { return e.text }

func (e *reworded) Unwrap() error { return e.err }

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
