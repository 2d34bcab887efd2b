package main

import (
	"context"
	"os"
	"strings"
	"time"

	"inkling/internal/sdnotify"
	"inkling/stream/health"
	"inkling/stream/metrics"
)

// A watcher tells the service manager how a service is: when it has begun, what it waits
// for, that it is alive, and that it ends.
type watcher struct {
	manager  interface{ Send(lines ...string) error }
	watchdog time.Duration // 0: the manager waits for no sign of life
	checks   func() []health.Check

	begun bool
	well  time.Time // when nothing was wrong last that a restart mends
	said  string
}

// checkEvery is the time between two looks at the checks.
const checkEvery = 5 * time.Second

// watch tells the service manager that has started the process, if one has, how the service
// is, until end is called; v then has the checks for it, also without --http.
func (v *vitals) watch(a *app) (end func()) {
	m, err := sdnotify.Dial(os.Getenv("NOTIFY_SOCKET"))
	if err != nil {
		a.logf("%v", err)
	}
	if m == nil {
		return func() {}
	}
	if v.metrics == nil {
		v.metrics = metrics.New()
	}
	w := &watcher{manager: m, watchdog: sdnotify.Watchdog(os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID"), os.Getpid()), checks: v.all}
	ctx, cancel := context.WithCancel(a.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.run(ctx)
	}()
	return func() {
		cancel()
		<-done
		m.Close()
	}
}

// run looks at the checks until ctx ends.
func (w *watcher) run(ctx context.Context) {
	every := checkEvery
	if w.watchdog > 0 {
		every = min(every, w.watchdog/4)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	w.well = time.Now()
	for {
		w.look(ctx, every)
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.manager.Send("STOPPING=1", sdnotify.Status("labelling and delivering what has arrived"))
			return
		}
	}
}

// look makes the checks and tells the manager. The service has begun when it is ready; until
// then the manager goes on waiting. After that, a sign of life is due as long as nothing is
// wrong that a restart mends: a broker that is away comes back by itself, and a restart in
// the meantime would only lose what waits for it.
func (w *watcher) look(ctx context.Context, within time.Duration) {
	report := health.Ask(ctx, w.checks(), within/2)
	if ctx.Err() != nil {
		return
	}
	var wrong []string
	stuck := false
	for _, r := range report.Checks {
		if !r.Ready {
			wrong = append(wrong, r.Name+": "+r.Why)
			stuck = stuck || r.Restart
		}
	}
	if !stuck {
		w.well = time.Now()
	}
	status := sdnotify.Status("ready")
	if !report.Ready {
		status = sdnotify.Status("not ready: %s", strings.Join(wrong, "; "))
	}
	var lines []string
	if status != w.said {
		w.said = status
		lines = append(lines, status)
	}
	switch {
	case report.Ready && !w.begun:
		w.begun = true
		lines = append(lines, "READY=1")
	case !w.begun:
		lines = append(lines, sdnotify.Extend(6*checkEvery))
	}
	if w.watchdog > 0 && (w.begun && time.Since(w.well) < w.watchdog || !w.begun) {
		lines = append(lines, "WATCHDOG=1")
	}
	if len(lines) > 0 {
		w.manager.Send(lines...)
	}
}
