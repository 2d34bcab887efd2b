package natsio

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"inkling/capture"
	"inkling/internal/testkit/testnats"
	"inkling/model/segment"
	"inkling/stream"
)

// A connection that is closed for good ends its sources with an error: they do not wait
// for what cannot come.
func TestAClosedConnectionEndsTheSource(t *testing.T) {
	nc := connect(t)
	s := newSource(t, nc, "in", SourceOptions{})
	if err := nc.Publish("in", []byte("[1,2,3]")); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	var b capture.Block
	if err := s.Read(t.Context(), &b); err != nil || b.Stream != "in" {
		t.Fatalf("%+v, %v", b, err)
	}
	nc.Close()
	for {
		err := s.Read(t.Context(), &b)
		if err == nil {
			continue // reports of the outage
		}
		if !errors.Is(err, ErrConnectionClosed) {
			t.Errorf("%v", err)
		}
		return
	}
}

// What a stranger writes into a message is repeated in few bytes, and a name that no
// subject can hold is refused; the stream after it goes on.
func TestWhatIsRepeatedOfAMessageIsShort(t *testing.T) {
	for name, h := range map[string]nats.Header{
		"content type": {HeaderType: {strings.Repeat("\x01", 300_000)}},
		"rate":         {HeaderRate: {strings.Repeat("x", 10_000)}},
		"stream":       {HeaderStream: {strings.Repeat("a", 10_000)}},
	} {
		t.Run(name, func(t *testing.T) {
			nc := connect(t)
			s := newSource(t, nc, "in", SourceOptions{})
			if err := nc.PublishMsg(&nats.Msg{Subject: "in", Header: h, Data: []byte("[1]")}); err != nil {
				t.Fatal(err)
			}
			if err := nc.Publish("in", []byte("[1,2]")); err != nil {
				t.Fatal(err)
			}
			var b capture.Block
			if err := s.Read(t.Context(), &b); err != nil || b.Fault == nil || len(b.Fault.Reason) > maxText || len(b.Stream) > maxText {
				t.Fatalf("%v: a reason of %d bytes, a stream of %d", err, len(b.Fault.Reason), len(b.Stream))
			}
			if err := s.Read(t.Context(), &b); err != nil || b.Fault != nil || b.Len() != 2 {
				t.Errorf("the message after it: %+v, %v", b, err)
			}
		})
	}
}

// An event that is too large for the server is reported in a status event, and those
// after it are published.
func TestAnEventTooLargeDoesNotEndTheOthers(t *testing.T) {
	nc := connect(t)
	sub := subscribe(t, nc, "out.>")
	sink, err := NewSink(nc, "out")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	large := stream.NewConfirmed(stream.Header{Stream: "a"}, stream.Answer{Label: strings.Repeat("x", 2<<20)}, stream.Outcome{}, stream.Span{}, stream.HeldBack{})
	small := stream.NewEarly(stream.Header{Stream: "a"}, "x", 1)
	for _, e := range []*stream.Event{&large, &small} {
		if err := sink.Write(context.Background(), e); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"out.status.a", "out.early.a"} {
		msg, err := sub.NextMsg(time.Minute)
		if err != nil || msg.Subject != want {
			t.Fatalf("%v on %v, want %s", err, msg, want)
		}
	}
}

// restricted is a connection of a user who may publish and subscribe only what is given.
func restricted(t *testing.T, publish, subscribe []string) *nats.Conn {
	t.Helper()
	srv := testnats.NewWith(t, &server.Options{Users: []*server.User{{Username: "ink", Password: "pw", Permissions: &server.Permissions{
		Publish: &server.SubjectPermission{Allow: publish}, Subscribe: &server.SubjectPermission{Allow: subscribe}}}}})
	nc, err := Connect(Options{}, nats.InProcessServer(srv), nats.UserInfo("ink", "pw"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func TestADeniedSubscriptionEndsTheSource(t *testing.T) {
	s := newSource(t, restricted(t, []string{">"}, []string{"_INBOX.>"}), "sensors.>", SourceOptions{})
	for {
		var b capture.Block
		err := s.Read(t.Context(), &b)
		if err == nil {
			continue
		}
		if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), `nats subject "sensors.>"`) {
			t.Errorf("%v", err)
		}
		return
	}
}

// A service that may not listen ends what watches it, and so does a closed connection.
func TestADeniedServiceEndsTheWatch(t *testing.T) {
	nc := restricted(t, []string{">"}, []string{"_INBOX.>", "$SRV.>"})
	s := Watch(nc, "ask")
	defer s.Close()
	svc, err := NewService(nc, signModel(t, segment.Message), ServiceOptions{Version: "1.0.0", Subject: "ask"})
	if err != nil {
		t.Fatal(err)
	}
	defer svc.Stop()
	for {
		var b capture.Block
		err := s.Read(t.Context(), &b)
		if err == nil {
			continue
		}
		if !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), `nats subject "ask"`) {
			t.Errorf("%v", err)
		}
		break
	}
	other := connect(t)
	s = Watch(other, "ask")
	defer s.Close()
	other.Close()
	for {
		var b capture.Block
		if err := s.Read(t.Context(), &b); err != nil {
			if !errors.Is(err, ErrConnectionClosed) {
				t.Errorf("%v", err)
			}
			return
		}
	}
}

// A refused label ends the sink with its name; refused running labels and statuses do
// not, and no status tells of a status.
func TestDeniedEvents(t *testing.T) {
	h := stream.Header{Stream: "a"}
	for name, c := range map[string]struct {
		event stream.Event
		ends  bool
	}{
		"confirmed": {stream.NewConfirmed(h, stream.Answer{}, stream.Outcome{}, stream.Span{}, stream.HeldBack{}), true},
		"dropped":   {stream.NewDropped(h, stream.Span{}, stream.HeldBack{}), true},
		"gap":       {stream.NewGap(h, 1, "reset", ""), true},
		"running":   {stream.NewRunning(h, stream.Answer{}), false},
		"status":    {stream.NewStatus(h, capture.Up, ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			nc := restricted(t, []string{"_INBOX.>"}, []string{">"})
			s := newSource(t, nc, "in", SourceOptions{})
			sink, err := NewSink(nc, "out")
			if err != nil {
				t.Fatal(err)
			}
			defer sink.Close()
			if err := sink.Write(t.Context(), &c.event); err != nil {
				t.Fatal(err)
			}
			err = sink.Flush(t.Context())
			for c.ends && err == nil { // the refusal is on its way to the handler
				err = sink.Flush(t.Context())
			}
			if c.ends != errors.Is(err, nats.ErrPermissionViolation) || c.ends && !strings.Contains(err.Error(), name+" events cannot be published") {
				t.Errorf("%v", err)
			}
			if name == "status" && s.Ready() {
				var b capture.Block
				s.Read(t.Context(), &b)
				t.Errorf("a status tells of a status: %+v", b.Fault)
			}
		})
	}
}

// Credentials that the server refuses for a while are tried for ever: the client's default
// is to close the connection for good after the second refusal.
func TestRefusedCredentialsAreTriedAgain(t *testing.T) {
	port := server.RANDOM_PORT
	users := func(name string) *server.Options {
		return &server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true, Users: []*server.User{{Username: name, Password: "pw"}}}
	}
	srv, err := server.NewServer(users("ink"))
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	defer srv.Shutdown()
	if !srv.ReadyForConnections(time.Minute) {
		t.Fatal("the server is not ready")
	}
	port = srv.Addr().(*net.TCPAddr).Port
	refused, back := make(chan struct{}, 1<<16), make(chan struct{}, 1)
	nc, err := Connect(Options{URLs: srv.ClientURL()}, nats.UserInfo("ink", "pw"), nats.PingInterval(time.Hour), nats.ReconnectWait(time.Millisecond),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { refused <- struct{}{} }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			if errors.Is(err, nats.ErrAuthorization) {
				refused <- struct{}{}
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { back <- struct{}{} }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	s := newSource(t, nc, "in", SourceOptions{})
	if err := srv.ReloadOptions(users("bob")); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		<-refused
	}
	if err := srv.ReloadOptions(users("ink")); err != nil {
		t.Fatal(err)
	}
	<-back
	if err := nc.Publish("in", []byte("[1,2]")); err != nil {
		t.Fatal(err)
	}
	var b capture.Block
	for b.Len() == 0 {
		read(t, s, &b)
	}
}
