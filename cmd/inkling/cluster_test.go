//go:build !edge

package main

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"inkling/internal/testkit/testnats"
)

// Three servers with a copy of every stream each lose the one that leads under load, and
// another one later; the labels are those of one process all the same.
func TestClusterLosesAServer(t *testing.T) {
	if os.Getenv("INKLING_LONG") == "" {
		t.Skip("takes half a minute: set INKLING_LONG")
	}
	const subjects = 40
	servers := testnats.StartCluster(t, t.TempDir(), 3)
	c, nc := chaosOn(t, servers...)
	a, b := c.start(c.config), c.start(c.config)
	c.members(2)
	var lost *testnats.Process
	lose := func(stream string) {
		var leader string
		eventually(t, "the stream "+stream+" has a leader", func() bool {
			st, err := c.js.Stream(t.Context(), stream)
			if err != nil || st.CachedInfo().Cluster == nil {
				return false
			}
			leader = st.CachedInfo().Cluster.Leader
			return leader != ""
		})
		lost = testnats.Named(servers, leader)
		lost.Kill()
	}
	began := time.Now()
	c.input(nc, subjects, func(share float64) {
		switch share {
		case 0.25:
			t.Logf("%.1f s: the leader of labels is lost", time.Since(began).Seconds())
			lose("labels")
		case 0.5:
			if err := lost.Restart(); err != nil {
				t.Fatal(err)
			}
		case 0.75:
			t.Logf("%.1f s: the leader of in_by_partition is lost", time.Since(began).Seconds())
			lose("in_by_partition")
		}
	})
	t.Logf("%.1f s: published", time.Since(began).Seconds())
	want := c.offline(subjects)
	t.Logf("%.1f s: read offline", time.Since(began).Seconds())
	c.complete(want)
	t.Logf("%.1f s: labelled", time.Since(began).Seconds())
	for _, p := range []*exec.Cmd{a, b} {
		p.Process.Signal(syscall.SIGTERM)
		if err := p.Wait(); err != nil {
			t.Errorf("a worker ended with %v", err)
		}
	}
	c.compare(want)
}
