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
	Shadow  modelShadowCmd  `cmd:"" help:"Have a model label all streams beside the one in use, and count where they differ."`
	Promote modelPromoteCmd `cmd:"" help:"Have all streams go on with a model."`
}

type modelPushCmd struct {
	Config string `arg:"" help:"The configuration of the workers."`
	Model  string `arg:"" help:"A model file, or bundled:notes."`
}

type modelListCmd struct {
	Config string `arg:"" help:"The configuration of the workers."`
	Truths string `help:"CSV with the columns stream, segment and label: true labels of some segments of the model in use, by which the shadow is tested." type:"path" placeholder:"FILE"`
	JSON   bool   `help:"Print JSON instead."`
}

type modelShadowCmd struct {
	Config string `arg:"" help:"The configuration of the workers."`
	Hash   string `arg:"" optional:"" help:"Hash of a model that is stored, or its beginning."`
	End    bool   `help:"End the shadow that there is, and delete what it said."`
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
			return ofModel(c.Model, err)
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

	Shadow *shadowState `json:"shadow,omitempty"` // of the shadow
}

func (c *modelListCmd) Run(a *app) error {
	truths, err := readTruths(c.Truths)
	if err != nil {
		return err
	}
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
			if m.Hash == p.Shadow {
				if m.Shadow, err = w.compareShadow(a.ctx, p.Shadow, truths); err != nil {
					return err
				}
			}
		}
		if c.Truths != "" && p.Shadow == "" {
			return usagef("--truths: there is no shadow to be tested: `inkling model shadow` begins one")
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
		for _, m := range list {
			if m.Shadow != nil {
				fmt.Fprintf(t, "\n%s\n", m.Shadow)
			}
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
		ended := false
		err = s.change(a.ctx, func(p *modelPlan) {
			p.Model = hash
			if p.Canary == hash {
				p.Canary, p.Share = "", 0
			}
			if ended = p.Shadow == hash; ended {
				p.Shadow = ""
			}
		})
		if err == nil && ended {
			err = w.layout.EndShadow(a.ctx, w.js, hash)
		}
		return err
	})
}

func (c *modelShadowCmd) Run(a *app) error {
	if (c.Hash == "") != c.End {
		return usagef("give the hash of a model, or --end, which ends the shadow")
	}
	return withModels(a, c.Config, func(w *workGroup, s *modelStore) error {
		p, _, err := s.plan(a.ctx)
		if err != nil {
			return err
		}
		hash, was := "", p.Shadow
		if c.End {
			if was == "" {
				return errors.New("there is no shadow")
			}
		} else {
			if hash, err = w.findFit(a.ctx, s, c.Hash); err != nil {
				return err
			}
			switch {
			case w.model.HasNext():
				return errors.New("a model of what comes next has no labels to compare")
			case hash == was:
				return fmt.Errorf("%s is the shadow already", hash)
			}
			if err := w.layout.BeginShadow(a.ctx, w.js, hash); err != nil {
				return err
			}
		}
		if err := s.change(a.ctx, func(p *modelPlan) { p.Shadow = hash }); err != nil || was == "" {
			return err
		}
		return w.layout.EndShadow(a.ctx, w.js, was)
	})
}
