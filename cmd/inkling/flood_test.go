//go:build !edge

package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// A flood of new streams, each with a loud sound that opens a segment, and of messages that are
// too long, comes between the messages of four streams that are there: these have the labels
// that they have by themselves, memory stays bounded, and what is refused is counted and told.
func TestWorkerInAFlood(t *testing.T) {
	flood := 4000
	if os.Getenv("INKLING_LONG") != "" {
		flood = 20000
	}
	const subjects = 4
	c, nc := newChaos(t)
	config := c.configure("labels", "max-streams = 40\nmax-samples = 10000\nmax-memory = '256MB'\n")
	told, err := nc.SubscribeSync("labels.status.>")
	if err != nil {
		t.Fatal(err)
	}
	loud := make([]byte, 2*2205)
	for i := range loud {
		loud[i] = byte(i * i >> 3)
	}
	send := func(subject string, data []byte) {
		m := nats.NewMsg(subject)
		m.Header.Set("Content-Type", "application/x-s16le;rate=44100")
		m.Data = data
		if err := nc.PublishMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	p := c.start(config)
	eventually(t, "the worker has the partitions", func() bool { return c.shared("labels", 1) })
	next := 0
	c.input(nc, subjects, func(share float64) {
		if share == 0 {
			return // the good streams come first
		}
		for ; next < int(share*float64(flood)); next++ {
			send(fmt.Sprint("in.flood.", next), loud)
			if next%500 == 0 {
				send("in.flood.long", bytes.Repeat(loud, 10))
			}
		}
	})
	want := c.offlineOf("bundled:notes", "jetstream:in_by_partition/p.*.in.*.mic", subjects)
	c.complete(want)
	peak := peakMemory(t, p.Process.Pid)
	p.Process.Signal(syscall.SIGTERM)
	if err := p.Wait(); err != nil {
		t.Errorf("the worker ended with %v", err)
	}
	c.compare(want)
	var streams, long bool
	for {
		m, err := told.NextMsg(time.Millisecond)
		if err != nil {
			break
		}
		streams = streams || bytes.Contains(m.Data, []byte("is not labelled until one of them is idle"))
		long = long || bytes.Contains(m.Data, []byte("send shorter messages"))
	}
	if !streams || !long {
		t.Errorf("told of streams: %v, of long messages: %v", streams, long)
	}
	if t.Logf("%d MB at most", peak>>20); peak > 384<<20 {
		t.Errorf("the worker took %d MB", peak>>20)
	}
}

// peakMemory returns the most memory that a process has taken, in bytes; 0: the system does not
// say.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmHWM:" {
			kb, err := strconv.Atoi(f[1])
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmHWM in the status of the process")
	return 0
}
