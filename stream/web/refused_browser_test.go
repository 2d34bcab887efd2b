//go:build browser

package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"inkling/internal/testkit/testbrowser"
)

// byHand goes before page.js: it counts the connections that it opens, and lets the test run
// what it has put off.
const byHand = `
const window = globalThis;
const timers = window.timers = [];
window.opened = 0;
window.runTimers = () => { for (const t of timers.splice(0)) t.run && t.run(); return window.opened };
const setTimeout = (run) => { const t = { run }; timers.push(t); return t };
const clearTimeout = (t) => { if (t) t.run = null };
const setInterval = () => 0;
class EventSource extends window.EventSource { constructor(url) { super(url); window.opened++ } }
`

// refusedPage opens a page whose first connection the server refuses, so that the page puts
// the next one off.
func refusedPage(t *testing.T) (tab func(condition string), opened func(script string) int) {
	r := newRig(t, Options{}, 1)
	tapped(r, r.blocks("s", 4410)...)
	r.confirm("one", 1)
	next := r.page.Handler()
	var refused atomic.Bool
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		switch {
		case q.URL.Path == "/api/live" && refused.CompareAndSwap(false, true):
			http.Error(w, "too many", http.StatusServiceUnavailable)
		case q.URL.Path == "/page/page.js":
			w.Header().Set("Content-Type", "text/javascript")
			io.WriteString(w, byHand)
			next.ServeHTTP(w, q)
		default:
			next.ServeHTTP(w, q)
		}
	}))
	t.Cleanup(func() { r.page.Close(); srv.Close() })
	ctx := testbrowser.Open(t, srv.URL+"/")
	tab = func(condition string) { t.Helper(); testbrowser.Until(t, ctx, condition) }
	tab(`document.querySelector("#link").textContent === "reconnecting" && timers.length > 0`)
	opened = func(script string) int { t.Helper(); return testbrowser.Value[int](t, ctx, script) }
	return tab, opened
}

const isLive = `document.querySelector("#link").textContent === "live"`

// A page that was refused connects again after a while.
func TestBrowserRefusedConnectsAgain(t *testing.T) {
	tab, opened := refusedPage(t)
	if n := opened(`runTimers()`); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
	tab(isLive)
}

// It does so once: who asks for another stream meanwhile has that connection, and it stays.
func TestBrowserRefusedConnectsOnce(t *testing.T) {
	tab, opened := refusedPage(t)
	if n := opened(`document.querySelector("#sort").dispatchEvent(new Event("change")), opened`); n != 1 {
		t.Fatalf("%d connections, want 1", n)
	}
	tab(isLive)
	if n := opened(`runTimers()`); n != 1 {
		t.Errorf("%d connections, want 1: the one that was put off has replaced that of the user", n)
	}
}
