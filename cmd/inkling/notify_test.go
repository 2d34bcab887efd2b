package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"inkling/stream/health"
)

// A notebook is a service manager that keeps what it is told.
type notebook struct{ lines []string }

func (n *notebook) Send(lines ...string) error {
	n.lines = append(n.lines, lines...)
	return nil
}

// since returns the lines since the last call.
func (n *notebook) since() []string {
	lines := n.lines
	n.lines = nil
	return lines
}

func TestServiceManagerIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var device, broker error
		check := func(err *error) func(context.Context) error { return func(context.Context) error { return *err } }
		n := &notebook{}
		w := &watcher{manager: n, watchdog: time.Minute, checks: func() []health.Check {
			return []health.Check{{Name: "source", Check: check(&device), Restart: true}, {Name: "sink 1", Check: check(&broker)}}
		}}
		broker = errors.New("no servers")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			w.run(ctx)
		}()
		after := func(d time.Duration) []string {
			time.Sleep(d)
			synctest.Wait()
			return n.since()
		}
		if got := after(time.Second); !slices.Contains(got, "STATUS=not ready: sink 1: no servers") || slices.Contains(got, "READY=1") || !slices.ContainsFunc(got, func(l string) bool { return strings.HasPrefix(l, "EXTEND_TIMEOUT_USEC=") }) {
			t.Errorf("before it is ready: %q", got)
		}
		broker = nil
		if got := after(checkEvery); !slices.Equal(got, []string{"STATUS=ready", "READY=1", "WATCHDOG=1"}) {
			t.Errorf("when it is ready: %q", got)
		}
		broker = errors.New("no servers")
		if got := after(3 * time.Hour); !slices.Contains(got, "WATCHDOG=1") || n.since() != nil {
			t.Errorf("a broker that is away: %q", got[:min(len(got), 3)])
		}
		if got := after(checkEvery); !slices.Contains(got, "WATCHDOG=1") {
			t.Errorf("a broker that has been away for hours: %q", got)
		}
		device, broker = errors.New("it hangs"), nil
		after(2 * time.Minute)
		if got := after(time.Minute); len(got) > 0 {
			t.Errorf("a device that hangs: %q", got)
		}
		device = nil
		if got := after(checkEvery); !slices.Contains(got, "WATCHDOG=1") {
			t.Errorf("a device that has come back: %q", got)
		}
		cancel()
		<-done
		if got := n.since(); len(got) == 0 || got[0] != "STOPPING=1" {
			t.Errorf("at the end: %q", got)
		}
	})
}
