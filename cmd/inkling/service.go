package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/stream"
	"inkling/stream/serve"
)

// A host runs the pipelines of a service.
type host struct {
	a      *app
	v      *vitals
	group  *serve.Group
	output sync.Mutex // of standard output and standard error

	sources sources

	mu    sync.Mutex
	conns map[natsFlags]*connector
	mics  map[string]*claim // by the device that is open
}

// A claim says who has a device open, and how.
type claim struct {
	pipeline string // the first of them
	key      string
	readers  int
}

// serve runs the pipelines until all of them have ended, or the program is told to end.
// Meanwhile it follows changes of the configuration and of the models.
func (s *service) serve(a *app, v *vitals) error {
	r := &host{a: a, v: v, sources: sources{open: map[string]*commonSource{}}, conns: map[natsFlags]*connector{}, mics: map[string]*claim{}}
	defer r.close()
	r.group = serve.NewGroup(a.ctx, r.failed)
	defer context.AfterFunc(a.ctx, func() { v.fail("serve", stopping) })()
	limitMemory(s.memory())
	for _, p := range s.pipelines {
		r.start(p)
	}
	ctx, cancel := context.WithCancel(a.ctx)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		r.follow(ctx, s)
	}()
	err := r.group.Wait()
	cancel()
	<-followed
	return errors.Join(err, r.group.Wait()) // of what was started meanwhile
}

// memory returns what the pipelines may take together.
func (s *service) memory() (most, outage int) {
	for _, p := range s.pipelines {
		most, outage = most+int(p.cmd.MaxMemory), outage+int(p.cmd.OutageMemory)
	}
	return most, outage
}

func (r *host) start(p *pipeline) {
	name := p.table.Name
	r.v.fail(name, "it has not begun")
	r.group.Start(name, func(ctx context.Context) error { return r.run(ctx, p) })
}

// failed tells of a pipeline that has failed.
func (r *host) failed(name string, err error, again time.Duration) {
	r.v.fail(name, keysFor(err))
	if again > 0 {
		r.app(name).logf("%s; trying again in %s", keysFor(err), again)
	}
}

// run runs a pipeline once.
func (r *host) run(ctx context.Context, p *pipeline) error {
	name, a := p.table.Name, r.app(p.table.Name)
	m, options := p.now()
	p.cmd.sources = &r.sources
	s, err := p.cmd.openSession(a, m, options, r.connect(&p.cmd.natsFlags), r.v.meter(name))
	if err != nil {
		return final(p, err)
	}
	if other := r.claim(s.source.device, name, p.cmd.sourceKey()); other != "" {
		s.close()
		return fmt.Errorf("%w: source: the microphone %s is read by pipeline %s already: give another device, or the same rate and channels in both", serve.ErrFinal, s.source.device, other)
	}
	defer r.release(s.source.device)
	s.options.Session, s.options.Switch = newSession(name), &p.turn
	p.show(r.v, s, name)
	if !p.cmd.Quiet {
		s.sinks = append(s.sinks, stream.NewJSON(quitter{&lines{mu: &r.output, w: r.a.data()}}))
	}
	r.v.set(name, s.checks...)
	err = s.run(ctx)
	r.v.set(name) // what has ended well does not make the others look ill
	if err != nil {
		return final(p, err)
	}
	return nil
}

// final marks errors of a source that ends: to read it again would label it twice.
func final(p *pipeline, err error) error {
	if p.cmd.endless() {
		return err
	}
	return fmt.Errorf("%w (%w)", err, serve.ErrFinal)
}

// newSession returns an id for a run of a pipeline, which shows whose it is.
func newSession(pipeline string) string {
	var b [8]byte
	rand.Read(b[:])
	return pipeline + "-" + hex.EncodeToString(b[:])
}

// claim notes that a pipeline has a device open, and returns the one that has it already, if
// the two do not read it together.
func (r *host) claim(device, pipeline, key string) (other string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if device == "" {
		return ""
	}
	c := r.mics[device]
	if c == nil {
		c = &claim{pipeline: pipeline, key: key}
		r.mics[device] = c
	}
	if c.key != key {
		return c.pipeline
	}
	c.readers++
	return ""
}

func (r *host) release(device string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.mics[device]; c != nil {
		if c.readers--; c.readers == 0 {
			delete(r.mics, device)
		}
	}
}

// connect returns what connects to a server, once for all pipelines that mean the same.
func (r *host) connect(flags *natsFlags) func() (*nats.Conn, error) {
	return func() (*nats.Conn, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		c := r.conns[*flags]
		if c == nil {
			name := fmt.Sprintf("nats %d", len(r.conns)+1)
			c = &connector{flags: flags, made: func(nc *nats.Conn) { r.v.reconnects(name, nc) }}
			r.conns[*flags] = c
		}
		return c.connect()
	}
}

func (r *host) close() {
	for _, c := range r.conns {
		c.close()
	}
}

// app is that of a pipeline: its lines on standard error begin with its name.
func (r *host) app(name string) *app {
	a := *r.a
	a.stderr = &prefixed{mu: &r.output, w: a.stderr, prefix: name + ": "}
	return &a
}

// prefixed writes each line, which comes in one Write, behind a prefix.
type prefixed struct {
	mu     *sync.Mutex
	w      io.Writer
	prefix string
}

func (p *prefixed) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := io.WriteString(p.w, p.prefix+string(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// lines passes on whole lines, so that those of several pipelines do not mix.
type lines struct {
	mu   *sync.Mutex
	w    io.Writer
	part []byte
}

func (l *lines) Write(p []byte) (int, error) {
	end := bytes.LastIndexByte(p, '\n') + 1
	if end == 0 {
		l.part = append(l.part, p...)
		return len(p), nil
	}
	l.part = append(l.part, p[:end]...)
	l.mu.Lock()
	_, err := l.w.Write(l.part)
	l.mu.Unlock()
	l.part = append(l.part[:0], p[end:]...)
	return len(p), err
}
