package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"inkling/stream/natsio"
)

// A transcript is a standard error that can be read while it is written.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{}
}

func newTranscript() *transcript { return &transcript{more: make(chan struct{}, 1)} }

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	select {
	case l.more <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// find waits for a match and returns its first group.
func (l *transcript) find(t *testing.T, pattern string) string {
	t.Helper()
	re, late := regexp.MustCompile(pattern), time.After(time.Minute)
	for {
		if m := re.FindStringSubmatch(l.String()); m != nil {
			return m[len(m)-1]
		}
		select {
		case <-l.more:
		case <-late:
			t.Fatalf("no %s in a minute:\n%s", pattern, l.String())
		}
	}
}

// broker starts a NATS server on a port of this machine; 0: any.
func broker(t testing.TB, port int) *server.Server {
	t.Helper()
	if port == 0 {
		port = server.RANDOM_PORT
	}
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	if !srv.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return srv
}

// started is a command that runs beside the test.
type started struct {
	out, log *transcript
	stop     context.CancelFunc
	code     chan int
}

func start(t *testing.T, args ...string) *started {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &started{out: newTranscript(), log: newTranscript(), stop: cancel, code: make(chan int, 1)}
	go func() { s.code <- run(ctx, args, strings.NewReader(""), s.out, s.log) }()
	t.Cleanup(cancel)
	return s
}

func (s *started) end(t *testing.T) {
	t.Helper()
	s.stop()
	if code := <-s.code; code != 0 {
		t.Errorf("exit code %d: %s", code, s.log)
	}
}

// get returns the code and the body of a page.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// becomes waits for a page to have a code and a text, and returns how long that took.
func becomes(t *testing.T, url string, code int, text string) time.Duration {
	t.Helper()
	for began := time.Now(); ; {
		got, body := get(t, url)
		if got == code && strings.Contains(body, text) {
			return time.Since(began)
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("%s: %d %s, want %d and %q", url, got, body, code, text)
		}
	}
}

// The broker is lost and comes back: the run is there all the time, and ready when it is
// connected. What it does can be read.
func TestReadyFollowsTheBroker(t *testing.T) {
	srv := broker(t, 0) // replaced below
	defer func() { srv.Shutdown() }()
	s := start(t, "run", bundledNotes, "nats:in.>", "--urls", srv.ClientURL(), "--to", "nats", "--json", "--segment", "fixed", "--http", "0", "--stale-after", "1h")
	base := s.log.find(t, `(http://[0-9.:]+): /healthz`)
	becomes(t, base+"/readyz", 503, "none has come yet")
	nc, err := nats.Connect(srv.ClientURL(), nats.MaxReconnects(-1))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	p := &natsio.Publisher{Conn: nc, Subject: "in.a", Rate: 16000, Channels: 1}
	if err := p.Send(make([]float32, 32000)); err != nil {
		t.Fatal(err)
	}
	s.out.find(t, `"type":"confirmed"`)
	becomes(t, base+"/readyz", 200, `"ready":true`)
	port := srv.Addr().(*net.TCPAddr).Port
	srv.Shutdown()
	srv.WaitForShutdown()
	t.Logf("down after %v", becomes(t, base+"/readyz", 503, "reconnecting"))
	if code, _ := get(t, base+"/healthz"); code != 200 {
		t.Errorf("healthz: %d", code)
	}
	srv = broker(t, port)
	t.Logf("up after %v", becomes(t, base+"/readyz", 200, `"ready":true`))
	_, page := get(t, base+"/metrics")
	for _, want := range []string{`inkling_streams{pipeline="run"} 1`, `inkling_samples_total{pipeline="run"} 32000`,
		`inkling_connection_reconnects_total{connection="nats"} 1`, `ended_by="fixed"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s:\n%s", want, page)
		}
	}
	s.end(t)
}

func TestHealthMistakes(t *testing.T) {
	for _, c := range []struct{ want, args string }{
		{"give HOST:PORT", "--http localhost"},
		{"--http HOST:PORT", "--http-host a"},
		{"--stale-after 1s: give", "--stale-after 1s"},
	} {
		var log bytes.Buffer
		args := append([]string{"run", bundledNotes, "nats:in"}, strings.Fields(c.args)...)
		if code := run(t.Context(), args, strings.NewReader(""), io.Discard, &log); code != 2 || !strings.Contains(log.String(), c.want) {
			t.Errorf("%s: %d %s", c.args, code, log.String())
		}
	}
}
