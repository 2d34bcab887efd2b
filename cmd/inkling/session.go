package main

import (
	"cmp"
	"context"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/model"
	"inkling/stream"
	"inkling/stream/health"
	"inkling/stream/metrics"
)

// A session is a run with everything open that it needs.
type session struct {
	cmd     *runCmd
	model   *model.Model
	source  *input
	sinks   []stream.Sink
	options *stream.RunOptions
	meter   *metrics.Meter // nil: none
	checks  []health.Check
	opened  []func()
}

// openSession opens what a run needs. connect connects to NATS, once.
func (c *runCmd) openSession(a *app, m *model.Model, options *stream.Options, connect func() (*nats.Conn, error), meter *metrics.Meter) (s *session, err error) {
	opening := &session{cmd: c, model: m, meter: meter}
	s = opening
	defer func() {
		if err != nil {
			opening.close()
		}
	}()
	var prefix string
	if s.sinks, prefix, err = c.sinks(a, connect); err != nil {
		return nil, err
	}
	s.opened = append(s.opened, func() { // what holds files, if Run has not come to it
		for _, sink := range opening.sinks {
			switch sink.(type) {
			case *stream.Spilled, *stream.JSONFile:
				sink.Close()
			}
		}
	})
	c.model, c.pending = &m.Config, int(c.MaxMemory/4)
	open := opener(c.sourceFlags.open)
	switch {
	case len(c.Source) == 0:
		open = c.noSource
	case m.Config.Text():
		open = c.openText
	}
	var shared *stream.Shared
	if c.sources == nil {
		s.source, err = open(a, c.Source, connect, prefix)
	} else {
		s.source, shared, err = c.sources.join(a, c, prefix, open, connect)
	}
	if err != nil {
		return nil, err
	}
	s.source = s.source.looked()
	s.opened = append(s.opened, func() { opening.source.Close() })
	if meter != nil {
		s.checks = checks(s.source, s.sinks, meter, c.StaleAfter)
	}
	if c.Service != "" {
		svc, err := c.serve(a, m, options, connect)
		if err != nil {
			return nil, err
		}
		s.opened = append(s.opened, func() { svc.Stop() })
		s.checks = append(s.checks, health.Check{Name: "service", Check: func(ctx context.Context) error { return capture.Check(ctx, svc) }})
	}
	o := &stream.RunOptions{Version: version, Finite: s.source.finite, Live: s.source.live, Gather: c.Gather, Drain: c.Drain, Keep: int(c.OutageMemory),
		Streams: c.MaxStreams, Memory: int(c.MaxMemory / 2), State: c.State, Save: c.SaveEvery, SaveDaily: int64(cmp.Or(c.SaveDaily, saveDaily)), Shared: shared}
	if c.Gather == 0 {
		o.Gather = -1
	}
	if meter != nil {
		o.Meter = meter
	}
	o.Options = *options
	kept, end, err := c.keepFlags.open(a)
	if err != nil {
		return nil, err
	}
	if kept != nil {
		s.opened = append(s.opened, end)
		o.Taps = append(o.Taps, kept.Tap)
	}
	s.options = o
	c.explain(a, options.Segment)
	return s, nil
}

// run labels the source until it or ctx ends, and closes the session.
func (s *session) run(ctx context.Context) error {
	defer s.close()
	return leadsHint(s.cmd.Source, asUsage(stream.Run(ctx, s.source.Source, s.model, s.options, s.sinks...)))
}

func (s *session) close() {
	for i := len(s.opened) - 1; i >= 0; i-- {
		s.opened[i]()
	}
	s.opened = nil
}

// A connector connects to a NATS server when it is needed, once.
type connector struct {
	flags *natsFlags
	nc    *nats.Conn
	made  func(*nats.Conn) // if set, is told of the connection
}

func (c *connector) connect() (nc *nats.Conn, err error) {
	if c.nc == nil {
		if c.nc, err = c.flags.connect(); err == nil && c.made != nil {
			c.made(c.nc)
		}
	}
	return c.nc, err
}

func (c *connector) close() {
	if c.nc != nil {
		c.nc.Close()
	}
}

// stopping is why a process that has been told to end is not ready.
const stopping = "the program is ending"
