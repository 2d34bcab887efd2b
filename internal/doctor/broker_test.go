package doctor

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"inkling/internal/testkit/testnats"
)

func TestBroker(t *testing.T) {
	plain := testnats.New(t)
	reached := found{OK, "nats-server 2.", ""}
	b := Broker{Where: "nats://127.0.0.1:4222", Subscribes: []string{"sensors.>"}, Publishes: []string{"labels.>"},
		Connect: func(more ...nats.Option) (*nats.Conn, error) {
			return nats.Connect("", append(more, nats.InProcessServer(plain))...)
		}}
	check(t, "plain", b.Check(t.Context()), reached, found{OK, "the server has none", ""})
	b.Streams = []string{"sensors"}
	check(t, "no JetStream", b.Check(t.Context()), reached, found{Fail, "sensors is read from it", "nats-server -js"})
}

func TestBrokerLetsNot(t *testing.T) {
	only := func(subjects ...string) *server.Permissions {
		p := &server.SubjectPermission{Allow: append(subjects, "_INBOX.>", "$SYS.REQ.USER.INFO", "$JS.API.INFO")}
		return &server.Permissions{Publish: p, Subscribe: p}
	}
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, Users: []*server.User{
		{Username: "ann", Password: "secret", Permissions: only("sensors.>", "labels.>")},
		{Username: "bob", Password: "secret", Permissions: only("else")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	defer srv.Shutdown()
	if !srv.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server is not ready")
	}
	as := func(user string) func(...nats.Option) (*nats.Conn, error) {
		return func(more ...nats.Option) (*nats.Conn, error) {
			return nats.Connect(srv.ClientURL(), append(more, nats.UserInfo(user, "secret"))...)
		}
	}
	b := Broker{Where: "nats://127.0.0.1:4222", Subscribes: []string{"sensors.>"}, Publishes: []string{"labels.>"}}
	reached, none := found{OK, "nats-server", ""}, found{OK, "the server has none", ""}
	b.Connect = as("ann")
	check(t, "let", b.Check(t.Context()), reached, none)
	b.Connect = as("bob")
	check(t, "not let", b.Check(t.Context()), reached, found{Fail, "listen on sensors.>", `subscribe: { allow: ["sensors.>"]`},
		found{Fail, "publish on labels.>", `publish: { allow: ["labels.>"]`}, none)
	b.Connect = as("eve")
	check(t, "not let in", b.Check(t.Context()), found{Fail, "Authorization", "nats account info"})
}

func TestBrokerStreams(t *testing.T) {
	nc, js := testnats.JetStream(t)
	for _, c := range []jetstream.StreamConfig{
		{Name: "endless", Subjects: []string{"a"}},
		{Name: "full", Subjects: []string{"b"}, MaxMsgs: 2, Discard: jetstream.DiscardNew},
		{Name: "empty", Subjects: []string{"d"}, MaxMsgs: 50, Discard: jetstream.DiscardNew},
		{Name: "good", Subjects: []string{"c"}, MaxMsgs: 2},
	} {
		if _, err := js.CreateStream(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range []string{"b", "b", "c"} {
		if _, err := js.Publish(t.Context(), subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]found{
		"none":    {Fail, "there is no stream none", "nats stream add none"},
		"endless": {Warn, "has no limit", "--max-age"},
		"empty":   {OK, "0 messages", ""},
		"full":    {Fail, "takes nothing new: 0 kB, 2 messages", "--discard old"},
		"good":    {OK, "1 message,", ""},
	} {
		check(t, name, stream(t.Context(), js, name), want)
	}
	b := Broker{Where: "x"}
	all := b.storage(t.Context(), nc, "2.11.9")
	check(t, "account", all, found{OK, "`inkling worker` needs nats-server 2.12.0", ""})
	if all[0].Values["stored_bytes"] <= 0 {
		t.Errorf("%v", all[0].Values)
	}
}

func TestBrokerIsNotReached(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := listener.Addr().String()
	listener.Close()
	for where, remedy := range map[string]string{"nats://127.0.0.1:4222": "nats-server -js", "nats://…@broker:4222": "nc -vz broker 4222"} {
		b := Broker{Where: where, Connect: func(o ...nats.Option) (*nats.Conn, error) { return nats.Connect(at, o...) }}
		check(t, where, b.Check(t.Context()), found{Fail, "no servers", remedy})
	}
	for where, want := range map[string]string{"nats://[fd00::1]:4333": "nc -vz fd00::1 4333", "nats://[fd00::1],nats://b": "nc -vz fd00::1 4222", "broker": "nc -vz broker 4222"} {
		b := Broker{Where: where}
		if got := b.unreached(nats.ErrNoServers); got != want {
			t.Errorf("%s: %q, want %q", where, got, want)
		}
	}
	b := Broker{Where: "nats://nowhere.local"}
	if got := b.unreached(&net.DNSError{Name: "nowhere.local"}); got != "getent hosts nowhere.local" {
		t.Error(got)
	}
}

func TestLocal(t *testing.T) {
	for urls, want := range map[string]bool{
		"nats://127.0.0.1:4222": true, "localhost": true, "nats://ann:p@[::1]:4222": true, "nats://…@127.0.0.1:4222,127.0.0.2": true,
		"nats://10.0.0.1:4222": false, "127.0.0.1,broker": false, "nats://127.0.0.1@broker:4222": false, "": false,
	} {
		if Local(urls) != want {
			t.Errorf("Local(%q) is %v", urls, !want)
		}
	}
}

func TestOlderAndCovers(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"2.9.25", "2.10.0", true}, {"2.12.0", "2.12.0", false}, {"2.12.0-RC.1", "2.12.0", false}, {"3.0.0", "2.12.0", false}, {"", "2.12.0", false}, {"v", "2", false}} {
		if older(c.a, c.b) != c.want {
			t.Errorf("older(%q, %q) is %v", c.a, c.b, !c.want)
		}
	}
	for pair, want := range map[string]bool{"labels.> labels.>": true, "> labels.>": true, "labels.* labels.>": false, "labels.* labels.a": true, "labels.a labels.a": true, "labels.> labels": false, "labels labels.a": false} {
		pattern, subject, _ := strings.Cut(pair, " ")
		if covers(pattern, subject) != want {
			t.Errorf("covers(%s) is %v", pair, !want)
		}
	}
}
