package natsio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/testkit"
)

func TestSourceKeepsStreamsApart(t *testing.T) {
	nc := connect(t)
	s := newSource(t, nc, "in.>", SourceOptions{Prefix: "inkling"})
	p := &Publisher{Conn: nc, Subject: "in.a", Rate: 100}
	p.Send([]float32{1, 2})
	nc.Publish("in.b", []byte("[5]"))
	nc.Publish("in.b", []byte("nonsense"))
	p.Send([]float32{3})
	named := nats.NewMsg("in.a")
	named.Header.Set(HeaderStream, "c")
	named.Data = []byte("[7]")
	nc.PublishMsg(named)
	var b capture.Block
	for _, want := range []string{"in.a 0 [1 2]", "in.b 0 [5]",
		"in.b down: message on in.b refused (1 so far): no Content-Type, and the payload is not JSON numbers: set the header, or Format.Encoding",
		"in.a 2 [3]", "c 0 [7]"} {
		read(t, s, &b)
		got := fmt.Sprintf("%s %d %v", b.Stream, b.Offset, b.Samples)
		if b.Fault != nil {
			got = fmt.Sprintf("%s %s: %s", b.Stream, b.Fault.State, b.Fault.Reason)
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if n := s.Bad.Load(); n != 1 {
		t.Errorf("%d bad messages counted", n)
	}
	s.Close()
	if err := s.Read(context.Background(), &b); err != io.EOF {
		t.Errorf("after Close Read returned %v", err)
	}
}

func TestSourceRefusesSubjects(t *testing.T) {
	nc := connect(t)
	const syntax = ": give tokens between dots, * for one token, > at the end for the rest"
	const overlap = " overlaps the output inkling.>: the program would read what it writes; choose another SourceOptions.Prefix"
	for subject, want := range map[string]string{
		">":             `nats subject ">"` + overlap,
		"inkling.>":     `nats subject "inkling.>"` + overlap,
		"*.confirmed.x": `nats subject "*.confirmed.x"` + overlap,
		"a b":           `nats subject "a b"` + syntax,
		"":              `nats subject ""` + syntax,
		"a.>.b":         `nats subject "a.>.b"` + syntax,
	} {
		t.Run(subject, func(t *testing.T) {
			_, err := NewSource(nc, subject, SourceOptions{Prefix: "inkling"})
			testkit.Message(t, "NewSource", err, want)
		})
	}
}

// The oldest messages make room, and the jump of Offset is exact.
func TestOverflowIsAGap(t *testing.T) {
	s := newSource(t, connect(t), "in", SourceOptions{Pending: 400})
	for i := range 10 { // of 100 bytes each
		s.receive(&nats.Msg{Subject: "in", Header: header(HeaderType, "application/x-f32le"), Data: f32le(slices.Repeat([]float32{float32(i)}, 25)...)})
	}
	var b capture.Block
	read(t, s, &b)
	want := capture.Fault{State: capture.Slow, Reason: "messages arrive faster than they can be labelled: the oldest of in are dropped"}
	if b.Fault == nil || *b.Fault != want {
		t.Errorf("report %+v, want %+v", b.Fault, want)
	}
	for i := 6; i < 10; i++ {
		if !s.Ready() {
			t.Error("not ready with messages in the queue")
		}
		if read(t, s, &b); b.Offset != uint64(25*i) || len(b.Samples) != 25 || b.Samples[0] != float32(i) {
			t.Errorf("message %d: %d samples from %d, of %v", i, len(b.Samples), b.Offset, b.Samples[0])
		}
	}
	if s.Ready() || s.Lost.Load() != 6 {
		t.Errorf("ready: %v, %d lost", s.Ready(), s.Lost.Load())
	}
}

// calls records the handlers of a connection's owner.
type calls chan string

func (c calls) options() []nats.Option {
	return []nats.Option{
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { c <- fmt.Sprint("disconnected ", err) }),
		nats.ReconnectHandler(func(*nats.Conn) { c <- "reconnected" }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { c <- "error " + err.Error() }),
	}
}

// outage breaks the connection and reports an error, and checks what the owner's
// handlers get.
func (c calls) outage(t *testing.T, nc *nats.Conn) {
	t.Helper()
	if err := nc.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	got := []string{<-c, <-c}
	if h := nc.ErrorHandler(); h != nil {
		go h(nc, nil, errors.New("some error"))
		got = append(got, <-c)
	}
	if want := "disconnected <nil>, reconnected, error some error"; strings.Join(got, ", ") != want {
		t.Errorf("the owner's handlers got %q, want %q", got, want)
	}
}

// health reads the reports of an outage.
func health(t *testing.T, s *Source) {
	t.Helper()
	for _, want := range []capture.Fault{{State: capture.Down, Reason: "nats: disconnected; reconnecting"},
		{State: capture.Up, Reason: "nats: reconnected"}, {State: capture.Slow, Reason: "nats: some error"}} {
		var b capture.Block
		if read(t, s, &b); b.Fault == nil || *b.Fault != want {
			t.Errorf("the report %+v, want %+v", b.Fault, want)
		}
	}
}

// The owner of a connection and any number of sources all get its events, and the last
// source to close puts the owner's handlers back.
func TestSourceLeavesHandlersToTheirOwner(t *testing.T) {
	owner := make(calls, 9)
	nc := connect(t, owner.options()...)
	found := handlers(nc)
	a, b := newSource(t, nc, "a", SourceOptions{}), newSource(t, nc, "b", SourceOptions{})
	owner.outage(t, nc)
	health(t, a)
	health(t, b)
	a.Close()
	owner.outage(t, nc)
	health(t, b)
	if a.Ready() {
		t.Error("a closed source gets reports")
	}
	b.Close()
	if got := handlers(nc); got != found {
		t.Errorf("handlers %v, want those found %v", got, found)
	}
	owner.outage(t, nc)
	if len(watchers.of) > 0 {
		t.Errorf("%d watchers stay", len(watchers.of))
	}
}

func TestSourceOfAClosedConnectionLeavesNothing(t *testing.T) {
	nc := connect(t)
	nc.Close()
	_, err := NewSource(nc, "a", SourceOptions{})
	testkit.Message(t, "NewSource", err, `nats subject "a": nats: connection closed`)
	if len(watchers.of) > 0 {
		t.Errorf("%d watchers stay", len(watchers.of))
	}
}

func TestSourceKeepsHandlersSetLater(t *testing.T) {
	nc, later := connect(t), make(calls, 9)
	s := newSource(t, nc, "a", SourceOptions{})
	var o nats.Options
	for _, set := range later.options() {
		set(&o)
	}
	nc.SetDisconnectErrHandler(o.DisconnectedErrCB)
	nc.SetReconnectHandler(o.ReconnectedCB)
	nc.SetErrorHandler(o.AsyncErrorCB)
	s.Close()
	later.outage(t, nc)
}

// handlers identifies the connection's handlers.
func handlers(nc *nats.Conn) string {
	return fmt.Sprintf("%p %p %p", nc.DisconnectErrHandler(), nc.ReconnectHandler(), nc.ErrorHandler())
}
