package natsio

import (
	"context"
	"encoding/json"
	"fmt"
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

// What is published while the server is away arrives in order when it is back. Core NATS
// keeps nothing for a subscriber that is away, so the sink's connection waits for the
// subscriber before it reconnects.
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
	<-away // what is written before the connection notices is lost with the server
	const events = 100
	ctx := context.Background()
	for i := range events {
		if err := sink.Write(ctx, &stream.Event{Type: stream.Confirmed, Header: stream.Header{Stream: "s", Segment: uint64(i + 1)}}); err != nil {
			t.Fatal(err)
		}
	}
	restarted := make(chan error, 1)
	go func() { restarted <- p.Restart() }()
	if err := sink.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if !nc.IsConnected() {
		t.Error("Flush returned while disconnected")
	}
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	for i := range events {
		msg, err := sub.NextMsg(time.Minute)
		if err != nil {
			t.Fatalf("event %d of %d: %v", i+1, events, err)
		}
		var e stream.Event
		if err := json.Unmarshal(msg.Data, &e); err != nil || e.Segment != uint64(i+1) {
			t.Fatalf("event %d of %d: segment %d, %v", i+1, events, e.Segment, err)
		}
	}
}
