package natsio

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/testkit/testnats"
	"inkling/model/segment"
	"inkling/stream"
)

// 100 subjects of 16 kHz audio, 10 s of signal each, through a server process.
func TestHundredSubjectsLoseNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("long: 64 MB through a server process")
	}
	p := testnats.Start(t)
	s := newSource(t, dial(t, p), "in.*", SourceOptions{})
	const subjects, blocks, size = 100, 100, 1600
	sensor := dial(t, p)
	published := make(chan error, 1)
	go func() { published <- publishAll(sensor, subjects, blocks, size) }()
	next := map[string]uint64{}
	var b capture.Block
	for n := 0; n < subjects*blocks; n++ {
		read(t, s, &b)
		if b.Fault != nil {
			t.Fatalf("%s: %s", b.Fault.State, b.Fault.Reason)
		}
		if b.Offset != next[b.Stream] || len(b.Samples) != size {
			t.Fatalf("%s: %d samples at %d, want %d at %d", b.Stream, len(b.Samples), b.Offset, size, next[b.Stream])
		}
		if want := float32(b.Offset/size) + 0.5; b.Samples[0] != want {
			t.Fatalf("%s: block at %d holds %v, want %v", b.Stream, b.Offset, b.Samples[0], want)
		}
		next[b.Stream] += size
	}
	if err := <-published; err != nil || len(next) != subjects {
		t.Errorf("%d streams, want %d; %v", len(next), subjects, err)
	}
}

func publishAll(nc *nats.Conn, subjects, blocks, size int) error {
	ps := make([]*Publisher, subjects)
	for i := range ps {
		ps[i] = &Publisher{Conn: nc, Subject: fmt.Sprintf("in.s%d", i), Rate: 16000}
	}
	x := make([]float32, size)
	for k := range blocks {
		x[0] = float32(k) + 0.5
		for _, p := range ps {
			if err := p.Send(x); err != nil {
				return err
			}
		}
		if err := nc.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// The server is killed and comes back: streams go on, and what was lost meanwhile is a
// gap of the exact length.
func TestOutageIsAGap(t *testing.T) {
	p := testnats.Start(t)
	nc := dial(t, p)
	s := newSource(t, nc, "in", SourceOptions{})
	back := make(chan struct{}, 9)
	sensor, err := nats.Connect(p.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectBufSize(-1),
		nats.ReconnectHandler(func(*nats.Conn) { back <- struct{}{} }))
	if err != nil {
		t.Fatal(err)
	}
	defer sensor.Close()
	pub := &Publisher{Conn: sensor, Subject: "in", Rate: 100}
	events := make(chan stream.Event, 1000)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	m := signModel(t, segment.Fixed)
	go func() {
		done <- stream.Run(ctx, s, m, &stream.RunOptions{Options: stream.Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 10, MaxDuration: 1000}}}, channelSink{events})
	}()
	send := func() error { return pub.Send(make([]float32, 10)) }
	if err := send(); err != nil {
		t.Fatal(err)
	}
	await(t, events, "the first segment", func(e *stream.Event) bool { return e.Type == stream.Confirmed })
	p.Kill()
	await(t, events, "status down", func(e *stream.Event) bool { return e.Type == stream.Status && e.State == capture.Down })
	for range 5 {
		send() // lost, whether or not the sensor has noticed the outage
	}
	if err := p.Restart(); err != nil {
		t.Fatal(err)
	}
	await(t, events, "status up", func(e *stream.Event) bool { return e.Type == stream.Status && e.State == capture.Up })
	if err := nc.Flush(); err != nil { // the server has the subscription
		t.Fatal(err)
	}
	<-back
	lost := pub.offset - 10
	if err := send(); err != nil {
		t.Fatal(err)
	}
	await(t, events, "the gap", func(e *stream.Event) bool { return e.Type == stream.Gap && e.Lost == lost && lost == 50 })
	await(t, events, "the next segment", func(e *stream.Event) bool { return e.Type == stream.Confirmed && e.Start == 10+lost })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

type channelSink struct{ c chan stream.Event }

func (s channelSink) Write(_ context.Context, e *stream.Event) error {
	s.c <- e.Clone()
	return nil
}
func (s channelSink) Flush(context.Context) error { return nil }
func (s channelSink) Close() error                { return nil }

func await(t *testing.T, events <-chan stream.Event, what string, is func(*stream.Event) bool) {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		select {
		case e := <-events:
			if is(&e) {
				return
			}
		case <-timeout:
			t.Fatalf("%s did not come", what)
		}
	}
}

// A sink waits out an outage: what is written meanwhile arrives in order when the server
// is back. Core NATS keeps nothing for a subscriber that is away, so the sink's
// connection waits for the subscriber before it reconnects.
func TestSinkOutlivesAnOutage(t *testing.T) {
	p := testnats.Start(t)
	away, back := make(chan struct{}, 9), make(chan struct{})
	nc := dial(t, p, nats.CustomReconnectDelay(func(int) time.Duration {
		<-back
		return 10 * time.Millisecond
	}), nats.DisconnectErrHandler(func(*nats.Conn, error) { away <- struct{}{} }))
	var once sync.Once
	other := dial(t, p, nats.ReconnectHandler(func(c *nats.Conn) {
		c.Flush() // the server has the subscription
		once.Do(func() { close(back) })
	}))
	sub := subscribe(t, other, "inkling.>")
	sink, err := NewSink(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	p.Kill()
	<-away
	const events = 100
	written := make(chan error, 1)
	go func() { written <- writeSegments(sink, 1, events) }()
	if err := p.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	for i := range events {
		if got := nextSegment(t, sub); got != uint64(i+1) {
			t.Fatalf("event %d of %d: segment %d", i+1, events, got)
		}
	}
}

// writeSegments writes the confirmed events of segments from to to and flushes.
func writeSegments(s *Sink, from, to int) error {
	for i := from; i <= to; i++ {
		e := stream.Event{Type: stream.Confirmed, Header: stream.Header{Session: "s", Stream: "in", Segment: uint64(i)}}
		if err := s.Write(context.Background(), &e); err != nil {
			return err
		}
	}
	return s.Flush(context.Background())
}

// nextSegment returns the segment of the next event, whose id it checks.
func nextSegment(t *testing.T, sub *nats.Subscription) uint64 {
	t.Helper()
	msg, err := sub.NextMsg(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var e stream.Event
	if err := json.Unmarshal(msg.Data, &e); err != nil {
		t.Fatal(err)
	}
	if got, want := msg.Header.Get(nats.MsgIdHdr), fmt.Sprintf("s/in/%d/confirmed", e.Segment); got != want {
		t.Fatalf("the id is %q, want %q", got, want)
	}
	return e.Segment
}

// A proxy stands between a client and the server. It can swallow what the client sends,
// as a connection does that dies with data in flight.
type proxy struct {
	net.Listener
	server string

	mu      sync.Mutex
	changed *sync.Cond
	hole    bool // swallow
	eaten   int  // bytes
	conns   []net.Conn
}

func newProxy(t *testing.T, server string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, server: strings.TrimPrefix(server, "nats://")}
	p.changed = sync.NewCond(&p.mu)
	go p.serve()
	t.Cleanup(func() { l.Close(); p.cut() })
	return p
}

func (p *proxy) serve() {
	for {
		client, err := p.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		go io.Copy(client, server)
		go p.forward(server, client)
	}
}

func (p *proxy) forward(server, client net.Conn) {
	buf := make([]byte, 1<<16)
	for {
		n, err := client.Read(buf)
		if err != nil {
			server.Close()
			return
		}
		p.mu.Lock()
		if p.hole {
			p.eaten += n
			p.changed.Broadcast()
		} else {
			server.Write(buf[:n])
		}
		p.mu.Unlock()
	}
}

// swallow makes the proxy swallow what the client sends; await waits until it has.
func (p *proxy) swallow() {
	p.mu.Lock()
	p.hole, p.eaten = true, 0
	p.mu.Unlock()
}

func (p *proxy) await(bytes int) {
	p.mu.Lock()
	for p.eaten < bytes {
		p.changed.Wait()
	}
	p.mu.Unlock()
}

// cut ends all connections; later ones pass.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns, p.hole = nil, false
}

// A connection that dies with events in flight loses none: the answer of a later
// connection says nothing of an earlier one. So an event may come twice, with one id.
func TestEventsInFlightAreDeliveredAtLeastOnce(t *testing.T) {
	p := testnats.Start(t)
	through := newProxy(t, p.URL())
	nc, err := Connect(Options{URLs: "nats://" + through.Addr().String()}, nats.ReconnectWait(10*time.Millisecond), nats.PingInterval(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	sub := subscribe(t, dial(t, p), "inkling.>")
	sink, err := NewSink(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	const rounds, each = 5, 20
	for r := range rounds {
		first := 1 + 2*r*each
		if err := writeSegments(sink, first, first+each-1); err != nil {
			t.Fatal(err)
		}
		through.swallow()
		written := make(chan error, 1)
		go func() { written <- writeSegments(sink, first+each, first+2*each-1) }()
		through.await(each * 100) // about: some of them are gone
		through.cut()
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
	twice := 0
	for want := uint64(1); want <= 2*rounds*each; {
		switch got := nextSegment(t, sub); {
		case got == want:
			want++
		case got < want:
			twice++
		default:
			t.Fatalf("segment %d after %d", got, want-1)
		}
	}
	t.Logf("%d events came twice", twice)
}
