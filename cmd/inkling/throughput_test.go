package main

import (
	"context"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"inkling/internal/plain"
	"inkling/internal/testkit"
	"inkling/stream"
	"inkling/stream/natsio"
)

// A sampleCounter counts the samples that have been labelled.
type sampleCounter struct {
	samples atomic.Int64
	want    int64
	done    chan struct{}
}

func (c *sampleCounter) Begin(func() stream.Load) {}
func (c *sampleCounter) Event(*stream.Event)      {}
func (c *sampleCounter) Turn(int, time.Duration)  {}
func (c *sampleCounter) Block(samples int, _ float64, _ time.Duration) {
	if n := c.samples.Add(int64(samples)); n >= c.want && n-int64(samples) < c.want {
		close(c.done)
	}
}

// configure writes a configuration of another group, which reads the same messages.
func (c *chaos) configure(name string, more string) string {
	text := fmt.Sprintf("[pipeline.g]\nmodel = 'bundled:notes'\nsource = 'jetstream:in'\nurls = %q\npartitions = 6\noutput = %q\nprefix = %q\n%s", c.server.URL(), name, name, more)
	testkit.WriteFile(c.t, filepath.Dir(c.config), name+".toml", []byte(text))
	return filepath.Join(filepath.Dir(c.config), name+".toml")
}

// throughput returns the samples a second that a worker in this process labels of what is stored.
func (c *chaos) throughput(config string, samples int64) float64 {
	c.t.Helper()
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	a := &app{ctx: ctx, stdout: plain.NewWriter(io.Discard), stderr: plain.NewWriter(io.Discard)}
	w, end, err := openGroup(a, config)
	if err != nil {
		c.t.Fatal(err)
	}
	defer end()
	if err := w.layout.Prepare(ctx, w.js, true, nil); err != nil {
		c.t.Fatal(err)
	}
	counter := &sampleCounter{want: samples, done: make(chan struct{})}
	w.counter = counter
	if w.fleet, err = newFleet(ctx, w); err != nil {
		c.t.Fatal(err)
	}
	w.startPool()
	defer w.pool.Close()
	began := time.Now()
	var all sync.WaitGroup
	for k := range w.keys.Partitions {
		all.Go(func() {
			if err := w.run(ctx, a, &vitals{}, k); err != nil {
				c.t.Error(err)
			}
		})
	}
	<-counter.done
	took := time.Since(began)
	cancel()
	all.Wait()
	return float64(samples) / took.Seconds()
}

// BenchmarkCommits compares a worker that stores labels and states every 50 ms with one that
// stores them at the end: in turn, since other programs may use the machine. The server has
// the same processors.
func BenchmarkCommits(b *testing.B) {
	c, nc := newChaos(b)
	const subjects = 200
	c.input(nc, subjects, func(float64) {})
	samples := c.stored("in_by_partition", subjects)
	var with, without, ratios []float64
	for i := 0; b.Loop(); i++ {
		var y, n float64
		for k := range 2 {
			if (i+k)%2 == 0 {
				y = c.throughput(c.configure(fmt.Sprint("with", i), "commit = '50ms'\n"), samples)
			} else {
				n = c.throughput(c.configure(fmt.Sprint("without", i), "commit = '1m'\n"), samples)
			}
		}
		with, without, ratios = append(with, y), append(without, n), append(ratios, y/n)
	}
	b.ReportMetric(median(with), "samples/s-with")
	b.ReportMetric(median(without), "samples/s-without")
	b.ReportMetric(median(ratios), "ratio")
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}

// stored makes the stream of partitions, and waits until it has the blocks of input. It returns
// the samples in them.
func (c *chaos) stored(name string, subjects int) int64 {
	c.t.Helper()
	a := &app{ctx: c.t.Context(), stdout: plain.NewWriter(io.Discard), stderr: plain.NewWriter(io.Discard)}
	w, end, err := openGroup(a, c.configure("first", ""))
	if err != nil {
		c.t.Fatal(err)
	}
	defer end()
	if err := w.layout.Prepare(a.ctx, w.js, true, nil); err != nil {
		c.t.Fatal(err)
	}
	eventually(c.t, "the messages are stored by partition", func() bool {
		st, err := c.js.Stream(a.ctx, name)
		return err == nil && st.CachedInfo().State.Msgs == uint64(subjects*20)
	})
	return int64(subjects * 20 * 4410)
}

// BenchmarkTwoWorkers compares two workers of one processor each with one, in turn.
func BenchmarkTwoWorkers(b *testing.B) {
	c, nc := newChaos(b)
	const subjects = 200
	c.input(nc, subjects, func(float64) {})
	c.stored("in_by_partition", subjects)
	var ratios []float64
	for i := 0; b.Loop(); i++ {
		var took [3]float64
		for n := 1; n <= 2; n++ {
			name := fmt.Sprint("group", n, i)
			config := c.configure(name, "lease = '1s'\n")
			began := time.Now()
			var all []*exec.Cmd
			for k := range n {
				p := process(b, "worker", config, "--create", "--id", fmt.Sprint("w", k))
				p.Env = append(p.Environ(), "GOMAXPROCS=1")
				if err := p.Start(); err != nil {
					b.Fatal(err)
				}
				all = append(all, p)
			}
			eventually(b, "all is labelled", func() bool { return c.caughtUp(name) })
			took[n] = time.Since(began).Seconds()
			for _, p := range all {
				p.Process.Kill()
				p.Wait()
			}
		}
		ratios = append(ratios, took[1]/took[2])
	}
	b.ReportMetric(median(ratios), "ratio")
}

// caughtUp reports whether a group has stored the labels of all messages.
func (c *chaos) caughtUp(output string) bool {
	in, err := c.js.Stream(c.t.Context(), "in_by_partition")
	if err != nil {
		return false
	}
	out, err := c.js.Stream(c.t.Context(), output)
	if err != nil {
		return false
	}
	for k := range 6 {
		last, err := in.GetLastMsgForSubject(c.t.Context(), natsio.PartitionPrefix(k)+">")
		if err != nil {
			continue // an empty partition
		}
		head, err := out.GetLastMsgForSubject(c.t.Context(), fmt.Sprint(output, ".state.g-", k))
		if err != nil || head.Header.Get("Inkling-Parts") != "0" {
			return false
		}
		saved, err := stream.ReadSaved(head.Data)
		if err != nil {
			return false
		}
		if seq, _, err := natsio.ReadPosition(saved.Position); err != nil || seq < last.Sequence {
			return false
		}
	}
	return true
}
