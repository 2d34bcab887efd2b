package natsio

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"inkling/internal/testkit"
	"inkling/internal/testkit/testnats"
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

// guarded starts a server on a port of its own that knows one user, and returns its URL.
func guarded(t *testing.T, o *server.Options) string {
	t.Helper()
	o.Host, o.Port, o.NoSigs, o.NoLog = "127.0.0.1", -1, true, true
	srv, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	t.Cleanup(srv.Shutdown)
	if !srv.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return srv.ClientURL()
}

// A server that refuses the credentials is not one that is not there.
func TestWrongPasswordIsSaid(t *testing.T) {
	url := guarded(t, &server.Options{Users: []*server.User{{Username: "ink", Password: "right"}}})
	const remedy = ": nats: Authorization Violation: the server is there and refuses the credentials: correct Options.User and Options.Password, Options.Creds or Options.NKey"
	_, err := Connect(Options{URLs: strings.Replace(url, "://", "://ink:wrong@", 1)})
	testkit.Message(t, "Connect", err, "nats "+strings.Replace(url, "://", "://…@", 1)+remedy)
	_, err = Connect(Options{URLs: url, User: "ink", Password: "wrong"})
	testkit.Message(t, "Connect", err, "nats "+url+remedy)
}

func TestUserPasswordAndToken(t *testing.T) {
	user := guarded(t, &server.Options{Users: []*server.User{{Username: "ink", Password: "right"}}})
	token := guarded(t, &server.Options{Authorization: "s3cret"})
	for _, o := range []Options{{URLs: user, User: "ink", Password: "right"}, {URLs: token, Token: "s3cret"}} {
		nc, err := Connect(o)
		if err != nil {
			t.Errorf("%+v: %v", o, err)
			continue
		}
		nc.Close()
	}
	for want, o := range map[string]Options{
		"Options.Password needs Options.User":                                         {Password: "x"},
		"Options.User and Options.Token each say who connects: give one of them":      {User: "x", Token: "y"},
		"Options.User and the URL nats://…@h both say who connects: give one of them": {URLs: "nats://a:b@h", User: "x"},
		"Options.Token and Options.Creds each say who connects: give one of them":     {Token: "y", Creds: testkit.WriteFile(t, t.TempDir(), "c", nil)},
	} {
		_, err := Connect(o)
		testkit.Message(t, "Connect", err, want)
	}
}

// contexts makes a folder of contexts as the nats command line has it, one of which is
// selected.
func contexts(t *testing.T, selected string, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir)
	if err := os.MkdirAll(filepath.Join(dir, "nats/context"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		testkit.WriteFile(t, dir, "nats/context/"+name+".json", []byte(text))
	}
	if selected != "" {
		testkit.WriteFile(t, dir, "nats/context.txt", []byte(selected+"\n"))
	}
}

func TestContexts(t *testing.T) {
	one := guarded(t, &server.Options{ServerName: "one", Users: []*server.User{{Username: "ink", Password: "right"}, {Username: "other", Password: "too"}}})
	two := guarded(t, &server.Options{ServerName: "two", Users: []*server.User{{Username: "ink", Password: "right"}}})
	contexts(t, "hall", map[string]string{
		"hall":  `{"url":"` + one + `","user":"ink","password":"right"}`,
		"empty": `{}`,
		"wrong": `{"url":"` + strings.Replace(one, "://", "://ink:secret@", 1) + `"}`,
		"away":  `{"url":"nats://127.0.0.1:9"}`,
	})
	for name, c := range map[string]struct {
		o          Options
		want, user string // the server's name, or the error
	}{
		"selected":                {Options{Selected: true}, "one", "ink"},
		"by name":                 {Options{Context: "hall"}, "one", "ink"},
		"with the URL of another": {Options{Context: "hall", URLs: two}, "two", "ink"},
		"as another user":         {Options{Context: "hall", User: "other", Password: "too"}, "one", "other"},
		"by URL alone":            {Options{Selected: true, URLs: two, User: "ink", Password: "right"}, "two", "ink"},
		"unknown":                 {Options{Context: "hal"}, "nats context \"hal\": unknown context \"hal\" (`nats context ls` lists the contexts, `nats context select` chooses one)", ""},
		"wrong password": {Options{Context: "wrong"}, "nats context \"wrong\" " + strings.Replace(one, "://", "://…@", 1) +
			": nats: Authorization Violation: the server is there and refuses the credentials: correct Options.User and Options.Password, Options.Creds or Options.NKey", ""},
		"no server":        {Options{Context: "away"}, "nats context \"away\" nats://127.0.0.1:9: nats: no servers available for connection: start a server there (`nats-server`), or name another in Options.URLs", ""},
		"empty, elsewhere": {Options{Context: "empty", URLs: two, User: "ink", Password: "right"}, "two", "ink"},
	} {
		t.Run(name, func(t *testing.T) {
			nc, err := Connect(c.o)
			if err != nil {
				testkit.Message(t, "Connect", err, c.want)
				return
			}
			defer nc.Close()
			if got := nc.ConnectedServerName(); got != c.want {
				t.Errorf("connected to %s, want %s", got, c.want)
			}
			if nc.Opts.User != c.user {
				t.Errorf("connected as %s, want %s", nc.Opts.User, c.user)
			}
		})
	}
}

// Without a selected context, the selected one is the server on this machine; a selected
// one that is gone is told.
func TestSelectedContextThatIsNot(t *testing.T) {
	contexts(t, "", nil)
	nc, err := Connect(Options{Selected: true}, nats.InProcessServer(testnats.New(t)))
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	contexts(t, "gone", nil)
	_, err = Connect(Options{Selected: true})
	testkit.Message(t, "Connect", err, "the selected nats context: unknown context \"gone\" (`nats context ls` lists the contexts, `nats context select` chooses one)")
}
