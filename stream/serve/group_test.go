package serve

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestGroupRunsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var pauses []time.Duration
		g := NewGroup(t.Context(), func(_ string, _ error, again time.Duration) { pauses = append(pauses, again) })
		runs := 0
		g.Start("a", func(context.Context) error {
			if runs++; runs == 4 {
				return nil
			}
			return errors.New("no server")
		})
		if err := g.Wait(); err != nil || runs != 4 || len(pauses) != 3 || pauses[2] != 4*time.Second {
			t.Errorf("%v, %d runs, %v", err, runs, pauses)
		}
	})
}

func TestGroupStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		g := NewGroup(ctx, func(string, error, time.Duration) {})
		ended := map[string]bool{}
		for _, name := range []string{"a", "b"} {
			g.Start(name, func(ctx context.Context) error { <-ctx.Done(); ended[name] = true; return nil })
		}
		if g.Stop("a"); !ended["a"] || ended["b"] {
			t.Errorf("ended: %v", ended)
		}
		g.Stop("unknown")
		g.Start("c", func(context.Context) error { return ErrFinal })
		cancel()
		if err := g.Wait(); !errors.Is(err, ErrFinal) || !ended["b"] {
			t.Errorf("%v, ended: %v", err, ended)
		}
	})
}
