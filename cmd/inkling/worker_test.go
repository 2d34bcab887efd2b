//go:build !edge

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/internal/testkit/testnats"
	"inkling/stream/worker"
)

// inPartition is what the subjects of a partition begin with.
var inPartition = regexp.MustCompile(`"stream":"p\.[0-9]+\.`)

// Whatever is killed, frozen or cut off, the labels of a group of workers are those of one
// process: none lost, none twice, none out of order. Meanwhile a worker joins, and the group goes
// on with another model, which calls the labels new-LABEL. INKLING_CHAOS is the number of
// subjects.
func TestWorkersStoreEachLabelOnce(t *testing.T) {
	subjects, long := 6, os.Getenv("INKLING_LONG") != ""
	if long {
		subjects = 200
	}
	if n, err := strconv.Atoi(os.Getenv("INKLING_CHAOS")); err == nil {
		subjects, long = n, true
	}
	c, nc := newChaos(t)
	c.storeEachLabelOnce(t, nc, subjects, long)
}

// The same with a real server of before 2.12, which stores no atomic batches: what comes again
// it drops, as all of this happens within the window of its stream.
func TestWorkersOnAnOldServer(t *testing.T) {
	if os.Getenv("INKLING_LONG") == "" {
		t.Skip("builds nats-server 2.11: set INKLING_LONG")
	}
	dir := t.TempDir()
	build := exec.Command("go", "install", "github.com/nats-io/nats-server/v2@v2.11.17")
	build.Env = append(os.Environ(), "GOBIN="+dir)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	c, nc := chaosOn(t, testnats.StartOf(t, filepath.Join(dir, "nats-server"), t.TempDir()))
	if out := c.inkling("worker", c.config, "--create", "--check"); strings.Count(out, "NATS server 2.11.17 stores no atomic batches") != 1 || !strings.Contains(out, "stream labels drops those that come within 2m0s") {
		t.Errorf("what is not promised is not told: %s", out)
	}
	c.storeEachLabelOnce(t, nc, 40, true)
}

func (c *chaos) storeEachLabelOnce(t *testing.T, nc *nats.Conn, subjects int, long bool) {
	t.Helper()
	a, b := c.start(c.config), c.start(c.config)
	x := c.start(c.through)
	c.members(3)
	done := map[string]bool{}
	once := func(what string, share, from float64, do func()) {
		if share >= from && !done[what] && (long || what == "kill" || what == "join" || what == "model" || what == "term") {
			done[what] = true
			t.Log(what)
			do()
		}
	}
	c.input(nc, subjects, func(share float64) {
		once("kill", share, 0.2, func() { a.Process.Kill(); a.Wait() })
		once("hole", share, 0.3, c.proxy.hole)
		once("join", share, 0.4, func() { a = c.start(c.config) })
		once("model", share, 0.45, func() { c.promote(otherNotes(t, "new-")) })
		once("freeze", share, 0.5, func() { b.Process.Signal(syscall.SIGSTOP); time.Sleep(2 * time.Second) }) // past the lease
		once("pass", share, 0.6, func() { c.proxy.pass(); b.Process.Signal(syscall.SIGCONT) })
		once("server", share, 0.7, func() {
			c.server.Kill()
			if err := c.server.Restart(); err != nil {
				t.Fatal(err)
			}
		})
		once("cut", share, 0.8, c.proxy.cut)
		once("term", share, 0.9, func() { b.Process.Signal(syscall.SIGTERM); b.Wait() })
	})

	want := c.offline(subjects)
	c.complete(want)
	c.top()
	for _, p := range []*exec.Cmd{a, x} {
		p.Process.Signal(syscall.SIGTERM)
		if err := p.Wait(); err != nil {
			t.Errorf("a worker ended with %v", err)
		}
	}
	got, fresh := c.committed(), 0
	for _, labels := range got {
		for i, l := range labels {
			if labels[i] = strings.ReplaceAll(l, "new-", ""); labels[i] != l {
				fresh++
			}
		}
	}
	if fresh == 0 {
		t.Error("no label is of the new model")
	}
	t.Logf("%d labels of the new model", fresh)
	c.same(got, want)
}

// BenchmarkTakeover kills one of two workers with kill -9, and reports how long its partitions
// have no owner: until another has raised the fence, after which it labels.
func BenchmarkTakeover(b *testing.B) { takeover(b, syscall.SIGKILL) }

// BenchmarkHandover is BenchmarkTakeover of a worker that is told to end. Its partitions are
// handed over together.
func BenchmarkHandover(b *testing.B) { takeover(b, syscall.SIGTERM) }

func takeover(b *testing.B, end syscall.Signal) {
	c, nc := newChaos(b)
	c.start(c.config)
	defer func() { c.workers[0].Process.Kill(); c.workers[0].Wait() }()
	var all []float64
	for b.Loop() {
		victim := c.start(c.config)
		id := fmt.Sprint("w", len(c.workers)-1)
		var m worker.Member
		eventually(b, "the second one works", func() bool {
			kv, err := c.js.KeyValue(b.Context(), "labels_members")
			if err != nil {
				return false
			}
			e, err := kv.Get(b.Context(), id)
			return err == nil && json.Unmarshal(e.Value(), &m) == nil && len(m.Partitions) > 0
		})
		c.input(nc, 6, func(float64) {}) // so that there is a state of each partition
		st, err := c.js.Stream(b.Context(), "labels")
		if err != nil {
			b.Fatal(err)
		}
		sequence := func(k int) uint64 {
			m, err := st.GetLastMsgForSubject(b.Context(), fmt.Sprint("labels.state.g-", k))
			if err != nil {
				return 0
			}
			return m.Sequence
		}
		time.Sleep(500 * time.Millisecond) // everything is stored
		before := map[int]uint64{}
		for _, k := range m.Partitions {
			before[k] = sequence(k)
		}
		killed := time.Now()
		victim.Process.Signal(end)
		eventually(b, "others have taken over", func() bool {
			for k, seq := range before {
				if sequence(k) > seq {
					all = append(all, time.Since(killed).Seconds())
					delete(before, k)
				}
			}
			return len(before) == 0
		})
		victim.Wait()
	}
	slices.Sort(all)
	b.ReportMetric(all[len(all)/2], "s-median")
	b.ReportMetric(all[len(all)-1], "s-worst")
	b.ReportMetric(float64(len(all)), "partitions")
}
