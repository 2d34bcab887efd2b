//go:build !edge

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

type modelCmd struct {
	Push    modelPushCmd    `cmd:"" help:"Store a model for the workers of a group."`
	List    modelListCmd    `cmd:"" help:"List the models that are stored, and which of them the streams have."`
	Canary  modelCanaryCmd  `cmd:"" help:"Have a share of the streams go on with a model."`
	Promote modelPromoteCmd `cmd:"" help:"Have all streams go on with a model."`
}

type modelPushCmd struct {
	Config string `arg:"" help:"The configuration of the workers."`
	Model  string `arg:"" help:"A model file, or bundled:notes."`
}

type modelListCmd struct {
	Config string `arg:"" help:"The configuration of the workers."`
	JSON   bool   `help:"Print JSON instead."`
}

type modelCanaryCmd struct {
	Config string  `arg:"" help:"The configuration of the workers."`
	Hash   string  `arg:"" optional:"" help:"Hash of a model that is stored, or its beginning."`
	Share  float64 `help:"Share of the streams, 0 to 1; 0 ends it." default:"0.1"`
}

type modelPromoteCmd struct {
	Config string `arg:"" help:"The configuration of the workers."`
	Hash   string `arg:"" help:"Hash of a model that is stored, or its beginning."`
}

// withModels calls do with the models of a group.
func withModels(a *app, config string, do func(*workGroup, *modelStore) error) error {
	w, end, err := openGroup(a, config)
	if err != nil {
		return err
	}
	defer end()
	s, err := w.openModels(a.ctx)
	if err != nil {
		return err
	}
	return do(w, s)
}

func (c *modelPushCmd) Run(a *app) error {
	return withModels(a, c.Config, func(w *workGroup, s *modelStore) error {
		m, err := openModel(c.Model)
		if err != nil {
			return err
		}
		if err := w.fits(m); err != nil {
			return fmt.Errorf("%s: %w", c.Model, err)
		}
		if err := tested(m); err != nil {
			return fmt.Errorf("%s: %w", c.Model, err)
		}
		var b bytes.Buffer
		if err := m.Save(&b); err != nil {
			return err
		}
		if _, err := s.files.PutBytes(a.ctx, m.Hash(), b.Bytes()); err != nil {
			return err
		}
		if _, err := s.load(a.ctx, m.Hash()); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, m.Hash())
		return nil
	})
}

// A storedModel is a line of model list.
type storedModel struct {
	Hash  string    `json:"hash"`
	Bytes uint64    `json:"bytes"`
	At    time.Time `json:"at"`
	Share float64   `json:"share"` // of the streams
}

func (c *modelListCmd) Run(a *app) error {
	return withModels(a, c.Config, func(w *workGroup, s *modelStore) error {
		p, _, err := s.plan(a.ctx)
		if err != nil {
			return err
		}
		all, err := s.files.List(a.ctx)
		if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
			return err
		}
		own := w.model.Hash()
		list := []storedModel{}
		for _, o := range all {
			list = append(list, storedModel{Hash: o.Name, Bytes: o.Size, At: o.ModTime})
		}
		if !slices.ContainsFunc(list, func(m storedModel) bool { return m.Hash == own }) {
			list = append(list, storedModel{Hash: own}) // of the configuration alone
		}
		if p.Model == "" {
			p.Model = own
		}
		for i := range list {
			m := &list[i]
			if m.Hash == p.Model {
				m.Share = 1 - p.Share
			}
			if m.Hash == p.Canary {
				m.Share += p.Share
			}
		}
		slices.SortFunc(list, func(a, b storedModel) int { return a.At.Compare(b.At) })
		if c.JSON {
			return json.NewEncoder(a.stdout).Encode(list)
		}
		t := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "MODEL\tSTREAMS\tSTORED\tKB")
		for _, m := range list {
			at, size := "of the configuration", "-"
			if !m.At.IsZero() {
				at, size = m.At.Format(time.RFC3339), fmt.Sprint((m.Bytes+999)/1000)
			}
			fmt.Fprintf(t, "%s\t%.4g %%\t%s\t%s\n", m.Hash, 100*m.Share, at, size)
		}
		return t.Flush()
	})
}

func (c *modelCanaryCmd) Run(a *app) error {
	if c.Share < 0 || c.Share > 1 {
		return usagef("--share %g: give 0 to 1", c.Share)
	}
	if c.Hash == "" && c.Share > 0 {
		return usagef("give the hash of a model, or --share 0, which ends a canary")
	}
	return withModels(a, c.Config, func(w *workGroup, s *modelStore) error {
		hash := ""
		if c.Share > 0 {
			var err error
			if hash, err = w.findFit(a.ctx, s, c.Hash); err != nil {
				return err
			}
		}
		return s.change(a.ctx, func(p *modelPlan) { p.Canary, p.Share = hash, c.Share })
	})
}

func (c *modelPromoteCmd) Run(a *app) error {
	return withModels(a, c.Config, func(w *workGroup, s *modelStore) error {
		hash, err := w.findFit(a.ctx, s, c.Hash)
		if err != nil {
			return err
		}
		return s.change(a.ctx, func(p *modelPlan) {
			p.Model = hash
			if p.Canary == hash {
				p.Canary, p.Share = "", 0
			}
		})
	})
}
