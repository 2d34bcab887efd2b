package natsio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"inkling/capture"
	"inkling/model"
	"inkling/model/decide"
	"inkling/model/feature"
	"inkling/model/segment"
	"inkling/stream"
)

// embedded starts a server in this process, without a port.
func embedded(t *testing.T) *nats.Conn {
	t.Helper()
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	t.Cleanup(srv.Shutdown)
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready")
	}
	nc, err := Connect(Options{}, nats.InProcessServer(srv))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// levelModel answers by the sign of the mean sample: a network written by hand.
func levelModel(t testing.TB, kind segment.Kind) *model.Model {
	c := model.Config{Version: 1, Labels: []string{"high", "low"}, Channels: 1, Front: feature.Config{Kind: feature.KindRaw, Samples: 1},
		Hidden: 1, Layers: 1, Running: model.RunningSoftmax, Confirm: true, Segment: segment.Config{Kind: kind},
		Decision: decide.Config{State: "reset", Gap: "reset"}}
	p := model.NewParams(&c, 1)
	for _, w := range []([]float32){p.Forward.IH, p.Reverse.IH} {
		w[2] = 4 // the cell's input gate follows the sample
	}
	copy(p.RunningW, []float32{4, -4})
	copy(p.ConfirmW, []float32{4, 4, -4, -4})
	m, err := model.New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t *testing.T, s *Source, b *capture.Block) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.Read(ctx, b); err != nil {
		t.Fatal(err)
	}
}

func TestSourceKeepsStreamsAndTellsOfBadPayloads(t *testing.T) {
	nc := embedded(t)
	s, err := NewSource(nc, "in.>", SourceOptions{Prefix: "inkling"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := &Publisher{Conn: nc, Subject: "in.a", Rate: 100}
	p.Send([]float32{1, 2})
	nc.Publish("in.b", []byte("[5]"))
	nc.Publish("in.b", []byte("nonsense"))
	p.Send([]float32{3})
	var b capture.Block
	want := []string{"in.a 0 [1 2]", "in.b 0 [5]", "in.b fault", "in.a 2 [3]"}
	for _, w := range want {
		read(t, s, &b)
		got := fmt.Sprintf("%s %d %v", b.Stream, b.Offset, b.Samples)
		if b.Fault != nil {
			got = b.Stream + " fault"
		}
		if got != w {
			t.Errorf("got %s, want %s", got, w)
		}
	}
	if s.Bad.Load() != 1 {
		t.Errorf("%d bad messages counted", s.Bad.Load())
	}
	s.Close()
	if err := s.Read(context.Background(), &b); err != io.EOF {
		t.Errorf("Read after Close: %v", err)
	}
}

func TestRefusesToReadItsOwnOutput(t *testing.T) {
	nc := embedded(t)
	for _, subject := range []string{">", "inkling.>", "*.confirmed.x", "a b", ""} {
		if s, err := NewSource(nc, subject, SourceOptions{Prefix: "inkling"}); err == nil {
			s.Close()
			t.Errorf("%q was taken", subject)
		}
	}
}

// What has no room is lost from the front, and the jump of Offset is exact.
func TestOverflowIsAGap(t *testing.T) {
	nc := embedded(t)
	s, err := NewSource(nc, "in", SourceOptions{Pending: 400})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := &Publisher{Conn: nc, Subject: "in", Rate: 100}
	for range 10 {
		p.Send(make([]float32, 25)) // 100 bytes
	}
	for s.Lost.Load() < 6 {
		time.Sleep(time.Millisecond)
	}
	var b capture.Block
	slow, samples, first := false, 0, uint64(0)
	for {
		read(t, s, &b)
		if b.Fault != nil {
			slow = b.Fault.State == capture.Slow
			continue
		}
		if samples == 0 {
			first = b.Offset
		}
		samples += len(b.Samples)
		if b.Offset+25 == 250 {
			break
		}
	}
	if !slow || samples != 100 || first != 150 {
		t.Errorf("slow %v, %d samples from %d on, want 100 from 150", slow, samples, first)
	}
}

func TestSinkAndService(t *testing.T) {
	nc := embedded(t)
	m := levelModel(t, segment.Message)
	sub, err := nc.SubscribeSync("inkling.confirmed.>")
	if err != nil {
		t.Fatal(err)
	}
	src, err := NewSource(nc, "in.*", SourceOptions{Prefix: "inkling"})
	if err != nil {
		t.Fatal(err)
	}
	sink, err := NewSink(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	svc, err := NewService(nc, "", "1.0.0", m, Format{})
	if err != nil {
		t.Fatal(err)
	}
	defer svc.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- stream.Run(ctx, src, m, &stream.RunOptions{}, sink) }()
	msg := nats.NewMsg("in.x")
	msg.Header.Set("Inkling-Segment", "begin,end")
	msg.Data = []byte("[1,1,1]")
	nc.PublishMsg(msg)
	got, err := sub.NextMsg(10 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var e stream.Event
	if err := json.Unmarshal(got.Data, &e); err != nil || e.Label != "high" || e.EndedBy != segment.ByMessage || got.Subject != "inkling.confirmed.in.x" {
		t.Errorf("%s: %+v, %v", got.Subject, e, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	reply, err := nc.Request("inkling.label", []byte("[-1,-1]"), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(reply.Data, &e); err != nil || e.Label != "low" || e.Steps != 2 {
		t.Errorf("%s: %+v, %v", reply.Data, e, err)
	}
	if reply, _ = nc.Request("inkling.label", []byte("nonsense"), 10*time.Second); reply.Header.Get(micro.ErrorHeader) == "" {
		t.Errorf("a bad request was answered with %s", reply.Data)
	}
	if _, err := nc.Request("$SRV.PING.inkling", nil, 10*time.Second); err != nil {
		t.Error(err)
	}
}

// buildServer builds a real nats-server from the module that the tests use.
var buildServer = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "inkling-nats")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "nats-server")
	out, err := exec.Command("go", "build", "-o", bin, "github.com/nats-io/nats-server/v2").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building nats-server: %w: %s", err, out)
	}
	return bin, nil
})

type process struct {
	cmd  *exec.Cmd
	port int
	bin  string
}

func startServer(t *testing.T) *process {
	t.Helper()
	bin, err := buildServer()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{bin: bin, port: freePort(t)}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// freePort is one on which nobody listens, below those that systems give to outgoing
// connections: none takes it before the server does, or while it is away.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

func (p *process) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", p.port) }

// start runs the server and returns once it listens.
func (p *process) start() error {
	p.cmd = exec.Command(p.bin, "-a", "127.0.0.1", "-p", fmt.Sprint(p.port))
	dieWithParent(p.cmd)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	for range 1500 {
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", p.port)); err == nil {
			c.Close()
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	return errors.New("nats-server does not listen")
}

func (p *process) kill() {
	if p.cmd != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		p.cmd = nil
	}
}

// 100 subjects of 16 kHz audio for 10 s of signal through a server process:
// nothing lost, order kept.
func TestHundredSubjects(t *testing.T) {
	if testing.Short() {
		t.Skip("long: 64 MB through a server process")
	}
	p := startServer(t)
	nc, err := Connect(Options{URLs: p.url()})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	s, err := NewSource(nc, "in.*", SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const subjects, blocks, size = 100, 100, 1600
	published := make(chan struct{})
	go func() {
		defer close(published)
		publishAll(t, p.url(), subjects, blocks, size)
	}()
	defer func() { <-published }()
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
	if len(next) != subjects {
		t.Errorf("%d streams, want %d", len(next), subjects)
	}
}

func publishAll(t *testing.T, url string, subjects, blocks, size int) {
	nc, err := Connect(Options{URLs: url})
	if err != nil {
		t.Error(err)
		return
	}
	defer nc.Close()
	ps := make([]*Publisher, subjects)
	for i := range ps {
		ps[i] = &Publisher{Conn: nc, Subject: fmt.Sprintf("in.s%d", i), Rate: 16000}
	}
	x := make([]float32, size)
	for k := range blocks {
		x[0] = float32(k) + 0.5
		for _, p := range ps {
			if err := p.Send(x); err != nil {
				t.Error(err)
			}
		}
		nc.Flush()
	}
}

// The server is killed and comes back: the outage is told, streams go on, and
// what was lost meanwhile is a gap of the exact count.
func TestServerRestart(t *testing.T) {
	p := startServer(t)
	nc, err := Connect(Options{URLs: p.url()})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	s, err := NewSource(nc, "in", SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sensor, err := nats.Connect(p.url(), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectBufSize(-1))
	if err != nil {
		t.Fatal(err)
	}
	defer sensor.Close()
	pub := &Publisher{Conn: sensor, Subject: "in", Rate: 100}
	events := make(chan stream.Event, 1000)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	m := levelModel(t, segment.Fixed)
	go func() {
		done <- stream.Run(ctx, s, m, &stream.RunOptions{Options: stream.Options{Segment: &segment.Config{Kind: segment.Fixed, Steps: 10, MaxDuration: 1000}}}, channelSink{events})
	}()
	send := func() error { return pub.Send(make([]float32, 10)) }
	if err := send(); err != nil {
		t.Fatal(err)
	}
	await(t, events, "the first segment", func(e *stream.Event) bool { return e.Type == stream.Confirmed })
	p.kill()
	await(t, events, "status down", func(e *stream.Event) bool { return e.Type == stream.Status && e.State == capture.Down })
	for range 5 {
		send() // into the void, whether the client has noticed or not
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	await(t, events, "status up", func(e *stream.Event) bool { return e.Type == stream.Status && e.State == capture.Up })
	if err := nc.Flush(); err != nil { // the server has the subscription
		t.Fatal(err)
	}
	for i := 0; !sensor.IsConnected() || sensor.FlushTimeout(time.Second) != nil; i++ {
		if i == 400 {
			t.Fatal("the sensor did not come back")
		}
		time.Sleep(20 * time.Millisecond)
	}
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

// What is published while the server is away arrives when it is back, in
// order. Core NATS keeps nothing, so the sink's connection waits for the
// subscriber to be back before it reconnects.
func TestSinkOutlivesAnOutage(t *testing.T) {
	p := startServer(t)
	away, back := make(chan struct{}, 1), make(chan struct{})
	nc, err := Connect(Options{URLs: p.url()}, nats.CustomReconnectDelay(func(int) time.Duration {
		<-back
		return 10 * time.Millisecond
	}), nats.DisconnectErrHandler(func(*nats.Conn, error) {
		select {
		case away <- struct{}{}:
		default:
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	var once sync.Once
	other, err := Connect(Options{URLs: p.url()}, nats.ReconnectHandler(func(c *nats.Conn) {
		c.Flush() // the server has the subscription
		once.Do(func() { close(back) })
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	sub, err := other.SubscribeSync("inkling.>")
	if err != nil {
		t.Fatal(err)
	}
	other.Flush()
	sink, err := NewSink(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	p.kill()
	<-away // what is written before the client knows is lost with the server
	const events = 100
	ctx := context.Background()
	for i := range events {
		if err := sink.Write(ctx, &stream.Event{Type: stream.Confirmed, Header: stream.Header{Stream: "s", Segment: uint64(i + 1)}}); err != nil {
			t.Fatal(err)
		}
	}
	started := make(chan error, 1)
	go func() {
		time.Sleep(300 * time.Millisecond)
		started <- p.start()
	}()
	if err := sink.Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if !nc.IsConnected() {
		t.Error("Flush returned while disconnected")
	}
	if err := <-started; err != nil {
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
