package natsio

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
)

// A watcher reports outages and errors of a connection to the sources that read it. The
// connection belongs to somebody else, and nats.go has one handler for each kind of
// event: so the watcher calls the handlers that it found first, and puts them back when
// its last source has left.
type watcher struct {
	nc      *nats.Conn
	sources []*Source // guarded by watchers, as sinks
	sinks   []*Sink

	told   time.Time // when the last error was reported; guarded by watchers, as untold
	untold int       // errors since

	// the handlers that it found
	disconnected nats.ConnErrHandler
	reconnected  nats.ConnHandler
	failed       nats.ErrHandler
	closed       nats.ConnHandler
}

// watchers holds the watcher of each connection that has sources.
var watchers = struct {
	sync.Mutex
	of map[*nats.Conn]*watcher
}{of: map[*nats.Conn]*watcher{}}

// watch begins to report what happens to nc to s. Handlers that the owner of nc sets
// later replace the watcher's.
func watch(nc *nats.Conn, s *Source) {
	change(nc, func(w *watcher) { w.sources = append(w.sources, s) })
}

// unwatch ends what watch began.
func unwatch(nc *nats.Conn, s *Source) {
	change(nc, func(w *watcher) {
		w.sources = slices.DeleteFunc(w.sources, func(other *Source) bool { return other == s })
	})
}

// watchSink begins to tell s which of its events the server refuses.
func watchSink(nc *nats.Conn, s *Sink) {
	change(nc, func(w *watcher) { w.sinks = append(w.sinks, s) })
}

func unwatchSink(nc *nats.Conn, s *Sink) {
	change(nc, func(w *watcher) {
		w.sinks = slices.DeleteFunc(w.sinks, func(other *Sink) bool { return other == s })
	})
}

// change changes who is told of nc, and installs or restores the handlers.
func change(nc *nats.Conn, edit func(*watcher)) {
	watchers.Lock()
	defer watchers.Unlock()
	w := watchers.of[nc]
	if w == nil {
		w = &watcher{nc: nc}
	}
	edit(w)
	switch there := watchers.of[nc] != nil; {
	case !there && len(w.sources)+len(w.sinks) > 0:
		watchers.of[nc] = w
		w.install()
	case there && len(w.sources)+len(w.sinks) == 0:
		delete(watchers.of, nc)
		w.restore()
	}
}

func (w *watcher) install() {
	w.disconnected, w.reconnected, w.failed = w.nc.DisconnectErrHandler(), w.nc.ReconnectHandler(), w.nc.ErrorHandler()
	w.nc.SetDisconnectErrHandler(w.onDisconnect)
	w.nc.SetReconnectHandler(w.onReconnect)
	w.nc.SetErrorHandler(w.onError)
	w.closed = w.nc.ClosedHandler()
	w.nc.SetClosedHandler(w.onClosed)
}

// restore puts back the handlers that the watcher found, but for those that have been
// replaced since.
func (w *watcher) restore() {
	if sameFunc(w.nc.DisconnectErrHandler(), nats.ConnErrHandler(w.onDisconnect)) {
		w.nc.SetDisconnectErrHandler(w.disconnected)
	}
	if sameFunc(w.nc.ReconnectHandler(), nats.ConnHandler(w.onReconnect)) {
		w.nc.SetReconnectHandler(w.reconnected)
	}
	if sameFunc(w.nc.ErrorHandler(), nats.ErrHandler(w.onError)) {
		w.nc.SetErrorHandler(w.failed)
	}
	if sameFunc(w.nc.ClosedHandler(), nats.ConnHandler(w.onClosed)) {
		w.nc.SetClosedHandler(w.closed)
	}
}

// sameFunc reports whether a and b have the same code. A connection has one watcher at
// a time, so that its methods cannot be those of another.
func sameFunc(a, b any) bool { return reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() }

func (w *watcher) onDisconnect(nc *nats.Conn, err error) {
	if old := nc.Opts.DisconnectedCB; w.disconnected != nil {
		w.disconnected(nc, err)
	} else if old != nil {
		old(nc)
	}
	reason := "nats: disconnected; reconnecting"
	if err != nil {
		reason = fmt.Sprintf("nats: disconnected: %v; reconnecting", err)
	}
	w.report(capture.Down, reason)
}

func (w *watcher) onReconnect(nc *nats.Conn) {
	if w.reconnected != nil {
		w.reconnected(nc)
	}
	w.report(capture.Up, "nats: reconnected")
}

func (w *watcher) onError(nc *nats.Conn, sub *nats.Subscription, err error) {
	if w.failed != nil && !sameFunc(w.failed, nats.ErrHandler(printError)) {
		w.failed(nc, sub, err)
	}
	if w.denied(err) {
		return
	}
	w.reportError(err)
}

// deniedSubject finds the subject in a server's refusal.
var deniedSubject = regexp.MustCompile(`(Publish|Subscription) to "([^" ]+)"`)

// denied ends the sources whose subscription, and the sinks whose events that must not be
// lost, the server refuses; it reports whether there is nothing else to say.
func (w *watcher) denied(err error) bool {
	m := deniedSubject.FindStringSubmatch(err.Error())
	if !errors.Is(err, nats.ErrPermissionViolation) || m == nil {
		return false
	}
	watchers.Lock()
	sources, sinks := slices.Clone(w.sources), slices.Clone(w.sinks)
	watchers.Unlock()
	if m[1] == "Subscription" {
		for _, s := range sources {
			if s.listens(m[2]) {
				s.end(fmt.Errorf("nats subject %q: %w: allow the user to subscribe to it", m[2], err))
			}
		}
		return false
	}
	for _, s := range sinks {
		if typ, ours := s.typeOf(m[2]); ours && s.refused(typ, err) {
			return true
		}
	}
	return false
}

// reportEvery bounds the reports of refusals: each event can be refused.
const reportEvery = time.Second

func (w *watcher) reportError(err error) {
	watchers.Lock()
	if errors.Is(err, nats.ErrPermissionViolation) && time.Since(w.told) < reportEvery {
		w.untold++
		watchers.Unlock()
		return
	}
	reason := "nats: " + err.Error()
	if w.untold > 0 {
		reason += fmt.Sprintf(" (and %d more errors since the last report)", w.untold)
	}
	w.told, w.untold = time.Now(), 0
	watchers.Unlock()
	w.report(capture.Slow, reason)
}

// onClosed ends the sources: nothing comes over a closed connection any more.
func (w *watcher) onClosed(nc *nats.Conn) {
	if w.closed != nil {
		w.closed(nc)
	}
	watchers.Lock()
	sources := slices.Clone(w.sources)
	watchers.Unlock()
	why := ErrConnectionClosed
	if err := nc.LastError(); err != nil {
		why = fmt.Errorf("%w: %w", ErrConnectionClosed, err)
	}
	for _, s := range sources {
		s.end(why)
	}
}

func (w *watcher) report(state capture.Health, reason string) {
	watchers.Lock()
	sources := slices.Clone(w.sources)
	watchers.Unlock()
	for _, s := range sources {
		s.report("", state, reason)
	}
}
