//go:build !edge

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/internal/testkit"
	"inkling/internal/testkit/testnats"
	"inkling/model/dataset"
	"inkling/model/notes"
)

// A chaos is a group of workers, their server, and what happens to them.
type chaos struct {
	t       testing.TB
	server  *testnats.Process // the first
	urls    string            // of all
	js      jetstream.JetStream
	config  string
	through string // the same configuration through the proxy
	proxy   *gate
	workers []*exec.Cmd
}

// gate is a proxy that can let nothing through, or cut what there is.
type gate struct {
	net.Listener
	server string
	mu     sync.Mutex
	shut   chan struct{} // not nil: nothing passes until it is closed
	conns  []net.Conn
}

func newGate(t testing.TB, url string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{Listener: l, server: strings.TrimPrefix(url, "nats://")}
	t.Cleanup(func() { l.Close(); g.pass(); g.cut() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", g.server)
			if err != nil {
				client.Close()
				continue
			}
			g.mu.Lock()
			g.conns = append(g.conns, client, server)
			g.mu.Unlock()
			go g.copy(server, client)
			go g.copy(client, server)
		}
	}()
	return g
}

func (g *gate) copy(to, from net.Conn) {
	defer to.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		g.mu.Lock()
		shut := g.shut
		g.mu.Unlock()
		if shut != nil {
			<-shut
		}
		if _, bad := to.Write(buf[:n]); err != nil || bad != nil {
			return
		}
	}
}

// hole lets nothing pass until pass.
func (g *gate) hole() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut == nil {
		g.shut = make(chan struct{})
	}
}

func (g *gate) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.conns {
		c.Close()
	}
	g.conns = nil
}

// newChaos starts a server with the stream in, and writes the configurations.
func newChaos(t testing.TB) (*chaos, *nats.Conn) {
	t.Helper()
	return chaosOn(t, testnats.StartWith(t, t.TempDir()))
}

// chaosOn is newChaos with these servers, each of which has a copy of every stream.
func chaosOn(t testing.TB, servers ...*testnats.Process) (*chaos, *nats.Conn) {
	t.Helper()
	c := &chaos{t: t, server: servers[0], urls: testnats.URLs(servers)}
	nc, err := nats.Connect(c.urls, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if c.js, err = jetstream.New(nc); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the stream in can be made", func() bool { // when the servers have found one another
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.js.CreateStream(ctx, jetstream.StreamConfig{Name: "in", Subjects: []string{"in.>"}, Replicas: len(servers)})
		return err == nil
	})
	c.proxy = newGate(t, c.server.URL())
	dir := t.TempDir()
	for name, url := range map[string]string{"config.toml": c.urls, "through.toml": "nats://" + c.proxy.Addr().String()} {
		text := fmt.Sprintf("[pipeline.g]\nmodel = 'bundled:notes'\nsource = 'jetstream:in'\nurls = %q\npartitions = 6\noutput = 'labels'\nprefix = 'labels'\nlease = '1s'\nreplicas = %d\n", url, len(servers))
		testkit.WriteFile(t, dir, name, []byte(text))
	}
	c.config, c.through = filepath.Join(dir, "config.toml"), filepath.Join(dir, "through.toml")
	return c, nc
}

// start starts a worker.
func (c *chaos) start(config string) *exec.Cmd {
	c.t.Helper()
	p := process(c.t, "worker", config, "--create", "--id", fmt.Sprint("w", len(c.workers)))
	log, number := &bytes.Buffer{}, len(c.workers)
	p.Stderr = log
	c.t.Cleanup(func() {
		if c.t.Failed() {
			p.Process.Kill()
			p.Wait()
			c.t.Logf("worker %d:\n%s", number, log)
		}
	})
	if err := p.Start(); err != nil {
		c.t.Fatal(err)
	}
	c.workers = append(c.workers, p)
	return p
}

// eventually waits until is is true.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not within two minutes: ", what)
		}
	}
}

// members waits until so many workers have been heard of.
func (c *chaos) members(n int) {
	c.t.Helper()
	eventually(c.t, fmt.Sprint(n, " members"), func() bool {
		kv, err := c.js.KeyValue(c.t.Context(), "labels_members")
		if err != nil {
			return false
		}
		keys, err := kv.Keys(c.t.Context())
		return err == nil && len(keys) == n
	})
}

// committed returns the labels that are stored, by stream, in their order.
func (c *chaos) committed() map[string][]string { return c.storedIn("labels") }

// storedIn is committed of the stream of this name, whose subjects begin with it.
func (c *chaos) storedIn(name string) (of map[string][]string) {
	c.t.Helper()
	eventually(c.t, "the labels are read", func() bool {
		ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
		defer cancel()
		of = map[string][]string{}
		return c.read(ctx, name, of) == nil
	})
	return of
}

// read reads the labels that are stored in a stream.
func (c *chaos) read(ctx context.Context, name string, of map[string][]string) error {
	ask, cancel := context.WithTimeout(ctx, 2*time.Second) // a lost answer is asked for again
	defer cancel()
	st, err := c.js.Stream(ask, name)
	if err != nil {
		return err
	}
	last, err := st.GetLastMsgForSubject(ask, name+".>")
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	cons, err := c.js.CreateConsumer(ask, name, jetstream.ConsumerConfig{AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, InactiveThreshold: time.Minute,
		FilterSubjects: []string{name + ".confirmed.>", name + ".dropped.>", name + ".early.>", name + ".gap.>"}})
	if err != nil || cons.CachedInfo().NumPending == 0 {
		return err
	}
	messages, err := cons.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for next := uint64(1); ; next++ {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		d, err := m.Metadata()
		if err != nil || d.Sequence.Consumer != next {
			return fmt.Errorf("message %v is not number %d: %v", d, next, err)
		}
		stream, line := labelOf(c.t, m.Data())
		of[stream] = append(of[stream], line)
		if d.NumPending == 0 || d.Sequence.Stream >= last.Sequence {
			return nil
		}
	}
}

// labelOf returns the stream of an event, and what it says that does not depend on when and
// where it was made.
func labelOf(t testing.TB, data []byte) (stream, line string) {
	t.Helper()
	var e map[string]any
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatalf("%v: %q", err, data)
	}
	stream, _ = e["stream"].(string)
	for _, k := range []string{"session", "time", "latency_ms", "seconds"} {
		delete(e, k)
	}
	return stream, fmt.Sprint(e)
}

// top checks what top says of two workers that have caught up.
func (c *chaos) top() {
	c.t.Helper()
	var s groupState
	eventually(c.t, "top shows two workers that have caught up", func() bool {
		out, err := process(c.t, "top", c.config, "--json").Output()
		if err != nil || json.Unmarshal(out, &s) != nil || len(s.Workers) != 2 || len(s.Partitions) != 6 {
			return false
		}
		for _, p := range s.Partitions {
			if p.Owner == "" || p.Behind > 0 || p.Problem != "" {
				return false
			}
		}
		return true
	})
}

// inkling returns what a command prints.
func (c *chaos) inkling(args ...string) string {
	c.t.Helper()
	out, err := process(c.t, args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// promote has the group go on with a model.
func (c *chaos) promote(file string) {
	c.t.Helper()
	hash := c.inkling("model", "push", c.config, file)
	c.inkling("model", "promote", c.config, hash[:8])
}

// input publishes notes on subjects, a block of each in turn, and calls at with the share that
// has been published.
func (c *chaos) input(nc *nats.Conn, subjects int, at func(share float64)) {
	c.t.Helper()
	all, err := notes.Data(dataset.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	const block, each = 4410, 20
	signals := make([][]byte, subjects)
	for i := range signals {
		var pcm []byte
		for len(pcm) < 2*block*each {
			x := all.Examples[rng.IntN(len(all.Examples))].Samples
			for _, v := range x[:min(len(x), 9000)] {
				n := int16(v * 32767)
				pcm = append(pcm, byte(n), byte(n>>8))
			}
			pcm = append(pcm, make([]byte, 2*8000)...)
		}
		signals[i] = pcm[:2*block*each]
	}
	for b := range each {
		at(float64(b) / each)
		for i, pcm := range signals {
			m := nats.NewMsg(fmt.Sprintf("in.%d.mic", i))
			m.Header.Set("Content-Type", "application/x-s16le;rate=44100")
			m.Data = pcm[2*block*b : 2*block*(b+1)]
			m.Header.Set("Nats-Msg-Id", fmt.Sprintf("%d/%d", i, b))
			eventually(c.t, "published", func() bool { // again, while the server is away
				ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Second)
				defer cancel()
				_, err := c.js.PublishMsg(ctx, m)
				return err == nil
			})
		}
	}
}

// offline returns the labels that one process gives of what is stored, by stream.
func (c *chaos) offline(subjects int) (want map[string][]string) {
	c.t.Helper()
	return c.offlineOf("bundled:notes", "jetstream:in_by_partition", subjects)
}

// offlineOf is offline of another model, or of a part of what is stored.
func (c *chaos) offlineOf(model, source string, subjects int) (want map[string][]string) {
	c.t.Helper()
	messages := func(stream string) uint64 {
		st, err := c.js.Stream(c.t.Context(), stream)
		if err != nil {
			return 0
		}
		return st.CachedInfo().State.Msgs
	}
	eventually(c.t, "everything is stored by partition", func() bool {
		n := messages("in")
		return n > 0 && messages("in_by_partition") >= n
	})
	offline, err := process(c.t, "run", model, source, "--urls", c.urls, "--until", "now", "--json", "--emit", "confirmed").Output()
	if err != nil {
		c.t.Fatal(err)
	}
	labels := 0
	want = map[string][]string{}
	for line := range bytes.Lines(offline) {
		if !bytes.Contains(line, []byte(`"ended_by":"eof"`)) && !bytes.Contains(line, []byte(`"type":"status"`)) && !bytes.Contains(line, []byte(`"type":"summary"`)) {
			stream, text := labelOf(c.t, inPartition.ReplaceAll(line, []byte(`"stream":"`)))
			want[stream] = append(want[stream], text)
			labels++
		}
	}
	if len(want) != subjects || labels < subjects {
		c.t.Fatalf("%d labels of %d streams", labels, len(want))
	}
	return want
}

// complete waits until a group has stored as many labels.
func (c *chaos) complete(want map[string][]string) {
	c.t.Helper()
	eventually(c.t, "all labels are stored", func() bool {
		got := c.committed()
		for stream := range want {
			if len(got[stream]) < len(want[stream]) {
				return false
			}
		}
		return true
	})
}

// compare checks that what is stored are those labels, in their order.
func (c *chaos) compare(want map[string][]string) {
	c.t.Helper()
	c.same(c.committed(), want)
}

// same checks that got are the labels of want, in their order.
func (c *chaos) same(got, want map[string][]string) {
	c.t.Helper()
	labels := 0
	for stream := range want {
		labels += len(want[stream])
		g := got[stream]
		for i := range want[stream] {
			if i >= len(g) || g[i] != want[stream][i] {
				have := "nothing"
				if i < len(g) {
					have = g[i]
				}
				c.t.Errorf("%s, label %d of %d (%d stored):\n got %s\nwant %s", stream, i, len(want[stream]), len(g), have, want[stream][i])
				break
			}
		}
		for _, more := range g[min(len(g), len(want[stream])):] { // the open segment, once it was idle
			if !strings.Contains(more, "ended_by:idle") && !strings.Contains(more, "type:early") {
				c.t.Errorf("%s: %s", stream, more)
			}
		}
	}
	c.t.Logf("%d labels of %d streams", labels, len(want))
}
