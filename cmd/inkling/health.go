package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/stream"
	"inkling/stream/health"
	"inkling/stream/metrics"
)

// healthFlags choose where the page, health and metrics are served.
type healthFlags struct {
	HTTP      string   `name:"http" help:"Serve a page that shows the streams, and /healthz, /readyz and /metrics, at this address; without a host on this machine alone. At 0.0.0.0:PORT for others too: the page then needs --http-token." placeholder:"HOST:PORT"`
	HTTPHost  []string `name:"http-host" help:"Names under which --http may be asked, beside addresses and the name of this machine." placeholder:"NAME"`
	HTTPToken string   `name:"http-token" env:"INKLING_HTTP_TOKEN" help:"Browsers open the page as /?token=TEXT. The variable INKLING_HTTP_TOKEN hides it from the list of processes." placeholder:"TEXT"`
}

// correctFlags say where corrections go.
type correctFlags struct {
	Corrections string `help:"With --http: segments that are corrected on the page become examples in this folder, which train reads [with --keep the folder corrected in it]." placeholder:"DIR"`
}

// vitals are what --http shows of a process: the page, and the figures and checks of its
// pipelines.
type vitals struct {
	metrics *metrics.Set // nil without --http
	page    *page        // nil without --http, and in builds without it
	address string       // of the page, as a browser takes it

	mu     sync.Mutex
	names  []string // of pipelines, in order
	checks map[string][]health.Check
}

// shortToken is the length below which a token could be guessed.
const shortToken = 8

// start listens, if the flags say so, and returns what ends it.
func (f *healthFlags) start(a *app) (v *vitals, end func(), err error) {
	v = &vitals{checks: map[string][]health.Check{}}
	if f.HTTP == "" {
		if len(f.HTTPHost) > 0 {
			return nil, nil, usagef("--http-host: give --http HOST:PORT as well")
		}
		return v, func() {}, nil
	}
	if err := f.checkToken(); err != nil {
		return nil, nil, err
	}
	v.metrics = metrics.New()
	var shown site
	if v.page = newPage(f.HTTPToken, health.Open(f.HTTP)); v.page != nil {
		shown = v.page
	}
	end, err = f.serve(a, v, shown)
	return v, end, err
}

func (f *healthFlags) checkToken() error {
	if f.HTTPToken != "" && len(f.HTTPToken) < shortToken {
		return usagef("--http-token: a token of %d characters can be guessed: give %d or more, such as `openssl rand -hex 16` prints", len(f.HTTPToken), shortToken)
	}
	return nil
}

// A site is what a browser is served.
type site interface {
	Handler() http.Handler
	Close()
}

// serve serves a site, if there is one, beside the health checks, and returns what ends it.
func (f *healthFlags) serve(a *app, v *vitals, page site) (end func(), err error) {
	o := health.Options{Checks: v.all, Hosts: f.HTTPHost}
	if page != nil {
		o.Page = page.Handler()
	}
	if v.metrics != nil {
		o.Metrics = v.metrics.Handler()
	}
	s, err := health.Listen(f.HTTP, o)
	if err != nil {
		return nil, usagef("--http: %w", err)
	}
	v.address = fmt.Sprintf("http://%s/", s.Addr())
	if v.metrics != nil {
		a.logf("health and metrics at http://%s: /healthz, /readyz, /metrics", s.Addr())
	}
	v.where(a, f, health.Open(f.HTTP))
	return func() {
		if page != nil {
			page.Close()
		}
		s.Close()
	}, nil
}

// meter returns the meter of a pipeline; nil without --http.
func (v *vitals) meter(pipeline string) *metrics.Meter {
	if v.metrics == nil {
		return nil
	}
	return v.metrics.Pipeline(pipeline)
}

// set replaces the checks of a pipeline; with none it counts as ready.
func (v *vitals) set(pipeline string, checks ...health.Check) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, known := v.checks[pipeline]; !known {
		v.names = append(v.names, pipeline)
	}
	for i := range checks {
		if pipeline != "" {
			checks[i].Name = pipeline + ": " + checks[i].Name
		}
	}
	v.checks[pipeline] = checks
}

// forget drops a pipeline that is no more.
func (v *vitals) forget(pipeline string) {
	v.set(pipeline)
	if v.metrics != nil {
		v.metrics.Forget(pipeline)
	}
	if v.page != nil {
		v.page.Forget(pipeline)
	}
}

// fail makes a pipeline not ready, for a reason.
func (v *vitals) fail(pipeline, why string) {
	err := errors.New(why)
	v.set(pipeline, health.Check{Name: "pipeline", Check: func(context.Context) error { return err }})
}

// reconnects counts those of a connection.
func (v *vitals) reconnects(name string, nc *nats.Conn) {
	if v.metrics != nil {
		v.metrics.Reconnects(name, func() uint64 { return nc.Stats().Reconnects })
	}
}

func (v *vitals) all() (all []health.Check) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, n := range v.names {
		all = append(all, v.checks[n]...)
	}
	return all
}

// checks returns what has to be well for a run: its source and sinks are connected, take
// and deliver, and if staleAfter is not 0, samples are not older.
func checks(src *input, sinks []stream.Sink, meter *metrics.Meter, staleAfter time.Duration) []health.Check {
	local := src.device != "" // a restart opens the device again
	all := []health.Check{{Name: "source", Restart: local, Check: func(ctx context.Context) error { return capture.Check(ctx, src.Source) }}}
	for i, s := range sinks {
		all = append(all, health.Check{Name: fmt.Sprintf("sink %d", i+1), Check: func(ctx context.Context) error {
			return errors.Join(takes(meter, i), capture.Check(ctx, s))
		}})
	}
	if staleAfter > 0 {
		all = append(all, health.Check{Name: "samples", Restart: local, Check: func(context.Context) error { return fresh(meter.Last(), staleAfter) }})
	}
	return all
}

// takes returns an error if a sink has failed or takes nothing.
func takes(meter *metrics.Meter, sink int) error {
	l, running := meter.Load()
	if !running || sink >= len(l.Sinks) {
		return errors.New("the run has not begun")
	}
	if err := l.Sinks[sink].Err; err != nil {
		return err
	}
	if l.Sinks[sink].Stalled {
		return fmt.Errorf("it takes nothing: %d events wait for it", l.Sinks[sink].Events)
	}
	return nil
}

func fresh(last time.Time, within time.Duration) error {
	switch age := time.Since(last); {
	case last.IsZero():
		return errors.New("none has come yet")
	case age > within:
		return fmt.Errorf("the last ones are %s old, and --stale-after is %s", age.Round(time.Millisecond), within)
	}
	return nil
}
