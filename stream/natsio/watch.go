package natsio

import (
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/nats-io/nats.go"

	"inkling/capture"
)

// A watcher reports outages and errors of a connection to the sources that read it. The
// connection belongs to somebody else, and nats.go has one handler for each kind of
// event: so the watcher calls the handlers that it found first, and puts them back when
// its last source has left.
type watcher struct {
	nc      *nats.Conn
	sources []*Source // guarded by watchers

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
	watchers.Lock()
	defer watchers.Unlock()
	w := watchers.of[nc]
	if w == nil {
		w = &watcher{nc: nc}
		watchers.of[nc] = w
		w.install()
	}
	w.sources = append(w.sources, s)
}

// unwatch ends what watch began.
func unwatch(nc *nats.Conn, s *Source) {
	watchers.Lock()
	defer watchers.Unlock()
	w := watchers.of[nc]
	if w == nil {
		return
	}
	w.sources = slices.DeleteFunc(w.sources, func(other *Source) bool { return other == s })
	if len(w.sources) == 0 {
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
	w.report(capture.Slow, "nats: "+err.Error())
}

// onClosed ends the sources: nothing comes over a closed connection any more.
func (w *watcher) onClosed(nc *nats.Conn) {
	if w.closed != nil {
		w.closed(nc)
	}
	watchers.Lock()
	sources := slices.Clone(w.sources)
	watchers.Unlock()
	for _, s := range sources {
		s.end(nc.LastError())
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
