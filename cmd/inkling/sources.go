package main

import (
	"fmt"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/stream"
	"inkling/stream/natsio"
)

// sources are what the pipelines of a service read together: one that several of them name
// in the same way is read and decoded once.
type sources struct {
	mu   sync.Mutex
	open map[string]*commonSource
}

// A commonSource is one of them, with what the streams of its pipelines share.
type commonSource struct {
	mu     sync.Mutex // held while it is opened
	tee    *capture.Tee
	input  input
	shared *stream.Shared
}

// sourceKey says which source a pipeline reads and how: two with the same one read it
// together. "": it reads alone, as what ends by itself or has been stored is read from its
// beginning.
func (c *runCmd) sourceKey() string {
	if len(c.Source) != 1 || !endless(c.Source[0]) || isStored(c.Source[0]) {
		return ""
	}
	how := c.sourceFlags
	how.model, how.pending = nil, 0
	key := fmt.Sprintf("%q %#v", c.Source, how)
	if kind, _, _ := strings.Cut(c.Source[0], ":"); kind == "nats" {
		m := c.model
		key += fmt.Sprintf(" %#v %v %d %q %q %t", c.natsFlags, m.Rate, m.Channels, m.Names, m.Units, m.Text())
	}
	return key
}

// join returns a reader of the source of c, which open opens if no other pipeline has.
func (s *sources) join(a *app, c *runCmd, prefix string, open opener, nc func() (*nats.Conn, error)) (*input, *stream.Shared, error) {
	key := c.sourceKey()
	if key == "" {
		in, err := open(a, c.Source, nc, prefix)
		return in, nil, err
	}
	s.mu.Lock()
	one := s.open[key]
	if one == nil {
		one = &commonSource{}
		s.open[key] = one
	}
	s.mu.Unlock()
	one.mu.Lock()
	defer one.mu.Unlock()
	var reader *capture.TeeReader
	if one.tee != nil {
		reader = one.tee.Reader()
	}
	if reader == nil {
		in, err := open(a, c.Source, nc, prefix)
		if err != nil {
			return nil, nil, err
		}
		one.input, one.shared = *in, &stream.Shared{}
		one.tee = capture.NewTee(a.ctx, in.Source)
		reader = one.tee.Reader()
	} else if subject, ok := strings.CutPrefix(c.Source[0], "nats:"); ok {
		if err := natsio.CheckOutput(subject, prefix); err != nil {
			reader.Close()
			return nil, nil, err
		}
		a.logf("reads %s together with another pipeline", c.Source[0])
	}
	in := one.input
	in.Source = reader
	return &in, one.shared, nil
}
