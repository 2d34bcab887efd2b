package natsio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

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
	got := map[string][]string{}
	for range 5 {
		read(t, s, &b)
		text := fmt.Sprintf("%d %v", b.Offset, b.Samples)
		if b.Fault != nil {
			text = fmt.Sprintf("%s: %s", b.Fault.State, b.Fault.Reason)
		}
		got[b.Stream] = append(got[b.Stream], text)
	}
	want := map[string][]string{"in.a": {"0 [1 2]", "2 [3]"}, "in.a#c": {"0 [7]"},
		"in.b": {"0 [5]", "down: message on in.b refused (1 so far): no Content-Type, and the payload is not JSON numbers: set the header, or Format.Encoding"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
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
	message := func(i int) *nats.Msg {
		return &nats.Msg{Subject: "in", Header: header(HeaderType, "application/x-f32le"), Data: f32le(slices.Repeat([]float32{float32(i)}, 25)...)}
	}
	s := newSource(t, connect(t), "in", SourceOptions{Pending: 4 * memoryOf(message(0))})
	for i := range 10 {
		s.receive(message(i))
	}
	var b capture.Block
	for i := range 6 {
		read(t, s, &b)
		want := capture.Fault{State: capture.Slow, Reason: fmt.Sprintf("messages arrive faster than they can be labelled: the oldest of in are dropped (%d so far)", i+1)}
		if b.Fault == nil || *b.Fault != want {
			t.Errorf("report %+v, want %+v", b.Fault, want)
		}
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

// Through a real server nobody reads: what waits stays within the bound, whatever the
// messages are made of, and a stream within its share loses nothing.
func TestWhatWaitsIsBounded(t *testing.T) {
	const pending = 4 << 20
	for name, m := range map[string]*nats.Msg{
		"payload": {Data: make([]byte, 8000)},
		"header":  {Header: header("Pad", strings.Repeat("a", 4000))},
		"headers": {Header: func() nats.Header {
			h := nats.Header{}
			for i := range 400 {
				h.Set(fmt.Sprint("K", i), "v")
			}
			return h
		}()},
		"nothing": {},
	} {
		t.Run(name, func(t *testing.T) {
			nc := connect(t)
			s := newSource(t, nc, "in.>", SourceOptions{Pending: pending, Format: Format{Encoding: capture.S16LE}})
			good := &Publisher{Conn: nc, Subject: "in.good", Rate: 100}
			m.Subject = "in.flood"
			count := 12_000
			if len(m.Header) > 1 {
				count = 600 // the server takes its time over headers
			}
			for i := range count {
				if err := nc.PublishMsg(m); err != nil {
					t.Fatal(err)
				}
				if i%(count/12) == 0 {
					good.Send(make([]float32, 10))
				}
				if i%(count/24) == count/24-1 {
					if err := nc.Flush(); err != nil {
						t.Fatal(err)
					}
					for n, _, _ := s.sub.Pending(); n > 0; n, _, _ = s.sub.Pending() {
						runtime.Gosched() // receive runs behind the connection
					}
				}
			}
			if n, _ := s.sub.Dropped(); n > 0 {
				t.Errorf("nats.go dropped %d messages", n)
			}
			s.mu.Lock()
			waiting, counted := s.in.bytes, 0
			for q := range maps.Values(s.in.queues) {
				for l := q.first; l != nil; l = l.next {
					counted += l.bytes
				}
			}
			s.mu.Unlock()
			if waiting > pending || waiting != counted {
				t.Errorf("%d bytes wait, %d by the messages, with a bound of %d", waiting, counted, pending)
			}
			var b capture.Block
			for end := uint64(0); end < 120; {
				if read(t, s, &b); b.Stream == "in.good" {
					if b.Offset != end {
						t.Fatalf("a block at %d, want %d", b.Offset, end)
					}
					end += uint64(b.Len())
				}
			}
		})
	}
}

// Refusals that say the same are told once, and their count a minute later; those that
// differ ten times a second, and their number afterwards.
func TestRefusalsAreToldSeldom(t *testing.T) {
	s := newSource(t, connect(t), "in", SourceOptions{})
	s.mu.Lock()
	now := time.Unix(1000, 0)
	s.now = func() time.Time { return now }
	s.mu.Unlock()
	const n = 1000
	for i := range n {
		s.receive(&nats.Msg{Subject: "in", Data: []byte("nonsense")})
		s.receive(&nats.Msg{Subject: "in", Header: header(HeaderSegment, strings.Repeat("x", 1+i%100)), Data: []byte("[1]")})
	}
	var b capture.Block
	for i := range mostTold {
		if read(t, s, &b); b.Fault == nil || !strings.Contains(b.Fault.Reason, " so far): ") {
			t.Fatalf("report %d: %+v", i, b.Fault)
		}
	}
	if s.pop(&b) {
		t.Fatalf("one report more: %+v", b.Fault)
	}
	now = now.Add(time.Second)
	if !s.pop(&b) || b.Fault == nil || !strings.HasPrefix(b.Fault.Reason, fmt.Sprintf("%d more since the last report; message on in refused", 101-mostTold-1)) {
		t.Errorf("%+v", b.Fault)
	}
	if s.pop(&b) {
		t.Errorf("one report more: %+v", b.Fault)
	}
	now = now.Add(time.Minute)
	s.receive(&nats.Msg{Subject: "in", Data: []byte("nonsense")})
	want := fmt.Sprintf("%d like it so far; message on in refused (%d so far): no Content-Type", n+1, 2*n+1)
	if !s.pop(&b) || b.Fault == nil || !strings.HasPrefix(b.Fault.Reason, want) {
		t.Errorf("%+v, want %s", b.Fault, want)
	}
}

// Messages are stamped when they come, not when they are read, and never earlier than the
// message before.
func TestMessagesAreStampedWhenTheyCome(t *testing.T) {
	s := newSource(t, connect(t), "in", SourceOptions{})
	s.mu.Lock()
	now := time.Unix(1000, 0)
	s.now = func() time.Time { return now }
	s.mu.Unlock()
	for _, step := range []time.Duration{0, time.Second, -time.Hour, time.Second} {
		now = now.Add(step)
		s.receive(&nats.Msg{Subject: "in", Header: header(HeaderType, "application/x-s16le;rate=2"), Data: []byte{0, 0}})
	}
	now = now.Add(2 * time.Hour)
	var b capture.Block
	for _, want := range []int64{1000, 1001, 1001, 1001} {
		read(t, s, &b)
		if arrived := time.Unix(want, 0); !b.Arrived.Equal(arrived) || !b.Time.Equal(arrived.Add(-time.Second/2)) {
			t.Errorf("arrived at %v, from %v on; want %v", b.Arrived, b.Time, arrived)
		}
	}
}

// What is held is not read, and neither the end nor the other streams wait for it.
func TestHeldStreamsAreLeftOut(t *testing.T) {
	s := newSource(t, connect(t), "in.>", SourceOptions{})
	for _, subject := range []string{"in.a", "in.a", "in.b"} {
		s.receive(&nats.Msg{Subject: subject, Data: []byte("[1]")})
	}
	s.Hold("in.a")
	var b capture.Block
	if read(t, s, &b); b.Stream != "in.b" || s.Ready() {
		t.Errorf("%s, ready %v", b.Stream, s.Ready())
	}
	s.Drain()
	for !s.isDrained() {
		<-s.ready
	}
	go s.Release("in.a")
	for range 2 {
		if read(t, s, &b); b.Stream != "in.a" {
			t.Errorf("%s", b.Stream)
		}
	}
	if err := s.Read(t.Context(), &b); err != io.EOF {
		t.Errorf("%v", err)
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
