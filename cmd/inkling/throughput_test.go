//go:build !edge

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"inkling/internal/plain"
	"inkling/internal/testkit"
	"inkling/stream"
	"inkling/stream/worker"
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

// BenchmarkTwoWorkers compares two workers of one processor each with one, in turn. It counts
// what they label a second once each has its partitions and until half of what is stored is
// left, so that neither joining nor an uneven share counts.
func BenchmarkTwoWorkers(b *testing.B) {
	c, nc := newChaos(b)
	const subjects = 1500
	c.input(nc, subjects, func(float64) {})
	samples := c.stored("in_by_partition", subjects)
	var ratios []float64
	var rates [3][]float64
	for i := 0; b.Loop(); i++ {
		var rate [3]float64
		for k := range 2 {
			n := 1 + (i+k)%2
			rate[n] = c.rate(fmt.Sprint("group", n, "-", i), n, samples)
			rates[n] = append(rates[n], rate[n])
		}
		ratios = append(ratios, rate[2]/rate[1])
	}
	b.ReportMetric(median(rates[1]), "samples/s-one")
	b.ReportMetric(median(rates[2]), "samples/s-two")
	b.ReportMetric(median(ratios), "ratio")
}

// rate returns the samples a second that n workers of one processor each label of what is
// stored.
func (c *chaos) rate(name string, n int, samples int64) float64 {
	c.t.Helper()
	config := c.configure(name, "lease = '1s'\n")
	var urls []string
	for k := range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			c.t.Fatal(err)
		}
		urls = append(urls, "http://"+l.Addr().String()+"/metrics")
		l.Close()
		p := process(c.t, "worker", config, "--create", "--id", fmt.Sprint("w", k), "--http", l.Addr().String())
		p.Env = append(p.Environ(), "GOMAXPROCS=1")
		if err := p.Start(); err != nil {
			c.t.Fatal(err)
		}
		defer func() { p.Process.Kill(); p.Wait() }()
	}
	eventually(c.t, "each worker has its partitions", func() bool { return c.shared(name, n) })
	began, first := time.Now(), samplesOf(c.t, urls)
	var now int64
	eventually(c.t, "a part is labelled", func() bool {
		now = samplesOf(c.t, urls)
		return now-first >= samples*3/10
	})
	took := time.Since(began)
	if now > samples*3/4 {
		c.t.Fatalf("%d of %d samples were labelled: too many for the workers to have had work all the time", now, samples)
	}
	return float64(now-first) / took.Seconds()
}

// shared reports whether n workers have all partitions of a group, each in one of them.
func (c *chaos) shared(name string, n int) bool {
	kv, err := c.js.KeyValue(c.t.Context(), name+"_members")
	if err != nil {
		return false
	}
	members, err := worker.Members(c.t.Context(), kv)
	of := map[int]int{}
	for _, m := range members {
		if len(m.Partitions) == 0 {
			return false
		}
		for _, k := range m.Partitions {
			of[k]++
		}
	}
	for _, owners := range of {
		if owners > 1 {
			return false
		}
	}
	return err == nil && len(members) == n && len(of) == 6
}

var samplesTotal = regexp.MustCompile(`(?m)^inkling_samples_total\{[^}]*\} ([0-9.e+]+)$`)

// samplesOf returns the samples that workers say they have labelled, of the partitions that
// they have.
func samplesOf(t testing.TB, urls []string) (n int64) {
	t.Helper()
	for _, url := range urls {
		r, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range samplesTotal.FindAllSubmatch(text, -1) {
			x, err := strconv.ParseFloat(string(m[1]), 64)
			if err != nil {
				t.Fatal(err)
			}
			n += int64(x)
		}
	}
	return n
}
