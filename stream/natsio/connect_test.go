package natsio

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"inkling/internal/testkit"
)

// No form of a URL lets a password into a message, also none that does not parse.
func TestPasswordsAreMasked(t *testing.T) {
	for _, url := range []string{"nats://user:secretpw@127.0.0.1:9", "user:secretpw@127.0.0.1:9", "nats://user:secretpw%zz@127.0.0.1:9",
		"nats://127.0.0.1:9,user:secretpw@127.0.0.1:9", "tls://user:secretpw@127.0.0.1:9/x@y", "user:secretpw@@127.0.0.1:9", "nats://user:secret,pw@127.0.0.1:9", "user:secret,secret2,secret3@127.0.0.1:9,127.0.0.1:9"} {
		_, err := Connect(Options{URLs: url})
		if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "127.0.0.1:9") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if _, err := Connect(Options{Creds: "nats://user:secretpw@127.0.0.1:9"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a URL for a file: %v", err)
	}
}

// A server that refuses the credentials is not one that is not there.
func TestWrongPasswordIsSaid(t *testing.T) {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, Users: []*server.User{{Username: "ink", Password: "right"}}})
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	t.Cleanup(srv.Shutdown)
	if !srv.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server is not ready")
	}
	_, err = Connect(Options{URLs: strings.Replace(srv.ClientURL(), "://", "://ink:wrong@", 1)})
	testkit.Message(t, "Connect", err, "nats "+strings.Replace(srv.ClientURL(), "://", "://…@", 1)+
		": nats: Authorization Violation: the server is there and refuses the credentials: correct user and password in the URL, Options.Creds or Options.NKey")
}
