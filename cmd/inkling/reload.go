package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"inkling/model"
	"inkling/stream"
)

// lookEvery is how often the files of models are looked at.
const lookEvery = time.Second

// follow takes over changes of s until ctx ends: those of the configuration at SIGHUP, and
// those of model files when they happen.
func (r *host) follow(ctx context.Context, s *service) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	seen := s.files()
	for {
		asked := false
		select {
		case <-ctx.Done():
			return
		case <-r.a.hangup:
			asked = true
		case <-tick.C:
		}
		files := s.files()
		if !asked && slices.Equal(files, seen) {
			continue
		}
		seen = files
		next, err := loadService(r.a, s.config.File)
		if err == nil {
			err = next.checkHealth(r.a.http)
		}
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				r.a.logf("%s", strings.TrimSuffix(line, "\n"))
			}
			r.a.logf("%s: not taken over, everything goes on as it was", s.config.File)
			continue
		}
		r.group.Change(func() { s = r.change(s, next, asked) })
		seen = s.files()
	}
}

// files returns what the files of the models look like from outside, in order.
func (s *service) files() (all []string) {
	for _, p := range s.pipelines {
		if p.path == bundledNotes {
			continue
		}
		info, err := os.Stat(p.path)
		if err != nil {
			all = append(all, p.path) // it may be about to be replaced
			continue
		}
		all = append(all, fmt.Sprint(p.path, " ", info.Size(), " ", info.ModTime().UnixNano()))
	}
	return all
}

// change makes old into next, and returns what there is then. Pipelines that have not
// changed notice nothing. asked is false if only models may have changed.
func (r *host) change(old, next *service, asked bool) *service {
	var before [2]int
	before[0], before[1] = old.memory()
	there := map[string]*pipeline{}
	for _, p := range old.pipelines {
		there[p.table.Name] = p
	}
	if !asked && !sameTables(old, next) {
		r.a.logf("%s has changed as well: send SIGHUP to take that over", old.config.File)
	}
	if asked && (old.health.HTTP != next.health.HTTP || old.health.HTTPToken != next.health.HTTPToken || !slices.Equal(old.health.HTTPHost, next.health.HTTPHost)) {
		r.a.logf("%s: http, http-host and http-token are taken over when the program is started again", old.config.File)
	}
	kept := &service{config: next.config, health: next.health}
	if !asked {
		kept.config = old.config
	}
	for _, p := range next.pipelines {
		name := p.table.Name
		q := there[name]
		switch {
		case q == nil && !asked:
			continue
		case q == nil:
			r.app(name).logf("begins")
			r.start(p)
		case asked || slices.Equal(p.args, q.args):
			p = r.replace(q, p)
		default:
			p = q
		}
		delete(there, name)
		kept.pipelines = append(kept.pipelines, p)
	}
	for name, p := range there {
		if !asked {
			kept.pipelines = append(kept.pipelines, p)
			continue
		}
		r.app(name).logf("ends, since it is no longer in the configuration")
		r.group.Stop(name)
		r.v.forget(name)
	}
	if most, outage := kept.memory(); [2]int{most, outage} != before {
		limitMemory(most, outage)
	}
	return kept
}

func sameTables(a, b *service) bool {
	return slices.EqualFunc(a.pipelines, b.pipelines, func(p, q *pipeline) bool {
		return p.table.Name == q.table.Name && slices.Equal(p.args, q.args)
	})
}

// replace makes a pipeline what next is, and returns the one that then runs. If only the
// model, the segments or the labels differ, its streams go on with them after their open
// segments.
func (r *host) replace(p, next *pipeline) *pipeline {
	a := r.app(p.table.Name)
	m, _ := p.now()
	same := slices.Equal(p.args, next.args)
	if same && m.Hash() == next.model.Hash() {
		return p
	}
	if fixedArgs(p.args, p.cmd) == fixedArgs(next.args, next.cmd) && p.cmd.Service == "" && sameSignal(m, next.model) {
		err := p.switchTo(next.model, r.v.shown(next.options))
		if err == nil {
			a.logf("another model or other options: streams go on with them after their open segments")
			p.path, p.args = next.path, next.args
			return p
		}
		a.logf("%v", keysFor(err))
	}
	a.logf("ends what has arrived, and begins again as it is now configured")
	r.group.Stop(p.table.Name)
	r.start(next)
	return next
}

// sameSignal reports whether two models take the same samples from a source.
func sameSignal(m, n *model.Model) bool {
	a, b := &m.Config, &n.Config
	return a.Rate == b.Rate && a.Channels == b.Channels && a.Text() == b.Text() && slices.Equal(a.Names, b.Names) && slices.Equal(a.Units, b.Units)
}

// switchTo has the pipeline's streams, and every further run of it, go on with m and o.
func (p *pipeline) switchTo(m *model.Model, o *stream.Options) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.model.HasNext() != m.HasNext() {
		return errors.New("a model of labels and one of what comes next cannot follow one another")
	}
	if err := p.turn.To(m, o); err != nil {
		return err
	}
	p.model, p.options = m, o
	return nil
}

// fixedArgs returns what of the arguments a run cannot change while it goes on: all but
// what shapes segments and labels.
func fixedArgs(args []string, c *runCmd) string {
	changes := append(flagNames(parserOf(&segmentFlags{})), flagNames(parserOf(&decisionFlags{}))...)
	changes = append(changes, "emit", "gap", "report-background", "why", "ahead")
	var fixed []string
	for _, arg := range args {
		name, _, _ := strings.Cut(strings.TrimPrefix(arg, "--"), "=")
		if arg == "--" {
			break
		}
		if !slices.Contains(changes, name) {
			fixed = append(fixed, arg)
		}
	}
	return strings.Join(append(fixed, c.Source...), "\x00")
}
